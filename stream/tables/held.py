"""Changes that wait until their turn at the second key: read from `holders` in any order, taken in order of arrival.

A partition of `scans` tells its own changes in order, and some again after a crash; those of several come interleaved as
their workers get on. Here each waits in the row of its partition, and the rows are merged by the arrival clock; of equal
clocks the lower partition goes first, then the order in which they were told.

- On a crash or a revoked partition: nothing is lost, nothing is written for it. What waits stands in the log of `holders`
  itself; the changelog's position says from where on, and up to where each partition's changes are taken (restore.py).
- What is told again is passed over, before it is taken and after. So a partition must never be told with a gap:
  the outbox sees to that.
"""

import heapq
from collections import deque

from msgspec import MsgspecError, Struct

from processors.holder import Change, decode_change

# The offset of an arrival in its partition of `scans`, and which of its changes this is.
Place = tuple[int, int]

_NONE: Place = (-1, 0)


class Waiting(Struct, frozen=True, gc=False):
    """A change, the second key it concerns, and the offset in `holders` at which it was told."""

    at: int
    key: str
    change: Change


class Held:
    """What waits in one partition of `holders`. `taken`: by partition of `scans`, the place of the last change taken."""

    def __init__(self, taken: dict[int, Place] | None = None) -> None:
        self._heard = dict(taken or {})
        self._rows: dict[int, deque[Waiting]] = {}
        self._next: list[tuple[int, int]] = []  # a heap: of each row its first one's clock, and the partition
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def clock(self) -> int:
        """The arrival clock of the one whose turn is next. Raises IndexError where none waits."""
        return self._next[0][0]

    @property
    def oldest(self) -> int | None:
        """The offset in `holders` of the first that waits: from there on the log is read again after a restart."""
        return min((self._rows[partition][0].at for _, partition in self._next), default=None)

    def hear(self, at: int, key: bytes, value: bytes) -> None:
        """A record of `holders` that is no tick. Raises MsgspecError, UnicodeDecodeError: not ours."""
        waiting = Waiting(at, key.decode(), decode_change(value))
        partition, place = waiting.change.partition, (waiting.change.offset, waiting.change.place)
        if place <= self._heard.get(partition, _NONE):
            return
        self._heard[partition] = place
        row = self._rows.setdefault(partition, deque())
        if not row:
            heapq.heappush(self._next, (waiting.change.clock, partition))
        row.append(waiting)
        self._count += 1

    def hear_again(self, at: int, key: bytes | None, value: bytes | None) -> None:
        """Any record of the log, after a restart: what was not ours then was said to be so, and ticks have passed."""
        if key is None or value is None:
            return
        try:
            self.hear(at, key, value)
        except (MsgspecError, UnicodeDecodeError):
            return

    def pop(self) -> Waiting:
        """The one whose turn it is. Raises IndexError where none waits."""
        _, partition = heapq.heappop(self._next)
        row = self._rows[partition]
        waiting = row.popleft()
        if row:
            heapq.heappush(self._next, (row[0].change.clock, partition))
        self._count -= 1
        return waiting
