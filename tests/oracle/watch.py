"""Which timers run, since when that is known, and what was told of them."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from functools import partial

from .alerts import over, told_later
from .archive import Archive
from .case import Case
from .scan import Scan
from .standing import again
from .timers import Timer, running
from .waiting import Clock


class Watch:
    """By label. `case_of` gives the case of a scan as last judged."""

    def __init__(self, clock: Clock, archive: Archive, case_of: Callable[[Scan], Case]) -> None:
        self.clock, self.archive, self.case_of = clock, archive, case_of
        self.running: dict[str, dict[tuple, datetime]] = defaultdict(dict)  # since when by the arrival clock
        self.told: dict[str, dict[tuple, tuple[Timer, dict]]] = defaultdict(dict)
        self.ended: dict[tuple, Scan | None] = {}  # what had ended a timer when that was told

    def settle(self, label: str, clock: datetime) -> list[dict]:
        """Takes in the timers that now run; the alerts of those that were told and have another outcome now."""
        past = self.archive.past(label)
        now, before = {timer.key: timer for timer in running(past)}, self.running[label]
        for key in before.keys() - now.keys():
            del before[key]
        for key in now.keys() - before.keys():
            before[key] = clock
            self.clock.at(now[key].due(clock), partial(self.past_due, now[key], clock))
        alerts = []
        for key, (timer, record) in self.told[label].items():
            if key in now or self.is_final(timer):
                continue
            self.ended[key] = timer.end(past) or past.way_out()
            if record["status"] != (outcome := timer.outcome(past)):
                alerts.append(self.tell(timer, over(record, outcome, clock)))
        return alerts

    def is_final(self, timer: Timer) -> bool:
        """Whether what was said of its end stands for good, what now would have ended it being beyond the window.

        Slow facts count from their arrival on: until what had ended it falls away, it stands as it was told.
        """
        label = timer.began.label
        if self.told[label][timer.key][1]["status"] == "suspected":
            return False
        past, story = self.archive.past(label), self.archive.story(label)
        cause, told_by = timer.end(past) or past.way_out(), self.ended[timer.key]
        if (
            not timer.ran(past)
            or cause is None
            or (story.is_open(cause.place_in_order) and not story.is_beyond(cause.place_in_order))
        ):
            return False
        return told_by is None or not story.is_open(told_by.place_in_order) or timer.is_among_ends(told_by, past)

    def past_due(self, timer: Timer, since: datetime, now: datetime) -> dict | None:
        if self.running[timer.began.label].get(timer.key) != since:
            return None
        return self.tell(timer, self.alert(timer, now))

    def alert(self, timer: Timer, now: datetime) -> dict:
        record = told_later(self.case_of(timer.began), timer.code, {"since": timer.began.time}, now)
        return record | {"time": timer.limit}

    def judged_again(self, scan: Scan, clock: datetime) -> list[dict]:
        """Alerts of timers that a scan began may be told again, when it is judged by another registry."""
        told = [pair for pair in self.told[scan.label].values() if pair[0].began is scan]
        stands = [(timer, record) for timer, record in told if record["status"] != "retracted"]
        return [self.tell(timer, again(record, self.alert(timer, clock))) for timer, record in stands]

    def tell(self, timer: Timer, record: dict) -> dict:
        kept = {name: value for name, value in record.items() if name != "optional"}
        self.told[timer.began.label][timer.key] = timer, kept
        return record
