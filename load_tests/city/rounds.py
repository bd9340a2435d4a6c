"""The clean life of the city: fill, load, deliver and collect, take back, and fill again.

A round is one courier's tour: its cylinders are filled at the station, go to the courier's base (by truck where that is
a shop), then from customer to customer, each exchange taking the empties back. Every step keeps the whole catalogue of
rules, judged by this version or not: 1,200 days or less since inspection, a check before and after each fill, loads
with driver and escort, no customer above its number.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from load_tests.city.diary import Diary
from load_tests.city.geography import drive
from load_tests.city.maker import Maker
from load_tests.city.times import DAYS, HOUR, MINUTE, SECOND, at, chance
from load_tests.city.world import Courier, Customer, Cylinder, Enterprise, Model, Site, World

STARTS = ((5, 30), (9, 45), (14, 0))  # when a round's cylinders go under the scale
CARRIED = 8  # fewer than a vehicle's permitted ten (rule 31)
CALLS = 5
NOT_HOME, HOME_CHECKED, LOOKED_UP = 0.04, 0.03, 0.06  # shares of visits

Cylinders = list[Cylinder]
Stock = list[tuple[datetime, Cylinder]]  # from when on each is there
Stop = tuple[Customer, Cylinders]


class Rounds:
    """One enterprise's daily business."""

    def __init__(self, world: World, enterprise: Enterprise, diary: Diary, maker: Maker) -> None:
        self._enterprise, self._diary, self._maker, self._phones = enterprise, diary, maker, world.phones
        self._rng: Random = chance(world.seed, f"rounds/{enterprise.id}")
        self._empties: Stock = []  # at the station
        self._full: dict[str, Stock] = defaultdict(list)  # left over at a base
        self._held: dict[str, list[Cylinder]] = defaultdict(list)
        # A customer's first call falls somewhere in its first interval and on any round, so that days and hours are alike.
        self._next = {
            one.id: at(self._rng.randrange(one.every_days), *self._rng.choice(STARTS)) for one in enterprise.customers
        }

    def run(self) -> None:
        """Write down the whole stretch."""
        for day in range(DAYS):
            for hour, minute in STARTS:
                for place, courier in enumerate(self._enterprise.couriers):
                    slot = at(day, hour, minute)
                    customers = self._called(courier, slot) if self._licensed(slot) else []
                    self._round(courier, customers, slot + place * 12 * MINUTE)

    def _round(self, courier: Courier, customers: list[Customer], start: datetime) -> None:
        if not customers:
            return
        base, vehicle, diary = courier.base, courier.vehicle, self._diary
        stops, filled = self._prepare(base, customers, start)
        leaves = self._bring_to_base(base, filled, start + 50 * MINUTE)
        for time, one in spaced(leaves, 30, [one for _, ones in stops for one in ones]):
            diary.load(time, one, base, vehicle)
        back, returned, empties = self._visit(courier, stops, leaves + 15 * MINUTE)
        for time, one in spaced(back, 25, returned):
            diary.unload(time, one, base, vehicle)
        self._full[base.id] += [(back + 10 * MINUTE, one) for one in returned]
        for time, one in spaced(back + 5 * MINUTE, 25, empties):
            diary.receive(time, one.label, base)
        ready = self._bring_back(base, empties, back + 30 * MINUTE)
        self._empties += [(ready, one) for one in empties]

    def _licensed(self, slot: datetime) -> bool:
        """Whether the station may fill on that day; a licence may run out or be suspended."""
        day = slot.date()
        licence = [licence for first_day, licence in self._enterprise.fillings if first_day <= day][-1]
        return licence.valid_from <= day <= licence.valid_to and not licence.suspended

    def _called(self, courier: Courier, slot: datetime) -> list[Customer]:
        """Who is served: those of the base who are due, longest waiting first, until the vehicle is full."""
        due = [one for one in self._enterprise.customers if one.base == courier.base.id and self._next[one.id] <= slot]
        due.sort(key=lambda one: (self._next[one.id], one.id))
        chosen: list[Customer] = []
        for one in due[:CALLS]:
            if sum(other.wants for other in chosen) + one.wants <= CARRIED:
                chosen.append(one)
                self._next[one.id] = slot + timedelta(days=one.every_days)  # never twice a day: rounds overlap
        return chosen

    def _prepare(self, base: Site, customers: list[Customer], start: datetime) -> tuple[list[Stop], Cylinders]:
        """Pick each customer's cylinders: full ones left over at the base, else ones to fill. Returns those too."""
        stops: list[Stop] = []
        to_fill: Cylinders = []
        for customer in customers:
            ones: Cylinders = []
            for _ in range(customer.wants):
                one = _take(self._full[base.id], customer.model, start)
                if one is None:
                    one = _take(self._empties, customer.model, start) or self._label_new(customer.model, start)
                    to_fill.append(one)
                ones.append(one)
            stops.append((customer, ones))
        station, diary = self._enterprise.station, self._diary
        for time, one in spaced(start + 5 * MINUTE, 20, to_fill):
            diary.precheck(time, one, station)
        for time, one in spaced(start + 12 * MINUTE, 90, to_fill):
            diary.fill(time, one, station)
        for time, one in spaced(start + 30 * MINUTE, 20, to_fill):
            diary.postcheck(time, one, station)
        return stops, to_fill

    def _label_new(self, model: Model, start: datetime) -> Cylinder:
        new = self._maker.make(self._enterprise.id, model)
        self._diary.bind(start - self._rng.randint(600, 3000) * SECOND, new, self._enterprise.station)
        return new

    def _visit(self, courier: Courier, stops: list[Stop], leaves: datetime) -> tuple[datetime, Cylinders, Cylinders]:
        """Exchange at each door. Returns when the courier is back, with what was not delivered, and the empties."""
        now, place = leaves, courier.base.place
        returned: Cylinders = []
        empties: Cylinders = []
        for customer, ones in stops:
            now += drive(place, customer.place) + self._rng.randint(120, 360) * SECOND
            place = customer.place
            if self._rng.random() < NOT_HOME:
                returned += ones
                self._next[customer.id] = now + 12 * HOUR  # tomorrow's first round
                continue
            held = self._held[customer.id]
            for time, one in spaced(now, 40, held):
                self._diary.collect(time, one.label, courier, customer)
            now += len(held) * 40 * SECOND
            for time, one in spaced(now, 50, ones):
                self._diary.deliver(time, one.label, courier, place, customer)
            now += len(ones) * 50 * SECOND
            empties += held
            self._held[customer.id] = ones
            self._afterwards(courier, customer, ones[0], now)
        return now + drive(place, courier.base.place) + 5 * MINUTE, returned, empties

    def _afterwards(self, courier: Courier, customer: Customer, one: Cylinder, now: datetime) -> None:
        """Sometimes the courier checks the home's fittings, and sometimes someone looks the label up."""
        if self._rng.random() < HOME_CHECKED:
            self._diary.home_check(now + 20 * SECOND, courier, customer)
        if self._rng.random() < LOOKED_UP:
            phone, _ = self._rng.choice(self._phones)
            later = now + self._rng.randint(600, 2400) * SECOND
            self._diary.phone(later, "lookup", one.label, phone, customer.place)

    def _bring_to_base(self, base: Site, filled: Cylinders, ready: datetime) -> datetime:
        """From the station to a shop by truck; nothing to do at the station. Returns when all can be loaded."""
        station = self._enterprise.station
        if base is station:
            return ready
        truck = self._enterprise.trucks[0]
        for time, one in spaced(ready, 25, filled):
            self._diary.load(time, one, station, truck)
        arrives = ready + 10 * MINUTE + drive(station.place, base.place)
        for time, one in spaced(arrives, 25, filled):
            self._diary.unload(time, one, base, truck)
        return arrives + 10 * MINUTE

    def _bring_back(self, base: Site, empties: Cylinders, ready: datetime) -> datetime:
        """From a shop to the station by truck. Returns when they can be filled again."""
        station = self._enterprise.station
        if base is station:
            return ready
        truck = self._enterprise.trucks[1]
        for time, one in spaced(ready, 25, empties):
            self._diary.load(time, one, base, truck)
        arrives = ready + 10 * MINUTE + drive(station.place, base.place)
        for time, one in spaced(arrives, 25, empties):
            self._diary.receive(time, one.label, station)
        return arrives + 10 * MINUTE


def _take(stock: Stock, model: Model, now: datetime) -> Cylinder | None:
    """The first cylinder of a model that is there by now; it is there no more."""
    for place, (ready, one) in enumerate(stock):
        if ready <= now and one.model is model:
            del stock[place]
            return one
    return None


def spaced(start: datetime, seconds: int, cylinders: Cylinders) -> Iterator[tuple[datetime, Cylinder]]:
    """One cylinder after the other, so many seconds apart."""
    for place, one in enumerate(cylinders):
        yield start + place * seconds * SECOND, one
