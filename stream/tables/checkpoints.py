"""When checkpoints are written: as often as keeps the tail of the changelog short, and seldom enough to cost little.

A checkpoint is the whole of a partition, and the changelog itself is what came since: no second log is kept beside it.
One is due when the tail has a record for twenty keys (and the setting's number): a restart then reads at most a
twentieth of the states twice, and a record of the changelog costs at most twenty of the disk: in a city of 3.1 million
cylinders and 600,000 scans a day 1 GB each six hours. One partition is written at a time, and after it the writer
rests nine times as long as that took: at most a tenth of a disk and of a core in a backlog.

What judging notices: a partition is frozen between two chunks by copying three lists of references (0.01 µs a key: 3 ms of
a city's twelfth); the rest happens in a thread that holds the interpreter for 0.1 ms at a time.

It never holds what the changelog does not: the end of the changelog is asked for before the freezing, so that all that
is not in the file stands after that; and it takes its place only when every chunk judged before has been acknowledged.

- On an exception (a full disk, a broker that does not answer): one line, the file before stays, judging goes on.
- On a kill -9: what is half written is written over by the next (checkpoint.py).
- On a revoked partition: what is being written of it is given up.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from confluent_kafka import KafkaException

from stream import metrics
from stream.kafka import Described
from stream.tables.checkpoint import Draft, Head, place
from stream.tables.restore import Restored, Source, changelog_end

_KEYS_A_RECORD = 20
_RENEWED_SECONDS = 3 * 3600.0  # an eighth of the 24 h for which deletions stay, where the tail is short as well
_RESTS = 9  # times as long as writing took
_LOOKS_SECONDS = 1.0
_AGAIN_SECONDS = 60.0  # after a failure

_LOG = logging.getLogger(__name__)


class Kept:
    """A partition whose checkpoint is renewed. It counts chunks: those judged, and those that are in the changelog."""

    def __init__(self, source: Source, partition: int, restored: Restored, described: Described) -> None:
        self.source, self.partition, self.described = source, partition, described
        self.state = restored.state
        self.tail = restored.tail  # so many records of the changelog are in no checkpoint
        self.at = time.time()
        self.is_ours = True
        self._judged = self._acknowledged = 0
        self._moved = asyncio.Event()

    def under_way(self, records: int) -> Callable[[], None]:
        """A chunk is judged; call what this gives once its records are in the changelog: chunks get there in order."""
        self._judged = number = self._judged + 1

        def acknowledged() -> None:
            self._acknowledged = number
            self.tail += records
            self._moved.set()

        return acknowledged

    def drop(self) -> None:
        """It is not ours any more."""
        self.is_ours = False
        self._moved.set()

    def is_due(self) -> bool:
        """Whether it is time to write another."""
        if self.tail >= max(self.source.settings.checkpoint_records, len(self.state) / _KEYS_A_RECORD):
            return True
        return self.tail > 0 and time.time() - self.at > _RENEWED_SECONDS

    async def renew(self) -> float:
        """Write another; how many seconds of a core and a disk it took. Raises KafkaException, OSError."""
        source, partition, at = self.source, self.partition, time.time()
        since = await self._end()  # before the freezing: all that is not in it is behind that
        while self.state.is_between:  # noqa: ASYNC110 - for some ms, and seldom
            await asyncio.sleep(0.001)
        began = time.monotonic()
        frozen, judged, tail = self.state.frozen(), self._judged, self.tail
        draft = Draft(place(source.settings, source.changelog, partition), source.settings.member)
        try:
            head = Head(source.changelog, self.described.id, partition, since, at)
            await asyncio.to_thread(draft.write, head, frozen)
            took = time.monotonic() - began
            await self._until_acknowledged(judged)
            upto = await self._end()
            began = time.monotonic()
            if self.is_ours:
                await asyncio.to_thread(draft.publish, upto)
                self.tail, self.at = self.tail - tail, at
            return took + time.monotonic() - began
        finally:
            draft.drop()

    async def _end(self) -> int:
        return await asyncio.to_thread(changelog_end, self.source.settings, self.source.changelog, self.partition)

    async def _until_acknowledged(self, number: int) -> None:
        while self._acknowledged < number and self.is_ours:
            self._moved.clear()
            await self._moved.wait()


class Checkpoints:
    """Those of all tables: one is written at a time."""

    def __init__(self) -> None:
        self._kept: set[Kept] = set()

    def add(self, kept: Kept) -> None:
        """From now on its checkpoint is renewed, until it is dropped."""
        self._kept.add(kept)

    async def run(self) -> None:
        """Write for ever what is due, the longest tail first."""
        while True:
            self._kept = {kept for kept in self._kept if kept.is_ours}
            due = max((kept for kept in self._kept if kept.is_due()), key=lambda kept: kept.tail, default=None)
            await asyncio.sleep(_LOOKS_SECONDS if due is None else await self._renew(due))

    async def _renew(self, kept: Kept) -> float:
        """How many seconds to rest."""
        name = f"{kept.source.changelog}[{kept.partition}]"
        try:
            took = await kept.renew()
        except (KafkaException, OSError) as error:
            metrics.CHECKPOINTS.labels("failed").inc()
            _LOG.warning("%s: no checkpoint is written, the one before stays: %s", name, error)
            return _AGAIN_SECONDS
        metrics.CHECKPOINTS.labels("written" if kept.is_ours else "given up").inc()
        _LOG.info("%s: a checkpoint is written in %.1f s", name, took)
        return _RESTS * took
