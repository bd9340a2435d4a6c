"""The registry and the household checks as they stand, read from their topics to the end and then followed live.

Until the end is reached nobody uses the registry, and the thread that reads puts the rows in itself. What comes after
waits in a queue until its owner takes it in with `apply()`, so that the registry never changes in the middle of a chunk.
On an exception the process ends (stream/vital.py): one that no longer hears of licences must not go on judging. Nothing
is committed; a restart reads the topics again, 300,000 rows/s on two free cores (load_tests/registry_load.py). A record
that cannot be read was written past our own commands: it is counted, and the rest goes on.
"""

import gc
import threading
from collections import deque

from confluent_kafka import Consumer, Message, TopicPartition

from processors.intake import parse
from processors.model import HomeCheckScan, Reject, Scan
from processors.registry import AnyRow, Registry, Row, parse_rows
from stream import kafka, metrics, topics
from stream.settings import Settings
from stream.vital import VitalThread

# librdkafka stops fetching at so many records, for a whole second by default: 195,000/s at the most. These keep it busy.
READ_AHEAD = {"queued.min.messages": 1_000_000, "fetch.queue.backoff.ms": 10}


class RegistryFeed:
    """Holds a `Registry` and keeps it current."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.registry = Registry()
        self._consumer: Consumer = kafka.follower(settings, name, **READ_AHEAD)
        self._arrived: deque[AnyRow | HomeCheckScan] = deque()
        self._unread: set[tuple[str, int]] = set()
        self._at_end = threading.Event()
        self._stop = threading.Event()
        self._thread = VitalThread("registry-feed", self._follow)

    def start(self, timeout: float = 60) -> None:
        """Read the topics to their present end. Raises BrokerError when that takes longer than `timeout` seconds."""
        self._unread = {
            (topic, partition)
            for topic in (topics.REGISTRY.name, topics.HOME_CHECKS.name)
            for partition in kafka.partitions_of(self._consumer, topic)
        }
        self._consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in self._unread])
        collects = gc.isenabled()
        gc.disable()  # a fifth of the time, to look for rings among millions of rows that have none
        try:
            self._thread.start()
            if not self._at_end.wait(timeout):
                raise kafka.BrokerError(f"the registry was not read to its end in {timeout:.0f} s")
        finally:
            if collects:
                gc.enable()
        self.apply()
        self._count()

    def apply(self) -> None:
        """Take in what has arrived since the last call."""
        if not self._arrived:
            return
        while self._arrived:
            found = self._arrived.popleft()
            if isinstance(found, HomeCheckScan):
                self.registry.take_home_check(found)
            else:
                self.registry.put(found)
        self._count()

    def close(self) -> None:
        """Stop following."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _follow(self) -> None:
        try:
            while not self._stop.is_set():
                self._read(kafka.arrived(self._consumer, 0.1))
        finally:
            self._consumer.close()

    def _read(self, messages: list[Message]) -> None:
        rows: list[bytes] = []
        checks: list[bytes] = []
        registry = topics.REGISTRY.name
        for message in messages:
            if message.error() is not None:
                if kafka.at_end(message):
                    self._unread.discard((message.topic(), message.partition()))
            elif (value := message.value()) is not None:
                (rows if message.topic() == registry else checks).append(value)
        if self._at_end.is_set():
            found: list[AnyRow | Scan | Reject] = [*parse_rows(rows), *map(parse, checks)]
            fit = [one for one in found if isinstance(one, Row | HomeCheckScan)]
            self._arrived.extend(fit)
            metrics.REGISTRY_UNREADABLE.inc(len(found) - len(fit))
            return
        rejects = self.registry.put_all(parse_rows(rows))
        metrics.REGISTRY_UNREADABLE.inc(len(rejects))
        for check in map(parse, checks):
            if isinstance(check, HomeCheckScan):
                self.registry.take_home_check(check)
            else:
                metrics.REGISTRY_UNREADABLE.inc()
        if not self._unread:
            self._at_end.set()

    def _count(self) -> None:
        for kind, rows in self.registry.counts.items():
            metrics.REGISTRY_ROWS.labels(kind).set(rows)
