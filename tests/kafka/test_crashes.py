"""kill -9 in the middle, and a broker that goes away: nothing lost, nothing doubled, nothing said twice differently."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stream import topics
from stream.local.kafka import LocalKafka
from stream.up import Stack
from tests.kafka import harness
from tests.kafka.day import states
from tests.stream.scans import CYCLE, bind, cycle, label, scan

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

CYLINDERS = 40
ROUNDS = 12


def history(first: int) -> Iterator[list[dict[str, Any]]]:
    """Batches of scans, each cylinder's in order, with an overfill in every round and repeats among them."""
    number = first
    yield [bind(number + on, on=on) for on in range(CYLINDERS)]
    number += CYLINDERS
    for _ in range(ROUNDS):
        batch = []
        for on in range(CYLINDERS):
            batch += cycle(number, on=on)
            number += CYCLE
        batch.append(scan(number, "fill", on=number % CYLINDERS, net_kg=16.0))
        yield [*batch, batch[0], batch[-1]]
        number += 1


class Fleet(threading.Thread):
    """Posts a history as devices do, until all of it is acknowledged."""

    def __init__(self, up: Stack, first: int) -> None:
        super().__init__(daemon=True)
        self._up, self._batches = up, list(history(first))
        self.posted = 0
        self.failure: BaseException | None = None

    @property
    def total(self) -> int:
        return len(self._batches)

    def run(self) -> None:
        try:
            for batch in self._batches:
                harness.post_until_taken(self._up, batch)
                self.posted += 1
        except BaseException as error:
            self.failure = error

    def finish(self) -> None:
        self.join(120)
        assert not self.is_alive(), "the fleet is still posting"
        if self.failure:
            raise self.failure


def all_judged(up: Stack) -> bool:
    """Whether every scan in Kafka has its verdict."""
    told = harness.verdicts(up.settings.broker)
    scans = harness.read_topic(up.settings.broker, topics.SCANS.name)
    return all((record.partition(), record.offset()) in told for record in scans if record.key())


def effective(up: Stack) -> dict[str, set[str]]:
    """By label the ids of the scans that had effect, as the log has them."""
    found: dict[str, set[str]] = {}
    told = harness.verdicts(up.settings.broker)
    for record in harness.read_topic(up.settings.broker, topics.SCANS.name):
        if record.key() and not told[record.partition(), record.offset()].get("duplicate"):
            found.setdefault(record.key().decode(), set()).add(f"{record.partition()}/{record.offset()}")
    return found


def assert_whole(up: Stack) -> None:
    """Verdicts and alerts as `judge` says; ClickHouse has each scan once; the changelog has every label's state."""
    harness.until("every scan to be judged", lambda: all_judged(up))
    count = harness.assert_as_judge_says(up.settings.broker)
    assert count > CYLINDERS * ROUNDS * CYCLE
    wanted = effective(up)

    def in_archive() -> bool:
        return all(len(harness.archived(up, name)) >= len(scans) for name, scans in wanted.items())

    harness.until("the archive to have every scan", in_archive)
    for name, scans in wanted.items():
        ids = [row["scan"]["scan_id"] for row in harness.archived(up, name)]
        assert len(ids) == len(set(ids)) == len(scans), name
    kept = states(up.settings.broker, topics.CYLINDERS_CHANGELOG.name)
    assert {name for state in kept.values() for name in state} == {label(on) for on in range(CYLINDERS)}


@pytest.mark.parametrize("victim", ["worker", "sink", "gateway"])
def test_a_process_killed_in_the_middle_loses_and_doubles_nothing(victim: str, kafka: str, tmp_path: Path) -> None:
    with harness.stack(kafka, tmp_path) as up:
        first = {"worker": 1_000, "sink": 100_000, "gateway": 200_000}[victim]
        fleet = Fleet(up, first)
        fleet.start()
        for share in (0.2, 0.5):
            harness.until(
                "the fleet to be under way", lambda share=share: fleet.posted >= fleet.total * share or fleet.failure
            )
            restarts, pid = up.services.restarts(victim), up.services.pid(victim)
            os.kill(pid, signal.SIGKILL)
            harness.until(
                f"{victim} to be started again", lambda restarts=restarts: up.services.restarts(victim) > restarts
            )
        fleet.finish()
        assert_whole(up)
        assert up.services.restarts(victim) >= 2


def test_a_broker_away_for_20_seconds_under_load_loses_nothing(tmp_path: Path) -> None:
    with LocalKafka(tmp_path / "kafka") as broker, harness.stack(broker.bootstrap, tmp_path) as up:
        fleet = Fleet(up, 1_000)
        fleet.start()
        harness.until("the fleet to be under way", lambda: fleet.posted >= 3 or fleet.failure)
        broker.stop()
        # The outage itself is what is tried: nothing is waited for here, time has to pass.
        threading.Event().wait(20)
        broker.start()
        fleet.finish()
        assert_whole(up)
