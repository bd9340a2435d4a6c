"""Answers that many ask for and one looks up: kept for a while, at most so many, and never asked twice at once.

On exception everybody who waits for that answer hears it, and nothing is kept: the next one asks again. Whoever hangs up
does not take the answer from the others.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Keeps at most `most` answers, each for `seconds`; `clock` gives monotonic seconds. Belongs to one event loop."""

    def __init__(self, seconds: float, most: int, clock: Callable[[], float]) -> None:
        self._seconds, self._most, self._clock = seconds, most, clock
        self._kept: OrderedDict[str, tuple[float, T]] = OrderedDict()
        self._asked: dict[str, asyncio.Task[T]] = {}

    async def get(self, key: str, ask: Callable[[], Awaitable[T]]) -> tuple[T, float]:
        """The answer and for how many seconds more it stands; raises what `ask` raises."""
        kept = self._kept.get(key)
        if kept is not None and kept[0] > self._clock():
            return kept[1], kept[0] - self._clock()
        task = self._asked.get(key)
        if task is None:
            task = self._asked[key] = asyncio.ensure_future(self._ask(key, ask))
            task.add_done_callback(_heard)
        return await asyncio.shield(task), self._seconds

    async def _ask(self, key: str, ask: Callable[[], Awaitable[T]]) -> T:
        try:
            answer = await ask()
        finally:
            del self._asked[key]
        self._kept.pop(key, None)
        self._kept[key] = (self._clock() + self._seconds, answer)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return answer


def _heard(task: "asyncio.Task[T]") -> None:
    """Whoever asked may have hung up: an exception that nobody hears is no accident."""
    with contextlib.suppress(asyncio.CancelledError):
        task.exception()
