"""Workers that break on demand (stream/fault_points.py), a second one, and whether what they leave behind is whole."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient
from msgspec.structs import replace

from processors.holder import Holder, HolderPacking
from processors.ledger import Ledger
from processors.packed import LedgerPacking
from processors.registry import Registry, parse_row
from stream import kafka, topics
from stream.fault_points import GO_ON, VARIABLE, FaultPoint
from stream.lane.chunk import ChunkJudge
from stream.lane.effects import Effects
from stream.lane.holders import HolderJudge
from stream.local.processes import Supervisor, free_port
from stream.settings import Settings
from stream.tables.partition import Partition
from stream.up import Stack, command
from tests.kafka import harness
from tests.kafka.day import states
from tests.stream.crashing import Record, whole
from tests.stream.scans import PARAMETERS, registry

CHANGELOGS = (topics.CYLINDERS_CHANGELOG.name, topics.HOLDERS_CHANGELOG.name)


class Faults:
    """What the workers of the stack that is started next do at a step, each time it is asked for (`HOW`)."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self._folder = folder / "faults"
        self._folder.mkdir()
        monkeypatch.setenv(VARIABLE, str(self._folder))

    def arm(self, point: FaultPoint, how: str) -> None:
        """The next worker to reach the step does it."""
        aside = self._folder / "aside"
        aside.write_text(how)
        aside.rename(self._folder / point)

    def until_struck(self, point: FaultPoint) -> None:
        harness.until(f"a worker to be at {point}", lambda: not (self._folder / point).exists())

    def let_go_on(self, point: FaultPoint) -> None:
        """Let the worker go on that waits at the step."""
        (self._folder / point).with_suffix(GO_ON).touch()


@contextmanager
def another_worker(up: Stack, member: str = "worker-1") -> Iterator[Supervisor]:
    """A second worker beside the stack's, started again when it ends; ended in order after. It breaks on no demand."""
    home = up.settings.data_dir / member
    own = up.settings.model_copy(update={"member": member, "worker_port": free_port(), "data_dir": home})
    with Supervisor(home / "logs") as workers:
        workers.add(
            member,
            command("worker"),
            env=own.environment() | {VARIABLE: ""},
            ready_url=f"http://{own.host}:{own.worker_port}/readyz",
        )
        workers.start()
        yield workers


def freeze(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)


def let_go_on(pid: int) -> None:
    os.kill(pid, signal.SIGCONT)


def is_frozen(pid: int) -> bool:
    """Whether a process is stopped by a signal (Linux)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def ends(broker: str) -> dict[tuple[str, int], int]:
    """Where each changelog's partitions end, what is not committed and what ends a transaction included."""
    settings = Settings(broker=broker)
    consumer: Consumer = kafka.follower(settings, "ends", **{"isolation.level": "read_uncommitted"})
    try:
        return {
            (topic, partition): consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)[1]
            for topic in CHANGELOGS
            for partition in kafka.partitions_of(consumer, topic)
        }
    finally:
        consumer.close()


def assert_state_as_never_interrupted(broker: str, rows: harness.Rows) -> None:
    """Both changelogs hold what one run of the engine over the same logs comes to, key by key."""
    known = registry() if rows is harness.ROWS else _registry(rows)
    _assert_same(broker, CHANGELOGS[0], topics.SCANS.name, LedgerPacking, _judge_all(known))
    _assert_same(broker, CHANGELOGS[1], topics.HOLDERS.name, HolderPacking, _count_all(known, broker))


def _registry(rows: harness.Rows) -> Registry:
    found = Registry()
    for row in rows:
        found.put(parse_row(json.dumps(row).encode()))  # type: ignore[arg-type] # they are right
    return found


Run = Callable[[int, Partition[Any], list[Record]], Effects]


def _judge_all(known: Registry) -> Run:
    return lambda number, state, log: ChunkJudge(known, PARAMETERS).judge(number, state, log, "now")


def _count_all(known: Registry, broker: str) -> Run:
    partitions = kafka.partition_count(Settings(broker=broker), topics.SCANS.name)
    return lambda number, state, log: whole(HolderJudge(known, PARAMETERS, partitions).steps(number, state, log))


def _assert_same(broker: str, changelog: str, topic: str, packing: Any, run: Run) -> None:
    found = states(broker, changelog)
    logs: dict[int, list[Record]] = {}
    for one in harness.read_topic(broker, topic):
        logs.setdefault(one.partition(), []).append(Record(one.offset(), one.key(), one.value(), one.timestamp()[1]))
    for number, state in found.items():
        effects = run(number, Partition(packing()), [one for one in logs[number] if one.offset <= state.position.upto])
        wanted = Partition.restored({key: value for key, value in effects.changelog() if value is not None}, packing())
        assert (state.position.upto, state.position.clock) == (wanted.position.upto, wanted.position.clock)
        assert {key: _plain(state.get(key)) for key in state} == {key: _plain(wanted.get(key)) for key in wanted}


def _plain(state: Ledger | Holder | None) -> Any:
    """Without what is only kept because it was once asked for."""
    if isinstance(state, Ledger):
        state.open()
        return replace(state, now=None, known=None)
    return state


def group_state(broker: str) -> str:
    """Of the workers' group, as the broker has it."""
    admin = AdminClient(kafka.common(Settings(broker=broker)))
    group = admin.describe_consumer_groups([topics.APP_ID])[topics.APP_ID].result(10)
    return str(group.state.name)
