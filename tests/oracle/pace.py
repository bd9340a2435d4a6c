"""How the arrival clock of a made-up history goes on: in bursts, in leaps, and to the edges of what falls due."""

import random
from bisect import bisect_left
from datetime import datetime, timedelta

from .city import FIRST_DAY
from .times import day_of, instant, midnight
from .waiting import Due

STEPS = [0.001] * 3 + [0.01] * 2 + [0.1] * 2 + [1, 1, 8]  # of the mean step
MEAN = sum(STEPS) / len(STEPS)
MICROSECOND = timedelta(microseconds=1)


class Pace:
    """`now` goes on; `arrival`, of the line being made, is at times before it."""

    def __init__(self, rng: random.Random, rows: list[dict], step: timedelta, dues: list[Due]) -> None:
        self.rng, self.step, self.dues = rng, step, dues
        self.now = self.arrival = midnight(FIRST_DAY)
        self.coming = sorted(instant(row["received"]) for row in rows if "received" in row)

    def go_on(self) -> None:
        """On to the next arrival: often about midnight in Shanghai, the arrival of a row, or when something falls due."""
        rng = self.rng
        self.now += self.step * rng.choice(STEPS) / MEAN * 2 * rng.random()
        if rng.random() < 0.02:
            self.now = midnight(day_of(self.now) + timedelta(days=1))
        elif rng.random() < 0.1 and self.coming and self.coming[0] < self.now + timedelta(days=1):
            self.now = max(self.now, self.coming.pop(0))
        elif rng.random() < 0.1 and (due := self.next_due()):
            self.now = max(self.now, due)
        self.now += rng.choice([-1000, -1, 0, 0, 0, 1]) * MICROSECOND
        self.arrival = self.now
        if rng.random() < 0.2:
            self.arrival -= rng.choice([timedelta(seconds=1), timedelta(minutes=6), timedelta(hours=5)])

    def creep_on(self) -> None:
        """On to the next of several that arrive together."""
        self.now += timedelta(seconds=self.rng.random())
        self.arrival = self.now

    def next_due(self) -> datetime | None:
        """One of the next moments past which something is told, if it is not far off."""
        first = bisect_left(self.dues, (self.now,))
        near = [due.moment for due in self.dues[first : first + 4] if due.moment < self.now + 20 * self.step]
        return self.rng.choice(near) if near else None

    def reach(self, moment: datetime) -> None:
        """Lets the line being made arrive no sooner than this."""
        self.now = max(self.now, moment)
        self.arrival = max(self.arrival, moment)
