"""The city as it stands before the first scan, drawn from a seed.

Four gas enterprises and one inspection agency in Ningbo, all made up. The fourth enterprise is small: its filling
licence runs out in the middle of the stretch, is renewed, and is then suspended (`FILLINGS_OF_E04`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from random import Random

from load_tests.city.geography import Place, around
from load_tests.city.times import FIRST_DAY, chance
from load_tests.city.world import (
    YSP12,
    YSP35,
    YSP118,
    Agency,
    Courier,
    Customer,
    Enterprise,
    Licence,
    Model,
    Site,
    Vehicle,
    World,
)

LONG_AGO, FAR_OFF = date(2021, 1, 1), date(2030, 12, 31)
Fillings = tuple[tuple[date, Licence], ...]

FILLINGS_OF_E04: Fillings = (
    (LONG_AGO, Licence(LONG_AGO, date(2026, 11, 13))),
    (date(2026, 11, 16), Licence(date(2026, 11, 16), FAR_OFF)),
    (date(2026, 11, 18), Licence(date(2026, 11, 16), FAR_OFF, suspended=True)),
)


@dataclass(frozen=True, slots=True)
class Start:
    """What an enterprise starts with. Its first district is its home and its station's; its shop is in the second."""

    id: str
    name: str
    districts: tuple[str, ...]
    station: Place
    shop: Place | None
    couriers: int
    fillings: Fillings = ((LONG_AGO, Licence(LONG_AGO, FAR_OFF)),)


STARTS = (
    Start("E01", "甬江瓶装燃气", ("330212", "330203"), Place(121.59, 29.81), Place(121.52, 29.86), 6),
    Start("E02", "镇海安居燃气", ("330211", "330205"), Place(121.71, 29.95), Place(121.56, 29.91), 6),
    Start("E03", "北仑海湾燃气", ("330206",), Place(121.84, 29.90), None, 4),
    Start("E04", "奉化晨光燃气", ("330213",), Place(121.41, 29.66), None, 1, FILLINGS_OF_E04),
)
COURIER_CARRIES, TRUCK_CARRIES = 10, 60
REACH_KM = 5.0  # customers live within this of their base
SPARE, UNVERIFIED = 16, 4


def found(seed: int) -> World:
    """The city of a seed: the same seed, the same city."""
    rng = chance(seed, "world")
    people = (f"P{number:04d}" for number in count(1))
    customers = (f"C{number:06d}" for number in count(1))
    enterprises = []
    for start in STARTS:
        id, number = start.id, start.id[1:]
        station = Site(
            f"S{number}A",
            id,
            "filling_station",
            start.districts[0],
            start.station,
            *_staffing(f"s{number}a", people, 3),
        )
        sites = [station]
        trucks: tuple[Vehicle, ...] = ()
        if start.shop:
            sites.append(
                Site(f"S{number}B", id, "shop", start.districts[1], start.shop, *_staffing(f"s{number}b", people, 1))
            )
            trucks = tuple(_vehicle(id, f"T{place}", TRUCK_CARRIES, people) for place in range(2))
        couriers = tuple(_courier(id, place, sites[place % len(sites)], people) for place in range(start.couriers))
        enterprise = Enterprise(
            id, start.name, start.districts[0], start.districts,
            station=station, shop=sites[-1] if start.shop else None, trucks=trucks, couriers=couriers,
            errands=_courier(id, 9, station, people), office=f"D-o{number}-1", fillings=start.fillings,
        )  # fmt: skip
        _settle(enterprise, rng, customers)
        enterprises.append(enterprise)
    site = Site("SA1", "A01", "agency", "330205", Place(121.55, 29.93), *_staffing("sa1", people, 2))
    phones = tuple((f"D-ph-{n}", around(rng, Place(121.60, 29.86), 12)) for n in range(6))
    return World(seed, tuple(enterprises), Agency("A01", "宁波江北气瓶检验站", "330205", site), phones)


def _staffing(site: str, people: Iterator[str], devices: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fixed devices of a site, and two people who use them."""
    return tuple(f"D-{site}-{number}" for number in range(1, devices + 1)), (next(people), next(people))


def _vehicle(enterprise: str, name: str, carries: int, people: Iterator[str], driver: str | None = None) -> Vehicle:
    device = f"D-v{enterprise[1:]}-{name}".lower().replace("d-", "D-", 1)
    return Vehicle(f"V{enterprise[1:]}-{name}", enterprise, carries, device, driver or next(people), next(people))


def _courier(enterprise: str, number: int, base: Site, people: Iterator[str]) -> Courier:
    """A courier drives the vehicle, and so is a driver too."""
    person = next(people)
    vehicle = _vehicle(enterprise, f"C{number}", COURIER_CARRIES, people, driver=person)
    return Courier(person, f"D-c{enterprise[1:]}-{number}", vehicle, base)


def _settle(enterprise: Enterprise, rng: Random, ids: Iterator[str]) -> None:
    """Give an enterprise its customers: about a dozen for each courier, and some that planted stories visit."""
    for courier in enterprise.couriers:
        for _ in range(10):
            enterprise.customers.append(_resident(rng, next(ids), courier.base))
        for _ in range(3):
            enterprise.customers.append(_restaurant(rng, next(ids), courier.base))
    station = enterprise.station
    enterprise.spare = [_resident(rng, next(ids), station) for _ in range(SPARE)]
    enterprise.unverified = [_resident(rng, next(ids), station, verified=False) for _ in range(UNVERIFIED)]


def _resident(rng: Random, id: str, base: Site, *, verified: bool = True) -> Customer:
    """A household holds at most two (rule 27), and never a YSP118 (rule 29)."""
    wants, model = rng.choice((1, 1, 1, 2)), rng.choice((YSP35, YSP35, YSP35, YSP35, YSP12))
    return _customer(rng, id, "resident", base, model=model, wants=wants, every=rng.randint(4, 8), verified=verified)


def _restaurant(rng: Random, id: str, base: Site) -> Customer:
    """A restaurant has a cylinder room, so that rule 27's hundred kilograms do not bind it."""
    wants, model = rng.choice(((1, YSP118), (2, YSP35), (3, YSP35), (2, YSP118)))
    return _customer(rng, id, "restaurant", base, model=model, wants=wants, every=rng.randint(1, 3), verified=True)


def _customer(
    rng: Random, id: str, kind: str, base: Site, *, model: Model, wants: int, every: int, verified: bool
) -> Customer:
    checked = FIRST_DAY.date() - timedelta(days=rng.randint(5, 300))  # in date for the whole stretch (rule 30)
    place = around(rng, base.place, REACH_KM)
    return Customer(
        id, kind, base.district, place, base.enterprise, base.id, model, wants, every, verified, checked, f"K{id[1:]}"
    )
