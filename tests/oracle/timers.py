"""33 and 35: a cylinder full for too long at one place, or gone from sight.

A cylinder's running timers follow from its scans alone, and so does what has become of one that was told.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from .past import Judged, Past
from .scan import MOVES, Scan, scraps

DWELL, MISSING = "FILLED_DWELL", "CYLINDER_MISSING"
LIMITS = {
    DWELL: {
        "fill": timedelta(days=15),
        "receive": timedelta(days=15),
        "unload": timedelta(days=15),
        "load": timedelta(hours=24),
    },
    MISSING: {"load": timedelta(hours=48), "collect": timedelta(hours=48), "deliver": timedelta(days=365)},
}
ENDS = {DWELL: MOVES | {"inspect"}, MISSING: MOVES | {"missing"}}
AFTER_LIMIT = {DWELL: timedelta(0), MISSING: timedelta(hours=24)}
AFTER_ARRIVAL = timedelta(minutes=15)


@dataclass(frozen=True)
class Timer:
    """`began` is the scan that began the time."""

    code: str
    began: Scan

    @property
    def key(self) -> tuple:
        return self.code, self.began.key

    @property
    def limit(self) -> datetime:
        return self.began.time + LIMITS[self.code][self.began.type]

    def due(self, known_since: datetime) -> datetime:
        """The clock past which it is told, where it showed with an arrival when the clock stood so."""
        return max(self.limit + AFTER_LIMIT[self.code], known_since + AFTER_ARRIVAL)

    def end(self, past: Past) -> Scan | None:
        """The first scan that ended it. A cylinder leaves the world once."""
        later = [each for each in past.judged if each.scan.place_in_order > self.began.place_in_order]
        way_out = past.way_out()
        return next(
            (
                each.scan
                for each in later
                if (each.scan is way_out if self.is_way_out(each) else self.is_ended_by(each))
            ),
            None,
        )

    def is_way_out(self, later: Judged) -> bool:
        return later.scan.label != self.began.label or scraps(later.scan)

    def is_among_ends(self, scan: Scan, past: Past) -> bool:
        """Whether this scan still is one that ends it, be it the first or not."""
        return any(each.scan is scan and self.is_ended_by(each) for each in past.judged)

    def outcome(self, past: Past) -> str:
        """What the scans, of which one has ended it, make of its alert once told.

        A time that never ran, or that was over before its limit, is `retracted`.
        """
        if not self.ran(past):
            return "retracted"
        end = self.end(past)
        return "resolved" if end is not None and end.time >= self.limit else "retracted"

    def ran(self, past: Past) -> bool:
        """Whether the scan that began the time did, as it was last judged."""
        began = next((place for place, each in enumerate(past.judged) if each.scan is self.began and each.moved), None)
        if began is None:
            return False
        return self.code != DWELL or Past(past.label, past.judged[: began + 1], past.registry).full()

    def is_ended_by(self, later: Judged) -> bool:
        if later.scan.label != self.began.label:
            return True
        return later.moved and (later.scan.type in ENDS[self.code] or scraps(later.scan))


def running(past: Past) -> list[Timer]:
    """The timers of a cylinder that nothing has ended; none of a scrapped or replaced one."""
    if past.scrapped:
        return []
    last = {code: past.of_type(*ends)[-1:] for code, ends in ENDS.items()}
    timers = [Timer(code, scan) for code, scans in last.items() for scan in scans if scan.type in LIMITS[code]]
    return [timer for timer in timers if timer.code != DWELL or past.full()]
