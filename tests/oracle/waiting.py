"""What is to be told once the arrival clock is past a moment."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

QUARTER, DAY = timedelta(minutes=15), timedelta(hours=24)
WAITS = {  # of violations about something absent
    "PREFILL_CHECK_MISSING": QUARTER,
    "POSTFILL_CHECK_MISSING": QUARTER,
    "DELIVER_WITHOUT_FILL": QUARTER,
    "VEHICLE_UNLICENSED": QUARTER,  # its number only
    "FILL_WITHOUT_RETURN": DAY,
    "DELIVER_WITHOUT_LOAD": DAY,
    "USER_EXCESS_HOLDING": DAY,
}
Tell = Callable[[datetime], dict | None]  # the alert when the clock stands so; None where nothing is left to tell


class Due(NamedTuple):
    """`moment` must be strictly past; `turn` tells two of one moment apart."""

    moment: datetime
    turn: int
    tell: Tell


class Clock:
    """The arrival clock, where it has stood, and what falls due by it."""

    def __init__(self) -> None:
        self.stands: list[datetime] = []
        self.dues: list[Due] = []

    def after(self, received: datetime) -> datetime:
        """Where it will stand once something received then is taken in."""
        return max(self.stands[-1], received) if self.stands else received

    def at(self, moment: datetime, tell: Tell) -> None:
        insort(self.dues, Due(moment, len(self.dues), tell))

    def first_past(self, moment: datetime) -> datetime:
        """Where it first stood past a moment that is past."""
        return self.stands[bisect_right(self.stands, moment)]

    def advance(self, now: datetime) -> list[dict]:
        """What falls due by this: a timer line, or nothing."""
        due = self.dues[: bisect_left(self.dues, (now,))]
        if self.stands:
            due = due[bisect_left(due, (self.stands[-1],)) :]
        self.stands.append(now)
        alerts = [record for each in due if (record := each.tell(now))]
        return [{"type": "timer", "time": now, "alerts": alerts}] if alerts else []
