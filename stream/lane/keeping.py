"""Told chunks into the changelog of their partition, a transaction about every second, and only then acknowledged.

Verdicts do not wait for it: a chunk comes here when all that others hear of it is in Kafka, but for what the second key
hears, which is asked for before the commit. Its records go to Kafka in their own time; the transaction around them is
committed a second after the last one was, or when it is large.

- On an exception, or a transaction that does not get through: the outbox hears of it and the worker ends; its chunks, not
  acknowledged, are judged again.
- On kill -9: before the commit, state is as it was before the transaction: the chunks are judged and told again. After
  it the state recognises them.
- On a revoked partition: Faust waits for its chunks to be acknowledged, so they are committed at once. What comes still
  later belongs to the next owner: it is neither written nor acknowledged.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from stream.fault_points import FaultPoint, reach
from stream.lane.effects import Effects
from stream.tables.fence import Fence, FenceError, Fences

# A transaction costs the broker some ms whatever is in it. A chunk is judged again after a crash when its is not through.
_PACE_SECONDS = 1.0
_RECORDS_AT_MOST = 10_000


@dataclass(frozen=True)
class Told:
    """A chunk of which all has been told: its state, and what to call when that is kept or no longer ours to keep."""

    effects: Effects
    kept: Callable[[], None]
    let_go: Callable[[], None]


class Keeper:
    """Keeps the state of one partition, in a task of its own, until `close`."""

    def __init__(
        self,
        fence: Fence,
        fences: Fences,
        handed_on: Callable[[], Awaitable[None]],
        broke: Callable[[BaseException], None],
    ) -> None:
        """`handed_on` ends when the second key can hear all of the chunks taken; `broke` hears of what ends this."""
        self.fence = fence
        self._fences = fences
        self._handed_on = handed_on
        self._broke = broke
        self._waiting: deque[Told] = deque()
        self._written: list[Told] = []
        self._arrived = asyncio.Event()
        self._committed_at = float("-inf")
        self._task = asyncio.create_task(self._run())

    def take(self, told: Told) -> None:
        """Hand over a chunk, in order."""
        self._waiting.append(told)
        self._arrived.set()

    def hurry(self) -> None:
        """Look whether there is haste."""
        self._arrived.set()

    def close(self) -> None:
        """The partition is no longer ours: what is not acknowledged never will be."""
        self._task.cancel()
        for told in (*self._written, *self._waiting):
            told.let_go()

    async def _run(self) -> None:
        try:
            while True:
                await self._arrived.wait()
                await self._keep()
        except FenceError as error:
            self._broke(error)

    async def _keep(self) -> None:
        """One transaction: write, commit, acknowledge."""
        async with self.fence.lock:
            await self._fill()
            if not self._written:  # woken by haste alone
                return
            await self._handed_on()
            reach(FaultPoint.STATE_WRITTEN)
            await self._fences.apart(self.fence.commit)
        reach(FaultPoint.STATE_KEPT)
        for told in self._written:
            told.kept()
            told.let_go()
        self._written = []
        reach(FaultPoint.ACKNOWLEDGED)

    async def _fill(self) -> None:
        """A transaction's worth: what waits and what comes until it is due."""
        clock, records = asyncio.get_running_loop().time, 0
        while True:
            while self._waiting and records < _RECORDS_AT_MOST:
                told = self._waiting.popleft()
                self._written.append(told)
                changelog = told.effects.changelog()
                self.fence.write(told.effects.changelog_topic, changelog)
                records += len(changelog)
            if not self._waiting:
                self._arrived.clear()
            left = self._committed_at + _PACE_SECONDS - clock()
            if records >= _RECORDS_AT_MOST or left <= 0 or self._fences.is_in_haste:
                break
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._arrived.wait()
        self._committed_at = clock()
