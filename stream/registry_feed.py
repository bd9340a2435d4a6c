"""The registry and the household checks as they stand, read from their topics to the end and then followed live.

A thread reads and decodes; the rows wait in a queue until their owner takes them in with `apply()`, so that the registry
never changes in the middle of a chunk. On an exception the process ends (stream/vital.py): one that no longer hears of
licences must not go on judging. Nothing is committed; a restart reads the topic again.
"""

import threading
from collections import deque

from confluent_kafka import Consumer, TopicPartition

from processors.intake import parse
from processors.model import HomeCheckScan
from processors.registry import AnyRow, Registry, Row, parse_row
from stream import kafka, metrics, topics
from stream.settings import Settings
from stream.vital import VitalThread


class RegistryFeed:
    """Holds a `Registry` and keeps it current."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.registry = Registry()
        self._consumer: Consumer = kafka.follower(settings, name)
        self._arrived: deque[AnyRow | HomeCheckScan] = deque()
        self._unread: set[tuple[str, int]] = set()
        self._at_end = threading.Event()
        self._stop = threading.Event()
        self._thread = VitalThread("registry-feed", self._follow)

    def start(self, timeout: float = 60) -> None:
        """Read the topic to its present end. Raises BrokerError when that takes longer than `timeout` seconds."""
        self._unread = {
            (topic, partition)
            for topic in (topics.REGISTRY.name, topics.HOME_CHECKS.name)
            for partition in kafka.partitions_of(self._consumer, topic)
        }
        self._consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in self._unread])
        self._thread.start()
        if not self._at_end.wait(timeout):
            raise kafka.BrokerError(f"the registry was not read to its end in {timeout:.0f} s")
        self.apply()

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
        for kind, rows in self.registry.counts.items():
            metrics.REGISTRY_ROWS.labels(kind).set(rows)

    def close(self) -> None:
        """Stop following."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _follow(self) -> None:
        try:
            while not self._stop.is_set():
                for message in kafka.arrived(self._consumer, 0.1):
                    if kafka.at_end(message):
                        self._unread.discard((message.topic(), message.partition()))
                        if not self._unread:
                            self._at_end.set()
                    elif message.error() is None and message.value() is not None:
                        self._take(message.topic(), message.value())
        finally:
            self._consumer.close()

    def _take(self, topic: str, value: bytes) -> None:
        found = parse_row(value) if topic == topics.REGISTRY.name else parse(value)
        if isinstance(found, Row | HomeCheckScan):
            self._arrived.append(found)
        else:  # someone wrote past our own commands: counted, and the rest goes on
            metrics.REGISTRY_UNREADABLE.inc()
