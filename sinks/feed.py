"""The sink's side of Kafka: one group over `verdicts`, `alerts.*` and `registry`, and beside it the same partitions of
`scans`, read from where the first uncommitted run begins.

On exception: it goes up and ends the process. On kill -9: nothing was committed that is not in the archive. On a revoked
partition, which happens inside `poll` only: all that was gathered is dropped, and `assignment` counts on, so that a batch
of the assignment before is never committed. The whole assignment is given up and taken anew (eager, round robin).
"""

import logging
from collections.abc import Iterator
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from sinks.batch import Batch
from sinks.collector import Collector
from stream import topics
from stream.settings import Settings

_LOG = logging.getLogger(__name__)

GROUPED: Final = (topics.VERDICTS.name, topics.REGISTRY.name, *(topic.name for topic in topics.ALERTS.values()))
ADMIN_SECONDS: Final = 30.0
WAIT_SECONDS: Final = 0.05
RECORDS_A_POLL: Final = 200  # of verdicts at most 512 KB each
SCANS_A_POLL: Final = 5_000

# A partition's scans that wait for a run, and runs that wait for scans, before that side pauses: some 30 MB each.
WAITING_SCANS: Final = 50_000
WAITING_RUNS: Final = 64

_RETRIED: Final = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN})


class Feed:
    """Fills `collector`. Not for several threads."""

    def __init__(self, settings: Settings) -> None:
        common = {
            "bootstrap.servers": settings.broker,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "queued.max.messages.kbytes": 32_768,
        }
        self._admin = AdminClient({"bootstrap.servers": settings.broker})
        self._group = Consumer(
            common
            | {
                "group.id": topics.SINK_GROUP,
                "auto.offset.reset": "earliest",
                "partition.assignment.strategy": "roundrobin",
                "session.timeout.ms": int(settings.session_seconds * 1000),
            }
        )
        # Reads by position alone: it joins no group and commits nothing.
        self._scans = Consumer(
            common
            | {"group.id": f"{topics.SINK_GROUP}-scans", "auto.offset.reset": "error", "enable.partition.eof": True}
        )
        self._reading: set[int] = set()
        self._paused: set[tuple[str, int]] = set()
        self._held = False
        self.collector = Collector()
        self.assignment = 0
        self.ready = False  # whether the group has given this sink its partitions, be they none
        self._group.subscribe(list(GROUPED), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked)

    def poll(self) -> None:
        """Bring what has arrived, waiting up to 0.1 s where nothing has."""
        for message in self._group.consume(RECORDS_A_POLL, WAIT_SECONDS):
            if not self._failed(message):
                self.collector.record(
                    message.topic(), message.partition(), message.offset(), message.timestamp()[1], message.value()
                )
        if self._held:
            return
        self._start_reading()
        for message in self._scans.consume(SCANS_A_POLL, WAIT_SECONDS) if self._reading else ():
            if message.error() is not None:
                self._scans_stopped(message)
            else:
                self.collector.scan(message.partition(), message.offset(), message.timestamp()[1], message.value())
        self._balance()

    def hold(self, held: bool) -> None:
        """Stop bringing records, or go on, while `poll` keeps the sink in its group."""
        if held == self._held:
            return
        self._held = held
        self._paused.clear()
        partitions = self._group.assignment()
        (self._group.pause if held else self._group.resume)(partitions)

    def commit(self, batch: Batch) -> None:
        """Commit the positions of a batch that is in the archive. A commit that is refused is made good by the next owner:
        it recognises the rows."""
        offsets = [TopicPartition(topic, partition, at) for (topic, partition), at in batch.positions.items()]
        if not offsets:
            return
        try:
            self._group.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            _LOG.warning("commit refused: %s", error)

    def lags(self) -> Iterator[tuple[str, int, int]]:
        """Topic, partition and the records between the position read and the end, as far as is known without asking."""
        for place in self._group.position(self._group.assignment()):
            _, end = self._group.get_watermark_offsets(place, cached=True)
            if end >= 0 and place.offset >= 0:
                waiting = 0
                if place.topic == topics.VERDICTS.name and place.partition in self.collector.joins:
                    waiting = self.collector.joins[place.partition].waiting_runs
                yield place.topic, place.partition, max(0, end - place.offset) + waiting

    def close(self) -> None:
        """Leave the group."""
        self._group.close()
        self._scans.close()

    def _assigned(self, _consumer: Any, partitions: list[TopicPartition]) -> None:
        names = [*GROUPED, topics.SCANS.name]
        described = self._admin.describe_topics(TopicCollection(names), request_timeout=ADMIN_SECONDS)
        logs = {name: str(future.result().topic_id) for name, future in described.items()}
        self._drop()
        self.collector = Collector(((place.topic, place.partition) for place in partitions), logs)
        self.ready = True
        if self._held:
            self._group.assign(partitions)
            self._group.pause(partitions)
        _LOG.info("assigned %d partitions", len(partitions))

    def _revoked(self, _consumer: Any, partitions: list[TopicPartition]) -> None:
        _LOG.info("revoked %d partitions", len(partitions))
        self._drop()

    def _drop(self) -> None:
        self.assignment += 1
        self.ready = False
        self.collector = Collector()
        self._scans.unassign()
        self._reading.clear()
        self._paused.clear()

    def _start_reading(self) -> None:
        new = [
            TopicPartition(topics.SCANS.name, partition, join.read_from)
            for partition, join in self.collector.joins.items()
            if join.read_from is not None and partition not in self._reading
        ]
        if new:
            self._scans.incremental_assign(new)
            self._reading.update(place.partition for place in new)

    def _scans_stopped(self, message: Message) -> None:
        """A partition of `scans` says that it ends here, or that the position asked for is not there."""
        error = message.error()
        partition = message.partition()
        if error.code() == KafkaError._PARTITION_EOF:
            self.collector.scans_reached(partition, message.offset())
        elif error.code() == KafkaError._AUTO_OFFSET_RESET:
            self._skip_lost(partition)
        else:
            self._failed(message)

    def _skip_lost(self, partition: int) -> None:
        place = TopicPartition(topics.SCANS.name, partition)
        first, end = self._scans.get_watermark_offsets(place, timeout=ADMIN_SECONDS)
        wanted = self.collector.joins[partition].seen
        if wanted > end:
            raise RuntimeError(f"scans[{partition}] ends at {end}, verdicts name {wanted}: was the topic made anew?")
        _LOG.error("scans[%d] %d to %d are gone from Kafka and not in the archive", partition, wanted, first - 1)
        self.collector.scans_reached(partition, first)
        # A seek would not wake it: after this error the partition is read no more until it is assigned again.
        self._scans.incremental_unassign([place])
        self._scans.incremental_assign([TopicPartition(place.topic, partition, first)])

    def _failed(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            return False
        if error.code() not in _RETRIED and not error.retriable():
            raise KafkaException(error)
        _LOG.warning("kafka: %s", error)
        return True

    def _balance(self) -> None:
        """Pause the side of a partition that has run ahead; never the one that the other waits for."""
        for partition, join in self.collector.joins.items():
            ahead = join.waiting_scans > WAITING_SCANS and not join.waiting_runs
            self._pause(self._scans, topics.SCANS.name, partition, ahead)
            self._pause(self._group, topics.VERDICTS.name, partition, join.waiting_runs > WAITING_RUNS)

    def _pause(self, consumer: Any, topic: str, partition: int, pause: bool) -> None:
        place = (topic, partition)
        if pause == (place in self._paused) or (topic == topics.SCANS.name and partition not in self._reading):
            return
        (consumer.pause if pause else consumer.resume)([TopicPartition(*place)])
        (self._paused.add if pause else self._paused.discard)(place)
