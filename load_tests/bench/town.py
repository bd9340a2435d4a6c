"""A town of any size for the benchmark: the simulator's enterprises and stations, with couriers and customers to measure.

The simulated city of `load_tests/city` has seventeen couriers; a log of a hundred thousand cylinders needs hundreds, or
each of its vehicles would stand over its number. Two cylinders to a customer, as in the city (3.1 million, 1.6 million).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from load_tests.city import registry
from load_tests.city.founding import found
from load_tests.city.geography import around
from load_tests.city.maker import Maker
from load_tests.city.times import FIRST_DAY, chance
from load_tests.city.world import YSP35, Courier, Customer, Cylinder, Enterprise, Vehicle, World

SEED = 1
ENTERPRISES = 3  # the simulator's fourth loses its licence on the way
CYLINDERS_A_CUSTOMER = 2
CYLINDERS_A_COURIER = 100
CARRIES = 60  # permitted on one vehicle: some ten are under way at once
REACH_KM = 5.0
NEVER_VERIFIED = 0.03  # share of customers: each delivery to them breaks rule 26


@dataclass(frozen=True, slots=True)
class Household:
    """A cylinder, whose it is, and who brings it to whom."""

    cylinder: Cylinder
    enterprise: Enterprise
    courier: Courier
    customer: Customer


def settle(cylinders: int) -> tuple[World, list[Household]]:
    """A town with so many cylinders; the same each time."""
    rng, maker, world = chance(SEED, "town"), Maker(SEED), found(SEED)
    enterprises = tuple(_staffed(one, cylinders // ENTERPRISES + 1, rng) for one in world.enterprises[:ENTERPRISES])
    households = []
    for number in range(cylinders):
        enterprise, place = enterprises[number % ENTERPRISES], number // ENTERPRISES
        courier = enterprise.couriers[place // CYLINDERS_A_CUSTOMER % len(enterprise.couriers)]
        customer = enterprise.customers[place // CYLINDERS_A_CUSTOMER]
        households.append(Household(maker.make(enterprise.id, YSP35), enterprise, courier, customer))
    return replace(world, enterprises=enterprises), households


def registry_lines(world: World) -> list[bytes]:
    """The town's registry, as `pingliu registry load` reads it."""
    return [json.dumps(row, ensure_ascii=False).encode() for row in registry.rows(world)]


def _staffed(enterprise: Enterprise, cylinders: int, rng: Random) -> Enterprise:
    couriers = tuple(_couriers(enterprise, cylinders // CYLINDERS_A_COURIER + 1))
    customers = list(_customers(enterprise, cylinders // CYLINDERS_A_CUSTOMER + 1, rng))
    return replace(enterprise, couriers=couriers, customers=customers, spare=[], unverified=[])


def _couriers(enterprise: Enterprise, count: int) -> Iterator[Courier]:
    id = enterprise.id
    for number in range(count):
        person, escort = f"P{id}-{number}", f"P{id}-{number}-2"
        vehicle = Vehicle(f"V{id}-{number}", id, CARRIES, f"D-v{id}-{number}", person, escort)
        yield Courier(person, f"D-c{id}-{number}", vehicle, enterprise.station)


def _customers(enterprise: Enterprise, count: int, rng: Random) -> Iterator[Customer]:
    station = enterprise.station
    for number in range(count):
        checked: date = FIRST_DAY.date() - timedelta(days=rng.randint(5, 200))
        yield Customer(
            f"C{enterprise.id[1:]}{number:06d}", "resident", station.district, around(rng, station.place, REACH_KM),
            enterprise.id, station.id, YSP35, 2, 20, rng.random() >= NEVER_VERIFIED, checked, f"K{number}",
        )  # fmt: skip
