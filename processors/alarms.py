"""When to look at what again: one moment a key, found when the clock is past it, at a constant cost a change.

Moments of hours to come wait in a set an hour, from which a key that moves on is taken out; only those of the hour that
runs are kept in order. The moment itself stands with its owner, so that here a key costs one place in a set.
"""

from collections.abc import Callable
from heapq import heappop, heappush

from processors.times import HOUR


class Alarms:
    """Moments are instants; 0 is never. `moment_of` says a key's present moment."""

    def __init__(self, moment_of: Callable[[str], int]) -> None:
        self._moment_of = moment_of
        self._later: dict[int, set[str]] = {}
        self._hours: list[int] = []
        self._soon: list[tuple[int, str]] = []
        self._hour = -1

    def moved(self, key: str, before: int, now: int) -> None:
        """A key's moment was `before` and is `now`."""
        if before == now:
            return
        if before and before // HOUR > self._hour:
            self._later[before // HOUR].discard(key)
        if not now:
            return
        hour = now // HOUR
        if hour <= self._hour:
            heappush(self._soon, (now, key))
            return
        waiting = self._later.get(hour)
        if waiting is None:
            self._later[hour] = {key}
            heappush(self._hours, hour)
        else:
            waiting.add(key)

    def past(self, clock: int) -> list[str]:
        """The keys whose moment the clock is past, in order of moment and key. They are not given again until `moved`."""
        if clock // HOUR > self._hour:
            self._hour = clock // HOUR
            while self._hours and self._hours[0] <= self._hour:
                for key in self._later.pop(heappop(self._hours)):
                    if moment := self._moment_of(key):
                        heappush(self._soon, (moment, key))
        found: dict[str, None] = {}
        while self._soon and self._soon[0][0] < clock:
            moment, key = heappop(self._soon)
            if self._moment_of(key) == moment:  # else it moved on meanwhile
                found[key] = None
        return list(found)
