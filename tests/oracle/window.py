"""The scans of one cylinder in order, and how far back one may still be put in its place."""

from bisect import insort
from datetime import timedelta
from operator import attrgetter

from .past import Judged
from .scan import Scan

WINDOW = timedelta(hours=72)
MOST = 64
place_of = attrgetter("scan.place_in_order")


class Story:
    """`judged`: all scans that leave a trace, and the binds that replace this label; none that is history only.

    `closed` is the place of the last that has left the window: nothing is put in its place or judged again up to there.
    """

    def __init__(self, label: str) -> None:
        self.label = label
        self.judged: list[Judged] = []
        self.closed: tuple | None = None

    def put(self, judged: Judged) -> None:
        """In its place; instead of the same scan judged before."""
        self.take_out(judged.scan)
        insort(self.judged, judged, key=place_of)

    def take_out(self, scan: Scan) -> None:
        self.judged = [each for each in self.judged if each.scan is not scan]

    def holds(self, scan: Scan) -> bool:
        return any(each.scan is scan for each in self.judged)

    def own(self) -> list[Scan]:
        """Its scans, without the binds of other labels."""
        return [each.scan for each in self.judged if each.scan.label == self.label]

    def window(self) -> list[Scan]:
        """Its scans that are judged again where one before them comes late."""
        return [scan for scan in self.own() if self.is_open(scan.place_in_order)]

    def is_open(self, place: tuple) -> bool:
        return self.closed is None or place > self.closed

    def is_beyond(self, place: tuple) -> bool:
        """Whether a scan of this place that comes now is too late to be put there."""
        window = self.window()
        if not window:
            return not self.is_open(place)
        is_old = place[0] < window[-1].time - WINDOW
        return is_old or not self.is_open(place) or (len(window) == MOST and place < window[0].place_in_order)

    def slide(self) -> None:
        """Closes what has left the window."""
        window = self.window()
        kept = [scan for scan in window if scan.time >= window[-1].time - WINDOW][-MOST:]
        if gone := window[: len(window) - len(kept)]:
            self.closed = gone[-1].place_in_order
