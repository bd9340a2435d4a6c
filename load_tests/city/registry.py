"""The city as registry lines (contract.md, "Registry"): what `pingliu registry load` and `pingliu judge` read."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from load_tests.city.founding import FAR_OFF, LONG_AGO
from load_tests.city.geography import Place
from load_tests.city.world import MODELS, Customer, Enterprise, Site, Vehicle, World

Row = dict[str, Any]


def rows(world: World) -> Iterator[Row]:
    """Every registry row, one entity's rows in order of their first day."""
    for model in MODELS:
        # The nominal weight is the maximum here; the city's stations fill up to half a tolerance below it.
        yield _row(
            "model", model.id, max_fill_kg=model.max_kg, nominal_kg=model.max_kg, tolerance_kg=model.tolerance_kg,
            life_years=8,
        )  # fmt: skip
    for enterprise in world.enterprises:
        yield from _enterprise(enterprise)
    agency = world.agency
    yield _row(
        "enterprise", agency.id, name=agency.name, district=agency.district,
        inspection_licence=_licence(f"JY-{agency.id}"),
    )  # fmt: skip
    yield _site(agency.site)
    yield from _devices("agency", agency.id, agency.site.devices, agency.site.id)
    yield from _people("inspector", agency.id, agency.site.people)
    for device, _ in world.phones:
        yield _row("device", device, device_kind="public")
    yield _row("device", "D-public", device_kind="public")  # under which the public page asks (stream/demo.py)


def _enterprise(enterprise: Enterprise) -> Iterator[Row]:
    id = enterprise.id
    for first_day, filling in enterprise.fillings:
        yield _row(
            "enterprise", id, first_day, name=enterprise.name, district=enterprise.district,
            districts=list(enterprise.districts), gas_licence=_licence(f"RQ-{id}"),
            filling_licence=_licence(f"CZ-{id}-{filling.valid_from.year}", filling.valid_from, filling.valid_to)
            | ({"suspended": True} if filling.suspended else {}),
        )  # fmt: skip
    for site in enterprise.sites():
        yield _site(site)
        yield from _devices("station", id, site.devices, site.id)
        yield from _people("filler", id, site.people)
    yield from _devices("office", id, (enterprise.office,), None)
    for truck in enterprise.trucks:
        yield from _vehicle(truck)
    for courier in (*enterprise.couriers, enterprise.errands):
        yield from _devices("courier", id, (courier.device,), None)
        yield from _people("courier", id, (courier.id,))
        yield from _vehicle(courier.vehicle)
    for customer in (*enterprise.customers, *enterprise.spare, *enterprise.unverified):
        yield _customer(customer)


def _site(site: Site) -> Row:
    return _row(
        "site", site.id, enterprise=site.enterprise, site_kind=site.kind, district=site.district,
        geo=_geo(site.place), radius_m=site.radius_m,
    )  # fmt: skip


def _vehicle(vehicle: Vehicle) -> Iterator[Row]:
    yield _row(
        "vehicle", vehicle.id, enterprise=vehicle.enterprise, permit=_licence(f"WH-{vehicle.id}"),
        max_cylinders=vehicle.max_cylinders,
    )  # fmt: skip
    yield from _devices("vehicle", vehicle.enterprise, (vehicle.device,), None)
    yield from _people("driver", vehicle.enterprise, (vehicle.driver,))
    yield from _people("escort", vehicle.enterprise, (vehicle.escort,))


def _customer(customer: Customer) -> Row:
    return _row(
        "customer", customer.id, customer_kind=customer.kind, district=customer.district,
        realname_verified=customer.verified, home_check=customer.home_check.isoformat(),
        contracts=[{"enterprise": customer.enterprise, "valid_from": LONG_AGO.isoformat()}],
        premises={"high_rise": False, "indoor": False, "cylinder_room": customer.kind == "restaurant"},
    )  # fmt: skip


def _devices(kind: str, enterprise: str, devices: tuple[str, ...], site: str | None) -> Iterator[Row]:
    for device in devices:
        row = _row("device", device, enterprise=enterprise, device_kind=kind)
        yield row | ({"site": site} if site else {})


def _people(role: str, enterprise: str, people: tuple[str, ...]) -> Iterator[Row]:
    for person in people:
        yield _row("staff", person, enterprise=enterprise, role=role, certificate=_licence(f"ZS-{person}-{role}"))


def _licence(no: str, valid_from: date = LONG_AGO, valid_to: date = FAR_OFF) -> Row:
    return {"no": no, "valid_from": valid_from.isoformat(), "valid_to": valid_to.isoformat()}


def _geo(place: Place) -> Row:
    return {"lon": place.lon, "lat": place.lat, "acc_m": 10}


def _row(kind: str, id: str, valid_from: date = LONG_AGO, **fields: Any) -> Row:
    return {"kind": kind, "id": id, "valid_from": valid_from.isoformat(), **fields}
