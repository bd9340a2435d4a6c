"""The sink's side of Kafka: one group over `verdicts`, `alerts.*` and `registry`, and beside it the same partitions of
`scans` (`scan_reader`).

Partitions that the group gives are not read until `begin` learns from the archive where to; the group's commits are not
asked. On exception: it goes up and ends the process. On kill -9: nothing was committed that is not in the archive. On a
revoked partition, which happens inside `poll` only: all that was gathered is dropped, and `assignment` counts on, so that
a batch of the assignment before is never committed. The whole assignment is given up and taken anew (eager, round robin);
likewise where retention overtakes a position while the sink stands still: begun anew, it logs what is gone.

Nothing here waits for Kafka without end: a commit that is waited for stands still for good after some outages
(confluent-kafka-python #1801), and so does leaving the group while a commit is under way and Kafka is away (librdkafka
#3740). Neither is needed: who has the partitions next begins where the archive stands.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from sinks.batch import Batch, Source
from sinks.collector import Collector
from sinks.kafka import WAIT_SECONDS, consumer_config, failed, may_pass
from sinks.scan_reader import ScanReader
from sinks.start import Logs, starting_points
from stream import topics
from stream.settings import Settings

_LOG = logging.getLogger(__name__)

GROUPED: Final = (topics.VERDICTS.name, topics.REGISTRY.name, *(topic.name for topic in topics.ALERTS.values()))
RECORDS_A_POLL: Final = 200  # of verdicts at most 512 KB each

# A partition's scans that wait for a run, and runs that wait for scans, before that side pauses: some 30 MB each.
WAITING_SCANS: Final = 50_000
WAITING_RUNS: Final = 64

LEAVE_SECONDS: Final = 5.0  # it takes some milliseconds where Kafka answers


class KafkaAwayError(Exception):
    """Kafka does not say now what must be known to begin; it may later."""


class Feed:
    """Fills `collector`. Not for several threads."""

    def __init__(self, settings: Settings) -> None:
        self._logs = Logs(settings.broker)
        self._group = Consumer(
            consumer_config(settings)
            | {
                "group.id": topics.SINK_GROUP,
                "partition.assignment.strategy": "roundrobin",
                "session.timeout.ms": int(settings.session_seconds * 1000),
                "on_commit": _committed,
            }
        )
        self._scans = ScanReader(settings)
        self._given: list[Source] | None = None
        self._paused: set[tuple[str, int]] = set()
        self._held = False
        self.collector = Collector()
        self.assignment = 0
        self.ready = False  # whether this sink reads the partitions that the group has given it, be they none
        self._group.subscribe(list(GROUPED), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked)

    @property
    def waiting(self) -> bool:
        """Whether partitions are given and not begun."""
        return self._given is not None

    def begin(self, standing: Callable[[Mapping[str, str]], Mapping[Source, int]]) -> None:
        """Read the partitions given from where the archive stands: `standing` tells positions by topics' ids.

        Raises KafkaAwayError and what `standing` raises; then it is still to be done.
        """
        try:
            logs = self._logs.ids([*GROUPED, topics.SCANS.name])
            starts = starting_points(standing(logs), self._logs.kept(self._given or ()))
        except KafkaException as error:
            if may_pass(error.args[0]):
                raise KafkaAwayError(str(error)) from error
            raise
        self.collector = Collector(((place.topic, place.partition) for place in starts), logs)
        self._group.assign(starts)
        self._given, self.ready = None, True
        self._commit(starts)  # whoever was here before may have ended between the archive and the commit

    def poll(self) -> None:
        """Bring what has arrived, waiting up to 0.1 s where nothing has."""
        for message in self._group.consume(RECORDS_A_POLL, WAIT_SECONDS):
            if message.error() is not None and message.error().code() == KafkaError._AUTO_OFFSET_RESET:
                if not self.waiting:
                    self._wait(self._group.assignment())
            elif not failed(message):
                self.collector.record(
                    message.topic(), message.partition(), message.offset(), message.timestamp()[1], message.value()
                )
        if self._held:
            return
        self._scans.poll(self.collector)
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
        """Commit the positions of a batch that is in the archive, for whoever looks at the group's lag."""
        self._commit([TopicPartition(topic, partition, at) for (topic, partition), at in batch.positions.items()])

    def _commit(self, offsets: list[TopicPartition]) -> None:
        if not offsets:
            return
        try:
            self._group.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            _committed(error.args[0], [])

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
        """Leave the group, if Kafka lets us within `LEAVE_SECONDS`; else it finds out when the session is over."""
        leaving = threading.Thread(target=self._leave, name="leaving", daemon=True)
        leaving.start()
        leaving.join(LEAVE_SECONDS)
        if leaving.is_alive():
            _LOG.warning("Kafka is away: the group is left without a word")

    def _leave(self) -> None:
        self._group.close()
        self._scans.consumer.close()

    def _assigned(self, _consumer: Any, partitions: list[TopicPartition]) -> None:
        _LOG.info("assigned %d partitions", len(partitions))
        self._wait(partitions)

    def _wait(self, partitions: list[TopicPartition]) -> None:
        self._drop()
        self._group.assign([])
        self._given = [(place.topic, place.partition) for place in partitions]

    def _revoked(self, _consumer: Any, partitions: list[TopicPartition]) -> None:
        _LOG.info("revoked %d partitions", len(partitions))
        self._drop()

    def _drop(self) -> None:
        self.assignment += 1
        self.ready, self._given = False, None
        self.collector = Collector()
        self._scans.drop()
        self._paused.clear()

    def _balance(self) -> None:
        """Pause the side of a partition that has run ahead; never the one that the other waits for."""
        for partition, join in self.collector.joins.items():
            ahead = join.waiting_scans > WAITING_SCANS and not join.waiting_runs
            self._pause(self._scans.consumer, topics.SCANS.name, partition, ahead)
            self._pause(self._group, topics.VERDICTS.name, partition, join.waiting_runs > WAITING_RUNS)

    def _pause(self, consumer: Any, topic: str, partition: int, pause: bool) -> None:
        place = (topic, partition)
        if pause == (place in self._paused) or (topic == topics.SCANS.name and partition not in self._scans.reading):
            return
        (consumer.pause if pause else consumer.resume)([TopicPartition(*place)])
        (self._paused.add if pause else self._paused.discard)(place)


def _committed(error: KafkaError | None, _places: list[TopicPartition]) -> None:
    if error is not None:
        _LOG.warning("commit refused: %s", error)
