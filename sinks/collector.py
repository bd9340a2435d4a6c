"""Records in, batches out: what the sink holds between Kafka and ClickHouse. Sans-IO.

On exception, kill -9 or a revoked partition all of it is dropped: nothing in here is committed, and the next owner of the
partitions reads it again from the archive's positions.
"""

import logging
from collections.abc import Iterable, Mapping

import msgspec

from processors.model import Reject
from sinks.alert_rows import alert_row, registry_row
from sinks.batch import Batch, Source
from sinks.join import PartitionJoin
from sinks.runs import parse_run
from stream import topics

_LOG = logging.getLogger(__name__)


class Collector:
    """For one assignment: the partitions of `sources`; `logs` gives each topic's id by its name."""

    def __init__(self, sources: Iterable[Source] = (), logs: Mapping[str, str] | None = None) -> None:
        self.sources = frozenset(sources)
        self._logs = logs or {}
        self.joins = {
            partition: PartitionJoin(self._logs[topics.SCANS.name], partition)
            for topic, partition in self.sources
            if topic == topics.VERDICTS.name
        }
        self.batch = Batch(self._logs)

    def record(self, topic: str, partition: int, offset: int, kafka_time: int, value: bytes | None) -> None:
        """Take a record of a topic that the group reads. One that cannot be read is logged and passed over."""
        if (topic, partition) not in self.sources:
            return
        if topic == topics.VERDICTS.name:
            if value is not None:
                self.joins[partition].add_run(offset, parse_run(value))
            return
        log = self._logs[topic]
        if value is None:
            self.batch.add((topic, partition), offset + 1)
        elif topic == topics.REGISTRY.name:
            line = registry_row(value, log=log, partition=partition, offset=offset, kafka_time=kafka_time)
            if isinstance(line, Reject):
                _LOG.warning("registry offset %d cannot be read: %s %s", offset, line.field, line.reason)
            self.batch.add((topic, partition), offset + 1, [] if isinstance(line, Reject) else [line])
        else:
            try:
                alert = alert_row(
                    value, log=log, topic=topic, partition=partition, offset=offset, kafka_time=kafka_time
                )
            except (msgspec.MsgspecError, ValueError) as error:
                _LOG.error("%s[%d] offset %d is no alert: %s", topic, partition, offset, error)
                self.batch.add((topic, partition), offset + 1)
            else:
                self.batch.add((topic, partition), offset + 1, [alert])

    def scan(self, partition: int, offset: int, kafka_time: int, value: bytes | None) -> None:
        """Take a record of `scans`."""
        if partition in self.joins:
            self.joins[partition].add_scan(offset, kafka_time, value)

    def scans_reached(self, partition: int, offset: int) -> None:
        """Learn that nothing more will come below that offset of `scans`."""
        if partition in self.joins:
            self.joins[partition].reached(offset)

    def gather(self) -> Batch:
        """The batch as it stands, with all runs that are complete by now."""
        for partition, join in self.joins.items():
            joined = join.take()
            if joined:
                self.batch.add_joined((topics.VERDICTS.name, partition), joined)
        return self.batch

    def done(self) -> None:
        """The batch is in the archive: begin the next."""
        self.batch = Batch(self._logs)
