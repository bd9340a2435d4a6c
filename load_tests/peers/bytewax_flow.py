"""bytewax with keyed state: one look-up, one verdict a scan. Settings and why: README.md beside.

Its own Kafka source and sink make an object of seven fields of each record and flush the producer after each batch. These,
written against its interfaces for sources and sinks, do neither, and commit what is out to a consumer group: at least once.
"""

import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import bytewax.operators as op
import orjson
from bytewax.dataflow import Dataflow
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main
from confluent_kafka import Consumer, Producer, TopicPartition

from load_tests.peers.given import COMMIT_SECONDS, SCANS, VERDICTS, Given, librdkafka_producer, read

_BATCH = 2000
_IDLE_SECONDS = 0.02

# (scan_id, type, partition), or of a mark (None, how many scans there were so far, partition, the offset to commit)
Item = tuple[Any, ...]


def _client(given: Given) -> dict[str, Any]:
    return {
        "bootstrap.servers": given.broker, "group.id": given.group, "enable.auto.commit": False,
        "queued.min.messages": 200_000, "auto.offset.reset": "earliest",
    }  # fmt: skip


class _Partition(StatefulSourcePartition[tuple[str, Item], int]):
    def __init__(self, given: Given, number: int, offset: int) -> None:
        self._number, self._next, self._scans, self._marked = number, offset, 0, 0.0
        self._consumer = Consumer(_client(given))
        self._consumer.assign([TopicPartition(SCANS, number, offset)])

    def next_batch(self) -> Iterable[tuple[str, Item]]:
        messages = self._consumer.consume(_BATCH, 0.001)
        now = time.monotonic()
        if not messages and now - self._marked < _IDLE_SECONDS:
            return []
        items: list[tuple[str, Item]] = []
        number, loads = self._number, orjson.loads
        for message in messages:
            scan = loads(message.value())
            if scan["type"] != "tick":
                items.append((scan["label"], (scan["scan_id"], scan["type"], number)))
        if messages:
            self._next = messages[-1].offset() + 1
        self._scans += len(items)
        self._marked = now
        items.append((f"@{number}", (None, self._scans, number, self._next)))
        return items

    def snapshot(self) -> int:
        return self._next


class _Scans(FixedPartitionedSource[tuple[str, Item], int]):
    def __init__(self, given: Given) -> None:
        self._given = given

    def list_parts(self) -> list[str]:
        return [str(number) for number in range(self._given.partitions)]

    def build_part(self, step_id: str, for_part: str, resume_state: int | None) -> _Partition:  # noqa: ARG002 - bytewax's signature
        return _Partition(self._given, int(for_part), resume_state or 0)


class _Count(op.StatefulBatchLogic[Item, Item, int]):
    """The state of one label."""

    __slots__ = ("count",)

    def __init__(self, count: int | None) -> None:
        self.count = count or 0

    def on_batch(self, values: list[Item]) -> tuple[list[Item], bool]:
        told = []
        for value in values:
            self.count += 1
            told.append((*value, self.count))
        return told, False

    def snapshot(self) -> int:
        return self.count


class _Out(StatelessSinkPartition[tuple[str, Item]]):
    def __init__(self, given: Given) -> None:
        self._given = given
        self._producer = Producer({"bootstrap.servers": given.broker, **librdkafka_producer()})
        self._commits = Consumer(_client(given))
        self._seen = [0] * given.partitions
        self._marks: list[list[tuple[int, int]]] = [[] for _ in range(given.partitions)]
        self._committed = [0] * given.partitions
        self._at = 0.0

    def write_batch(self, items: list[tuple[str, Item]]) -> None:
        produce, dumps, output, seen = self._producer.produce, orjson.dumps, self._given.output, self._seen
        for label, item in items:
            if item[0] is None:
                self._marks[item[2]].append((item[1], item[3]))
                continue
            scan_id, type, number, count = item
            seen[number] += 1
            if output:
                verdict = {"scan_id": scan_id, "label": label, "type": type, "decision": "allow", "count": count}
                produce(VERDICTS, dumps(verdict), label)
        self._producer.poll(0)
        is_idle = all(item[0] is None for _, item in items)
        if is_idle or time.monotonic() - self._at > COMMIT_SECONDS:
            self._commit()

    def _commit(self) -> None:
        """Commit the last mark of each partition whose scans all came by, once they are in Kafka."""
        self._producer.flush()
        places = []
        for number, marks in enumerate(self._marks):
            passed = [mark for mark in marks if mark[0] <= self._seen[number]]
            del marks[: len(passed)]
            if passed and passed[-1][1] > self._committed[number]:
                self._committed[number] = passed[-1][1]
                places.append(TopicPartition(SCANS, number, passed[-1][1]))
        if places:
            self._commits.commit(offsets=places, asynchronous=False)
        self._at = time.monotonic()


class _Verdicts(DynamicSink[tuple[str, Item]]):
    def __init__(self, given: Given) -> None:
        self._given = given

    def build(self, step_id: str, worker_index: int, worker_count: int) -> _Out:  # noqa: ARG002 - bytewax's signature
        return _Out(self._given)


def make_flow(given: Given) -> Dataflow:
    """The dataflow, not yet started."""
    flow = Dataflow("counts")
    scans = op.input("scans", flow, _Scans(given))
    op.output("verdicts", op.stateful_batch("count", scans, _Count), _Verdicts(given))
    return flow


if __name__ == "__main__":
    told = read()
    init_db_dir(told.folder, 1)
    recovery = RecoveryConfig(told.folder)
    cli_main(make_flow(told), epoch_interval=timedelta(seconds=COMMIT_SECONDS), recovery_config=recovery)
