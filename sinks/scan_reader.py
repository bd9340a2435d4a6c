"""Reads the partitions of `scans` whose verdicts this sink has, from where the first run begins that is not in the archive.

It goes by position alone: it joins no group and commits nothing. On exception, kill -9 or a revoked partition all is
dropped, and begins again with the first run that comes. Scans that retention has taken are passed over, and logged.
"""

import logging
from collections.abc import Mapping
from typing import Final

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from sinks.collector import Collector
from sinks.join import PartitionJoin
from sinks.kafka import ADMIN_SECONDS, WAIT_SECONDS, consumer_config, failed
from stream import topics
from stream.settings import Settings

_LOG = logging.getLogger(__name__)

SCANS_A_POLL: Final = 5_000


class ScanReader:
    """Not for several threads."""

    def __init__(self, settings: Settings) -> None:
        self.consumer = Consumer(
            consumer_config(settings) | {"group.id": f"{topics.SINK_GROUP}-scans", "enable.partition.eof": True}
        )
        self.reading: set[int] = set()

    def poll(self, collector: Collector) -> None:
        """Bring what has arrived to the collector's joins, waiting up to `WAIT_SECONDS` where nothing has."""
        self._start(collector.joins)
        for message in self.consumer.consume(SCANS_A_POLL, WAIT_SECONDS) if self.reading else ():
            if message.error() is None:
                collector.scan(message.partition(), message.offset(), message.timestamp()[1], message.value())
            else:
                self._stopped(message, collector)

    def drop(self) -> None:
        """Read nothing more."""
        self.consumer.unassign()
        self.reading.clear()

    def _start(self, joins: Mapping[int, PartitionJoin]) -> None:
        new = [
            TopicPartition(topics.SCANS.name, partition, join.read_from)
            for partition, join in joins.items()
            if join.read_from is not None and partition not in self.reading
        ]
        if new:
            self.consumer.incremental_assign(new)
            self.reading.update(place.partition for place in new)

    def _stopped(self, message: Message, collector: Collector) -> None:
        """A partition says that it ends here, or that the position asked for is not there."""
        code = message.error().code()
        if code == KafkaError._PARTITION_EOF:
            collector.scans_reached(message.partition(), message.offset())
        elif code == KafkaError._AUTO_OFFSET_RESET:
            self._skip_lost(message.partition(), collector)
        else:
            failed(message)

    def _skip_lost(self, partition: int, collector: Collector) -> None:
        place = TopicPartition(topics.SCANS.name, partition)
        first, end = self.consumer.get_watermark_offsets(place, timeout=ADMIN_SECONDS)
        wanted = collector.joins[partition].seen
        if wanted > end:
            raise RuntimeError(f"scans[{partition}] ends at {end}, verdicts name {wanted}: was the topic made anew?")
        _LOG.error("scans[%d] %d to %d are gone from Kafka and not in the archive", partition, wanted, first - 1)
        collector.scans_reached(partition, first)
        # A seek would not wake it: after this error the partition is read no more until it is assigned again.
        self.consumer.incremental_unassign([place])
        self.consumer.incremental_assign([TopicPartition(place.topic, partition, first)])
