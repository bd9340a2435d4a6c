"""The broker of a benchmark: topics made anew for each run, the log written, positions and outputs read back."""

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from load_tests.bench.city_log import Record
from load_tests.bench.outputs import Written
from stream import kafka, topics
from stream.settings import Settings

# What our own writer and readers are set to: they are no part of what is measured.
_WRITER = {"queue.buffering.max.messages": 5_000_000, "queue.buffering.max.kbytes": 2_000_000, "linger.ms": 5}
_READ_AHEAD = {"queued.min.messages": 1_000_000}


class BusError(Exception):
    """The broker did not do what a run needs of it."""


class Bus:
    """One broker, and our admin's connection to it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._admin = AdminClient(kafka.common(settings))
        self._asks: dict[str, Consumer] = {}

    def make_topics(self, more: Sequence[str] = ()) -> None:
        """Pingliu's topics, and others by name with as many partitions as `scans`."""
        kafka.make_topics(self.settings)
        wanted = [NewTopic(name, self.settings.partitions, 1) for name in more]
        for future in self._admin.create_topics(wanted).values() if wanted else ():
            future.result(30)

    def delete_topics(self) -> None:
        """All but the broker's own. With a topic go the offsets committed on it: the next run begins at 0."""
        while present := self.topic_names():
            for future in self._admin.delete_topics(present, operation_timeout=30).values():
                with suppress(KafkaException):  # it is gone already, or tried again
                    future.result(30)
        while self._asks:
            self._asks.popitem()[1].close()

    def topic_names(self) -> list[str]:
        return [name for name in self._admin.list_topics(timeout=10).topics if not name.startswith("__")]

    def write(self, records: Iterable[Record], topic: str = topics.SCANS.name) -> None:
        """Write records where they say. Returns when the broker has all of them."""
        producer = kafka.producer(self.settings, **_WRITER)
        for record in records:
            producer.produce(topic, record.value, record.key, record.partition)
        if producer.flush(120):
            raise BusError("the broker did not take the log in 120 s")

    def stamp_by_broker(self) -> None:
        """From now on records of all topics but the inputs bear the broker's clock: when it took them."""
        by_broker = ConfigEntry("message.timestamp.type", "LogAppendTime", incremental_operation=AlterConfigOpType.SET)
        outputs = [
            ConfigResource(ResourceType.TOPIC, name, incremental_configs=[by_broker])
            for name in self.topic_names()
            if name != topics.SCANS.name
        ]
        for future in self._admin.incremental_alter_configs(outputs).values():
            future.result(30)

    def ends(self, topic: str) -> list[int]:
        """The offset after the last record, by partition."""
        asking = self._asking("bench-ends")
        return [kafka.end_of(asking, topic, number) for number in range(self.settings.partitions)]

    def latest_stamp(self, names: Sequence[str]) -> int | None:
        """The latest timestamp (ms) of any record of these topics; None where there is no record."""
        found = self._admin.list_topics(timeout=10).topics
        places = {
            TopicPartition(name, number): OffsetSpec.max_timestamp()
            for name in names
            for number in found[name].partitions
        }
        stamps = [future.result(30).timestamp for future in self._admin.list_offsets(places).values()]
        return max((stamp for stamp in stamps if stamp >= 0), default=None)

    def committed(self, group: str, topic: str) -> list[int]:
        """What a group has committed, by partition; 0 where nothing yet."""
        places = [TopicPartition(topic, number) for number in range(self.settings.partitions)]
        try:
            found = self._asking(group).committed(places, timeout=30)
        except KafkaException:  # its coordinator is on the way
            return [0] * self.settings.partitions
        by_partition = {place.partition: max(0, place.offset) for place in found}
        return [by_partition.get(number, 0) for number in range(self.settings.partitions)]

    def _asking(self, group: str) -> Consumer:
        """A consumer that joins no group and reads nothing: it asks what a group has committed, and where logs end."""
        if group not in self._asks:
            self._asks[group] = Consumer({**kafka.common(self.settings), "group.id": group})
        return self._asks[group]

    def members_with_work(self, group: str) -> int:
        """How many members of a group have a partition of `scans`."""
        described = self._admin.describe_consumer_groups([group])[group].result(30)
        return sum(
            any(place.topic == topics.SCANS.name for place in member.assignment.topic_partitions)
            for member in described.members
        )

    def read(self, names: Iterable[str]) -> Mapping[str, Sequence[Written]]:
        """Every record of these topics, in order of partition and offset."""
        return {name: self._read(name) for name in names}

    def _read(self, topic: str) -> list[Written]:
        consumer = kafka.follower(self.settings, "bench", **_READ_AHEAD)
        found: dict[int, list[Written]] = {}
        try:
            partitions = kafka.partitions_of(consumer, topic)
            open_ones = {number: end for number in partitions if (end := kafka.end_of(consumer, topic, number))}
            consumer.assign([TopicPartition(topic, number, 0) for number in open_ones])
            heard = time.monotonic()
            while open_ones:
                for message in kafka.arrived(consumer, 1.0, 10_000):
                    heard, number = time.monotonic(), message.partition() or 0
                    if kafka.at_end(message):
                        open_ones.pop(number, None)
                    elif message.error() is None:
                        stamp, key, value = message.timestamp()[1], message.key(), message.value()
                        found.setdefault(number, []).append(Written(topic, number, stamp, key, value))
                if time.monotonic() - heard > 60:
                    raise BusError(f"{topic} could not be read to its end")
        finally:
            consumer.close()
        return [record for number in sorted(found) for record in found[number]]
