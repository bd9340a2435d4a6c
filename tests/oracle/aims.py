"""Moments that lie at the edges of the rules, to a microsecond."""

import random
from datetime import datetime, timedelta

from .city import CUSTOMERS
from .cylinders import Cylinder
from .habits import accuracy
from .oracle import Oracle
from .pace import MICROSECOND, Pace
from .places import north_of
from .timers import ENDS, running

Aim = tuple[datetime, dict]  # the event time, and what else the scan should say


class Aims:
    """Each aim is a moment after all else of the cylinder, with an arrival no sooner; None where that cannot be."""

    def __init__(self, rng: random.Random, oracle: Oracle, pace: Pace) -> None:
        self.rng, self.oracle, self.pace = rng, oracle, pace
        self.checked: tuple[datetime, str] | None = None  # the latest household check made up: its time and customer
        self.delivered: list[tuple[datetime, str]] = []  # times and customers
        self.buyer = ""  # the latest
        self.buyers: list[str] = []  # who is to get the next deliveries
        self.last_purchase: datetime | None = None  # when the last of these is to be, if that matters

    def aim(self, kind: str, cylinder: Cylinder, device: str) -> Aim | None:
        rng = self.rng
        if kind == "home_check":
            return self.household_check()
        if kind == "deliver" and self.buyers:
            return self.purchase(cylinder)
        if kind == "deliver" and self.checked and rng.random() < 0.3:
            moment = self.shortly_after(cylinder, self.checked[0]) if rng.random() < 0.5 else None
            return moment and (moment, {"data": {"customer": self.checked[1]}})
        if kind == "deliver" and rng.random() < 0.3:
            return self.end_of_a_window(cylinder)
        if kind == "fill" and rng.random() < 0.5:
            return self.after_a_check_or_fill(cylinder)
        if rng.random() < (0.4 if kind == "incident" else 0.15):
            return self.elsewhere(cylinder, device)
        if rng.random() < 0.15:
            moment = self.shortly_after(cylinder, cylinder.last[1] + timedelta(seconds=rng.randrange(200)))
            return moment and (moment, {})
        return None

    def household_check(self) -> Aim:
        rng, arrival = self.rng, self.pace.arrival
        if self.checked and rng.random() < 0.2:
            moment = min(self.checked[0] + rng.choice([-1, 0, 0, 1]) * MICROSECOND, arrival)
            return moment, {"data": {"customer": self.checked[1]}}
        return arrival - timedelta(days=rng.choice([0, 0, 0, 1, 5, 363, 364, 365, 366])), {}

    def after_a_check_or_fill(self, cylinder: Cylinder) -> Aim | None:
        """As long after as a precheck is good, or a fill may be corrected."""
        checks = [scan for scan in self.oracle.archive.past(cylinder.label).moving if scan.type == "precheck"][-1:]
        moments = [(check.time + timedelta(hours=2), check.site) for check in checks]
        if cylinder.filled:
            moments.append((cylinder.filled + timedelta(minutes=30), None))
        if not moments:
            return None
        moment, site = self.rng.choice(moments)
        moment = self.shortly_after(cylinder, moment)
        return moment and (moment, {"site": site})

    def end_of_a_window(self, cylinder: Cylinder) -> Aim | None:
        """A delivery 30 or 120 days after another to the same customer, where that is about now."""
        now, days = self.pace.now, [timedelta(days=30), timedelta(days=120)]
        ends = [(time + after, customer) for time, customer in self.delivered for after in days]
        near = [end for end in ends if now - timedelta(days=1) < end[0] < now + 2 * self.pace.step]
        if not near:
            return None
        end, customer = self.rng.choice(near)
        moment = self.shortly_after(cylinder, end)
        return moment and (moment, {"data": {"customer": customer}})

    def buy_much(self) -> None:
        """A few deliveries to one customer; where one is soon known for 120 days, the last of them comes then."""
        rng, soon = self.rng, self.pace.now + 20 * self.pace.step
        known_for_long = {
            customer: time + timedelta(days=120) for time, customer in sorted(self.delivered, reverse=True)
        }
        nearly = [customer for customer, moment in known_for_long.items() if self.pace.now < moment < soon]
        if rng.random() > (0.1 if nearly else 0.012):
            return
        known = nearly or [customer for customer, moment in known_for_long.items() if moment < soon]
        again = self.buyer and not nearly and rng.random() < 0.5
        self.buyer = self.buyer if again else rng.choice(known or CUSTOMERS)
        self.buyers = [self.buyer] * rng.choice([3, 4, 4, 5, 6])
        self.last_purchase = known_for_long[self.buyer] if nearly else None

    def purchase(self, cylinder: Cylinder) -> Aim | None:
        customer = self.buyers.pop()
        moment = self.shortly_after(cylinder, (not self.buyers and self.last_purchase) or self.pace.now)
        return moment and (moment, {"data": {"customer": customer}})

    def end_of_a_timer(self, cylinders: list[Cylinder]) -> tuple[Cylinder, str, datetime] | None:
        """What ends a timer at its limit, or nearly, arriving then or when it was told."""
        rng, soon = self.rng, self.pace.now + 5 * self.pace.step
        timers = [(each, timer) for each in cylinders for timer in running(self.oracle.archive.past(each.label))]
        found = [pair for pair in timers if pair[1].limit < soon]
        if not found:
            return None
        cylinder, timer = rng.choice(found)
        if rng.random() < 0.3 and timer.due(timer.began.clock) < soon:
            self.pace.reach(timer.due(timer.began.clock) + rng.choice([0, 1]) * MICROSECOND)
        off = rng.choice([-3_600_000_000, -1, -1, 0, 0, 1, 3_600_000_000])
        moment = self.shortly_after(cylinder, timer.limit + off * MICROSECOND, exactly=True)
        return moment and (cylinder, rng.choice(sorted(ENDS[timer.code] | {"scrap"})), moment)

    def shortly_after(self, cylinder: Cylinder, moment: datetime, exactly: bool = False) -> datetime | None:
        """This moment or one a microsecond off, if it comes after all else of the cylinder; the arrival is then no sooner."""
        if not cylinder.last[0]:
            return None
        moment += (0 if exactly else self.rng.choice([-1, 0, 0, 1])) * MICROSECOND
        if moment <= cylinder.last[1]:
            return None
        self.pace.reach(moment)
        return moment

    def elsewhere(self, cylinder: Cylinder, device: str) -> Aim | None:
        """A place and time to which nobody, or only just somebody, gets from where another device saw the cylinder."""
        rng = self.rng
        seen = [each for each in cylinder.seen if each[0] != device or rng.random() < 0.2][-1:]
        if not seen:
            return None
        _, time_there, there = seen[0]
        apart = rng.choice([4999.999, 5000.001, 5000.001, 5001, 20000, 60000])
        hurry = timedelta(seconds=apart / (120 / 3.6) + rng.choice([-60, -0.001, 0.001]))
        moment = self.shortly_after(cylinder, time_there + rng.choice([timedelta(0), hurry, hurry, hurry]))
        return moment and (moment, {"geo": north_of(there, rng.choice([-1, 1]) * apart) | accuracy(rng)})
