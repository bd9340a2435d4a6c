"""Where in the log the records stand that this gateway had acknowledged, so that what reads the log can pass over them."""

from collections import deque
from collections.abc import Sequence

from confluent_kafka import Message

Place = tuple[str, int]  # topic, partition


class OwnPlaces:
    """Offsets by partition, as runs. `add` is for any thread, all else for the one that reads the log, in order."""

    def __init__(self) -> None:
        self._added: deque[Sequence[Message]] = deque()
        self._runs: dict[Place, list[tuple[int, int]]] = {}  # the first offset, and that after the last; in order

    def add(self, delivered: Sequence[Message]) -> None:
        """Kafka has these records."""
        self._added.append(delivered)

    def learn(self) -> int:
        """Take in what was added; how many records."""
        offsets: dict[Place, list[int]] = {}
        count = 0
        while self._added:
            delivered = self._added.popleft()
            count += len(delivered)
            for message in delivered:
                place = message.topic(), message.partition()
                known = offsets.get(place)
                if known is None:
                    offsets[place] = known = []
                known.append(message.offset())
        for place, found in offsets.items():
            found.sort()
            self._runs[place] = _joined(sorted((*self._runs.get(place, ()), *_runs_of(found))))
        return count

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
