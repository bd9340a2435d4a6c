"""The aliases as they stand, read from their topic to its end and then followed live.

A thread reads and enters each record at once: a post that comes after sees it, one before does not. On an exception the
process ends (stream/vital.py): a gateway that no longer hears of aliases would put one cylinder under two keys. Nothing
is committed; a restart reads the topic again from its first record, so that the first stands there too.
"""

import logging
import threading

import msgspec
from confluent_kafka import Consumer, Message, TopicPartition

from processors.aliases import Aliases
from processors.labels import has_label_shape, is_code
from stream import kafka, topics
from stream.settings import Settings
from stream.vital import VitalThread

_BATCH = 10_000
_log = logging.getLogger(__name__)


class _Named(msgspec.Struct, gc=False):
    """The value of a record."""

    label: str


_decode = msgspec.json.Decoder(_Named).decode


class AliasFeed:
    """Holds `Aliases` and keeps them current."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.aliases = Aliases()
        self._consumer: Consumer = kafka.follower(settings, f"{name}-aliases", **{"queued.min.messages": 1_000_000})
        self._unread: set[int] = set()
        self._read = 0
        self._met_unreadable = False
        self._at_end = threading.Event()
        self._stop = threading.Event()
        self._thread = VitalThread("alias-feed", self._follow)

    def start(self, patience: float = 60) -> None:
        """Read the topic to its present end, however long that is.

        Raises BrokerError when there is no such topic, or when not one record comes in `patience` seconds.
        """
        self._unread = set(kafka.partitions_of(self._consumer, topics.ALIASES.name))
        self._consumer.assign([TopicPartition(topics.ALIASES.name, partition, 0) for partition in self._unread])
        self._thread.start()
        read = 0
        while not self._at_end.wait(patience):
            if self._read == read:
                raise kafka.BrokerError(f"the aliases: nothing came for {patience:.0f} s, after {read} records")
            read = self._read

    def close(self) -> None:
        """Stop following."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _follow(self) -> None:
        try:
            while not self._stop.is_set():
                for message in kafka.arrived(self._consumer, 0.1, _BATCH):
                    if kafka.at_end(message):
                        self._unread.discard(message.partition())
                        if not self._unread:
                            self._at_end.set()
                    elif message.error() is None:
                        self._take(message)
        finally:
            self._consumer.close()

    def _take(self, message: Message) -> None:
        self._read += 1
        found = read_alias(message.key(), message.value())
        if found is not None:
            self.aliases.take(*found)
            return
        if not self._met_unreadable:  # someone wrote past our worker: said once, and the rest goes on
            self._met_unreadable = True
            _log.warning("aliases: offset %d holds no alias; it and its like are left out", message.offset())


def read_alias(key: bytes | None, value: bytes | None) -> tuple[str, str] | None:
    """The code and the label of a record; None of one that no version of us wrote."""
    try:
        code, label = (key or b"").decode(), _decode(value or b"").label
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return (code, label) if is_code(code) and has_label_shape(label) else None
