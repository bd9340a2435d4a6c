"""Where in the log the records stand that this gateway had acknowledged, so that what reads the log can pass over them."""

from collections import deque
from collections.abc import Collection, Sequence

Place = tuple[str, int]  # topic, partition


class OwnPlaces:
    """Offsets by partition, as runs. `add` is for any thread, all else for the one that reads the log, in order."""

    def __init__(self) -> None:
        self._added: deque[Sequence[tuple[Place, int]]] = deque()
        self._runs: dict[Place, list[tuple[int, int]]] = {}  # the first offset, and that after the last; in order

    def add(self, records: Sequence[tuple[Place, int]]) -> None:
        """Kafka has records there, at these offsets."""
        self._added.append(records)

    def learn(self, read: Collection[Place]) -> int:
        """Take in what was added in the partitions that are read; how many records."""
        offsets: dict[Place, list[int]] = {place: [] for place in read}
        while self._added:
            for place, offset in self._added.popleft():
                if place in offsets:
                    offsets[place].append(offset)
        return sum(self._join(place, found) for place, found in offsets.items() if found)

    def is_own(self, place: Place, offset: int) -> bool:
        """Whether a record is known to be. What lies before is not asked for again."""
        runs = self._runs.get(place)
        while runs and runs[0][1] <= offset:
            del runs[0]
        return bool(runs and runs[0][0] <= offset)

    def after(self, place: Place, offset: int) -> int:
        """The first offset from that on which may be another's. What lies before it is not asked for again."""
        runs = self._runs.get(place)
        while runs and runs[0][0] <= offset:
            offset = max(offset, runs.pop(0)[1])
        return offset

    def _join(self, place: Place, offsets: list[int]) -> int:
        offsets.sort()
        self._runs[place] = _joined(sorted((*self._runs.get(place, ()), *_runs_of(offsets))))
        return len(offsets)


def _runs_of(offsets: Sequence[int]) -> list[tuple[int, int]]:
    if offsets[-1] - offsets[0] == len(offsets) - 1:  # as nearly always
        return [(offsets[0], offsets[-1] + 1)]
    return _joined([(offset, offset + 1) for offset in offsets])


def _joined(runs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those that touch are one."""
    found = list(runs[:1])
    for first, end in runs[1:]:
        if first == found[-1][1]:
            found[-1] = found[-1][0], end
        else:
            found.append((first, end))
    return found
