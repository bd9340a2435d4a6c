"""Verdicts brought back to those who wait for them: `verdicts` read live, a waiting scan known by partition and offset.

A post may learn its offset after the verdict is already here, so the last runs of each partition are kept for a while.
Nothing is promised: a wait that runs out is answered 202, and the verdict stands in `verdicts` all the same.
"""

import asyncio
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import msgspec
from confluent_kafka import OFFSET_END, Consumer, TopicPartition

from stream import kafka, topics
from stream.settings import Settings
from stream.vital import VitalThread

_RUNS_KEPT = 64  # of each partition: far more than arrive between an acknowledgement and its callback


class Run(msgspec.Struct, rename={"first": "from", "last": "to"}):
    """One record of `verdicts`."""

    first: int
    last: int
    judged_at: str
    verdicts: list[dict[str, Any]]


@dataclass
class Told:
    """What came of one offset: the verdict as listed, or None for a plain one."""

    listed: dict[str, Any] | None
    judged_at: str


@dataclass
class _Partition:
    runs: deque[Run] = field(default_factory=lambda: deque(maxlen=_RUNS_KEPT))
    waiting: dict[int, asyncio.Future[Told]] = field(default_factory=dict)


class Answers:
    """Belongs to the gateway's event loop; a thread of its own reads Kafka."""

    def __init__(self, settings: Settings) -> None:
        self._consumer: Consumer = kafka.follower(settings, "answers")
        self._partitions: dict[int, _Partition] = {}
        self._decode = msgspec.json.Decoder(Run).decode
        self._stop = threading.Event()
        self._positioned = threading.Event()
        self._thread = VitalThread("answers", self._follow)
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin at the end of every partition. Call in the event loop that will wait."""
        self._loop = asyncio.get_running_loop()
        found = kafka.partitions_of(self._consumer, topics.VERDICTS.name)
        self._partitions = {partition: _Partition() for partition in found}
        self._consumer.assign([TopicPartition(topics.VERDICTS.name, partition, OFFSET_END) for partition in found])
        self._thread.start()

    @property
    def ready(self) -> bool:
        """Whether every verdict from now on will be seen."""
        return self._positioned.is_set()

    async def wait_for(self, places: list[tuple[int, int]], seconds: float) -> list[Told] | None:
        """What came of each (partition, offset), in order; None when the time runs out first."""
        futures = [self._expect(partition, offset) for partition, offset in places]
        try:
            return list(await asyncio.wait_for(asyncio.gather(*futures), seconds))
        except TimeoutError:
            return None
        finally:
            for partition, offset in places:
                self._partitions[partition].waiting.pop(offset, None)

    def close(self) -> None:
        """Stop reading."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _expect(self, partition: int, offset: int) -> asyncio.Future[Told]:
        here = self._partitions[partition]
        future: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        for run in here.runs:
            if run.first <= offset <= run.last:
                future.set_result(_told(run, offset))
                return future
        here.waiting[offset] = future
        return future

    def arrived(self, partition: int, run: Run) -> None:
        """A run of verdicts is here: answer those who wait for its offsets."""
        here = self._partitions[partition]
        here.runs.append(run)
        for offset in [offset for offset in here.waiting if run.first <= offset <= run.last]:
            future = here.waiting.pop(offset)
            if not future.done():
                future.set_result(_told(run, offset))

    def _follow(self) -> None:
        assert self._loop is not None
        ended: set[int] = set()
        try:
            while not self._stop.is_set():
                for message in kafka.arrived(self._consumer, 0.1):
                    if kafka.at_end(message):
                        ended.add(message.partition())
                        if len(ended) == len(self._partitions):
                            self._positioned.set()
                    elif message.error() is None:
                        run = self._decode(message.value())
                        self._loop.call_soon_threadsafe(self.arrived, message.partition(), run)
        finally:
            self._consumer.close()


def _told(run: Run, offset: int) -> Told:
    # A revision of an earlier scan carries that scan's offset; the first verdict is the one waited for.
    listed = next((one for one in run.verdicts if one["offset"] == offset and not one.get("revision")), None)
    return Told(listed, run.judged_at)
