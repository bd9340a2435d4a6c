"""When to look at what again: one moment a key, found when the clock is past it, at a constant cost a change.

Moments of hours to come wait in a list an hour; only those of the hour that runs are kept in order. The moment itself
stands with its owner, so that here a key costs one place in a list, and one that moved on is passed over when its old
hour comes, or when those are more than the others.
"""

from collections.abc import Callable, Mapping, MutableSequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any, Generic, TypeVar

from processors.times import HOUR

K = TypeVar("K", bound=str | int)

_STALE_AT_LEAST = 1000


@dataclass(frozen=True, slots=True)
class Frozen(Generic[K]):
    """Alarms at one moment."""

    later: Mapping[int, MutableSequence[K]]
    stale: int
    soon: list[tuple[int, K]]
    hour: int


class Alarms(Generic[K]):
    """Moments are instants; 0 is never. `moment_of` says a key's present moment; `held` makes the lists of the hours."""

    def __init__(self, moment_of: Callable[[K], int], held: Callable[[], MutableSequence[Any]] = list) -> None:
        self._moment_of: Callable[[K], int] = moment_of
        self._held = held
        self._later: dict[int, MutableSequence[K]] = {}
        self._waiting = 0  # places in all lists
        self._stale = 0  # of these, at most so many say nothing any more
        self._hours: list[int] = []
        self._soon: list[tuple[int, K]] = []
        self._hour = -1

    def moved(self, key: K, before: int, now: int) -> None:
        """A key's moment was `before` and is `now`, and its owner says so."""
        if before == now:
            return
        if before and before // HOUR > self._hour:
            self._stale += 1
            if self._stale > _STALE_AT_LEAST and self._stale * 2 > self._waiting:
                self._tidy()
        if not now:
            return
        hour = now // HOUR
        if hour <= self._hour:
            heappush(self._soon, (now, key))
        else:
            self._wait(hour, key)

    def frozen(self) -> "Frozen[K]":
        """As it is, to be read beside us by another thread."""
        return Frozen({hour: keys[:] for hour, keys in self._later.items()}, self._stale, self._soon[:], self._hour)

    def thaw(self, frozen: "Frozen[K]") -> None:
        """Be as it was; the parts become ours."""
        self._later, self._stale = dict(frozen.later), frozen.stale
        self._soon, self._hour = frozen.soon, frozen.hour
        self._hours = sorted(self._later)  # which is a heap
        self._waiting = sum(map(len, self._later.values()))

    def is_past(self, clock: int) -> bool:
        """Whether `past` may find any."""
        return clock // HOUR > self._hour or bool(self._soon and self._soon[0][0] < clock)

    def past(self, clock: int) -> list[K]:
        """The keys whose moment the clock is past, in order of moment and key. They are not given again until `moved`."""
        if clock // HOUR > self._hour:
            self._hour = clock // HOUR
            while self._hours and self._hours[0] <= self._hour:
                keys = self._later.pop(heappop(self._hours))
                self._waiting -= len(keys)
                for key in keys:
                    if (moment := self._moment_of(key)) and moment // HOUR <= self._hour:
                        heappush(self._soon, (moment, key))
        found: dict[K, None] = {}
        while self._soon and self._soon[0][0] < clock:
            moment, key = heappop(self._soon)
            if self._moment_of(key) == moment:  # else it moved on meanwhile
                found[key] = None
        return list(found)

    def _wait(self, hour: int, key: K) -> None:
        waiting = self._later.get(hour)
        if waiting is None:
            waiting = self._later[hour] = self._held()
            heappush(self._hours, hour)
        waiting.append(key)
        self._waiting += 1

    def _tidy(self) -> None:
        """Keep each key in the list of its present hour alone."""
        keys = {key for waiting in self._later.values() for key in waiting}
        self._later, self._hours, self._waiting, self._stale = {}, [], 0, 0
        for key in keys:
            hour = self._moment_of(key) // HOUR
            if hour > self._hour:
                self._wait(hour, key)
