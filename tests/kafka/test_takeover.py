"""A worker that was frozen past its session comes back when another has its partitions: it writes no state any more."""

import functools
from pathlib import Path

import pytest

from stream import kafka as clients
from stream import topics
from stream.fault_points import FaultPoint
from stream.settings import Settings
from stream.tables.fence import Fence, FenceError
from tests.kafka import harness
from tests.kafka.faults import (
    Faults,
    another_worker,
    assert_state_as_never_interrupted,
    ends,
    freeze,
    is_frozen,
    let_go_on,
)  # fmt: skip
from tests.kafka.test_crashes import Fleet, all_judged, assert_whole

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def test_a_worker_frozen_in_a_transaction_writes_no_state_once_another_has_taken_over(
    kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = Faults(monkeypatch, tmp_path)
    with harness.stack(kafka, tmp_path) as up:
        fleet = Fleet(up, 1_000)
        fleet.start()
        harness.until("the fleet to be under way", lambda: fleet.posted >= fleet.total * 0.3 or fleet.failure)
        pid = up.services.pid("worker")
        faults.arm(FaultPoint.STATE_WRITTEN, "freeze")
        harness.until("the worker to be frozen", lambda: is_frozen(pid))
        with another_worker(up) as second:
            second.wait_ready(harness.DEADLINE)
            fleet.finish()
            harness.until("the other to have judged it all", lambda: all_judged(up))
            other = second.pid("worker-1")
            freeze(other)  # what is written from here on the first one writes
            before = ends(kafka)
            let_go_on(pid)
            harness.until("the first to end", lambda: up.services.restarts("worker") > 0 or ends(kafka) != before)
            assert ends(kafka) == before
            assert "another worker's by now" in (tmp_path / "logs" / "worker.log").read_text()
            let_go_on(other)
            assert_whole(up)
            assert_state_as_never_interrupted(kafka, harness.ROWS)


def test_whoever_lost_a_partition_is_told_so_however_often_it_writes(kafka: str) -> None:
    settings = Settings(broker=kafka, partitions=4)
    clients.make_topics(settings)
    for _ in range(25):  # what librdkafka says to the second step depends on how far the first came, one time in 25
        first, second = Fence(settings, 0), Fence(settings, 0)
        write = functools.partial(first.write, topics.CYLINDERS_CHANGELOG.name, [(b"A", b"1")])
        first.take()
        write()
        second.take()
        for step in (first.commit, write, first.commit):
            with pytest.raises(FenceError, match="another worker's by now"):
                step()
