"""kill -9 at each step between a chunk's judgement and its commit; a rebalance that comes in the middle of a chunk."""

from pathlib import Path

import pytest

from stream.fault_points import FaultPoint
from tests.kafka import harness
from tests.kafka.faults import Faults, another_worker, assert_state_as_never_interrupted, group_state
from tests.kafka.test_crashes import assert_whole, history

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def test_a_worker_killed_at_any_step_loses_and_doubles_nothing(
    kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = Faults(monkeypatch, tmp_path)
    with harness.stack(kafka, tmp_path) as up:
        batches = history(1_000)
        for lives, point in enumerate(FaultPoint, 1):
            harness.post_until_taken(up, next(batches))
            faults.arm(point, "kill")
            harness.post_until_taken(up, next(batches))
            harness.until(f"to be killed when {point}", lambda lives=lives: up.services.restarts("worker") == lives)
        for batch in batches:
            harness.post_until_taken(up, batch)
        assert_whole(up)
        assert_state_as_never_interrupted(kafka, harness.ROWS)


@pytest.mark.parametrize("point", [FaultPoint.TOLD, FaultPoint.STATE_WRITTEN])
def test_a_partition_revoked_in_the_middle_of_a_chunk_is_handed_over_whole(
    kafka_alone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: FaultPoint
) -> None:
    faults = Faults(monkeypatch, tmp_path)
    with harness.stack(kafka_alone, tmp_path) as up:
        batches = history(1_000)
        harness.post_until_taken(up, next(batches))
        faults.arm(point, "wait")
        harness.post_until_taken(up, next(batches))
        faults.until_struck(point)
        with another_worker(up) as second:
            harness.until("the group to rebalance", lambda: group_state(kafka_alone) == "PREPARING_REBALANCING")
            faults.let_go_on(point)
            for batch in batches:
                harness.post_until_taken(up, batch)
            second.wait_ready(harness.DEADLINE)
            assert_whole(up)
        assert up.services.restarts("worker") == 0, "nobody was put out for it"
        assert_state_as_never_interrupted(kafka_alone, harness.ROWS)
