"""What has arrived in the partitions we have, fetched by librdkafka in a thread of its own.

Why: aiokafka, under Faust's consumer, is Python: a fetch costs it 0.7 ms, and at low load there is one for each chunk. It
still keeps the group, the commits and the positions; it does not fetch these topics any more.

Promise: records come in order of offset from the position that Faust wants; where that is another than ours, what was
fetched is thrown away and fetching begins there. What retention took is passed over, as aiokafka does.

On an exception the process ends (stream/vital.py). In a rebalance what is no longer ours is dropped.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue

from confluent_kafka import Consumer, Message, TopicPartition
from faust.types import TP
from msgspec import Struct

from stream import kafka
from stream.settings import Settings
from stream.vital import VitalThread

_WAIT_SECONDS = 0.1  # so long a new partition may wait to be begun
# Fetched and not taken, of all partitions together: what is more stays with librdkafka, and that stops at _KILOBYTES.
_FETCHED_AT_MOST = 20_000
_KILOBYTES = 16_384


class Record(Struct, gc=False):
    """A record of Kafka; `timestamp` in ms."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class _Place:
    """A partition from a position on. One that is sought is another: what the old one is still given is nobody's."""

    __slots__ = ("end", "position", "records")

    def __init__(self, position: int) -> None:
        self.position = position  # the offset after the last record taken
        self.records: list[Record] = []
        self.end: int | None = None  # the offset after the last record there was when it was last fetched


class Fetching:
    """For one event loop; `at_once`: so many records of a partition are taken in one."""

    def __init__(self, settings: Settings, at_once: int) -> None:
        self._settings = settings
        self._at_once = at_once
        self._places: dict[TP, _Place] = {}
        self._asked: SimpleQueue[tuple[TP, _Place | None]] = SimpleQueue()  # None: no longer ours
        self._lock = threading.Lock()  # of the places' records
        self._arrived = asyncio.Event()
        self._taken = threading.Event()
        self._stop = threading.Event()
        self._thread: VitalThread | None = None

    def close(self) -> None:
        """Stop fetching. Blocks for as long as the thread waits for records."""
        self._stop.set()
        self._taken.set()
        if self._thread is not None:
            self._thread.join()

    def drop(self, partitions: Iterable[TP]) -> None:
        """They are no longer ours."""
        for partition in partitions:
            if self._places.pop(partition, None) is not None:
                self._ask(partition, None)

    def end(self, partition: TP) -> int | None:
        """The offset after the last record there is, as far as the last fetch tells."""
        place = self._places.get(partition)
        return None if place is None else place.end

    async def arrived(self, positions: Mapping[TP, int], seconds: float) -> None:
        """Wait up to `seconds` until there is something to take."""
        if self._thread is None:
            self._begin()
        self._arrived.clear()
        if not self._go_to(positions):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), seconds)

    def take(self, positions: Mapping[TP, int]) -> dict[TP, list[Record]]:
        """What has arrived from these positions on."""
        found = {}
        for partition in self._go_to(positions):
            place = self._places[partition]
            with self._lock:
                records, place.records = place.records[: self._at_once], place.records[self._at_once :]
            place.position = records[-1].offset + 1
            found[partition] = records
        self._taken.set()
        return found

    def _go_to(self, positions: Mapping[TP, int]) -> list[TP]:
        """The partitions of which something has arrived; those whose position is another begin anew."""
        found = []
        for partition, position in positions.items():
            place = self._places.get(partition)
            if place is None or place.position != position:
                place = self._places[partition] = _Place(position)
                self._ask(partition, place)
            elif place.records:
                found.append(partition)
        return found

    def _ask(self, partition: TP, place: _Place | None) -> None:
        self._asked.put((partition, place))
        self._taken.set()  # what was fetched for nobody makes room

    def _begin(self) -> None:
        tell = partial(asyncio.get_running_loop().call_soon_threadsafe, self._arrived.set)
        # The thread's alone: confluent-kafka lets one in at a time, and who comes second sleeps until the first is done.
        consumer = kafka.follower(
            self._settings,
            "lane",
            **{
                "enable.partition.eof": False,
                "isolation.level": "read_uncommitted",  # nobody writes these topics in transactions
                "queued.min.messages": _FETCHED_AT_MOST,
                "queued.max.messages.kbytes": _KILOBYTES,
                "fetch.queue.backoff.ms": 10,  # by default a second passes once the queue was full
            },
        )
        self._thread = VitalThread("fetching", partial(self._fetch, consumer, tell))
        self._thread.start()

    def _fetch(self, consumer: Consumer, tell: Callable[[], object]) -> None:
        filled: dict[tuple[str, int], _Place] = {}
        try:
            while True:
                self._taken.clear()
                if self._stop.is_set():
                    return
                self._assign(consumer, filled)
                if not filled or sum(len(place.records) for place in filled.values()) > _FETCHED_AT_MOST:
                    self._taken.wait()  # until something is asked for, or taken
                elif messages := kafka.arrived(consumer, _WAIT_SECONDS, self._at_once):
                    self._fill(consumer, messages, filled)
                    tell()
        finally:
            consumer.close()

    def _assign(self, consumer: Consumer, filled: dict[tuple[str, int], _Place]) -> None:
        with suppress(Empty):
            while True:
                partition, place = self._asked.get_nowait()
                if filled.pop(partition, None) is not None:
                    consumer.incremental_unassign([TopicPartition(*partition)])
                if place is not None:
                    consumer.incremental_assign([TopicPartition(*partition, place.position)])
                    filled[partition] = place

    def _fill(self, consumer: Consumer, messages: list[Message], filled: dict[tuple[str, int], _Place]) -> None:
        found = defaultdict[tuple[str, int], list[Record]](list)
        for message in messages:
            if message.error() is None:
                record = Record(message.offset(), message.timestamp()[1], message.key(), message.value())
                found[message.topic(), message.partition()].append(record)
            else:
                kafka.at_end(message)  # raises where it is for good
        for partition, records in found.items():
            place = filled[partition]
            _, place.end = consumer.get_watermark_offsets(TopicPartition(*partition), cached=True)
            with self._lock:
                place.records += records
