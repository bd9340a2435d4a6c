"""The city's registry (master data): who may do what, and from which day to which.

Rows are effective-dated: several may describe one entity, and a look-up names the day it asks about. Of several valid
rows the one with the latest `valid_from` counts. The same key again is a correction.
"""

from bisect import insort
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from processors.model import Geo, HomeCheckScan, Instant, Kilograms, Name, Reject
from processors.reject import explain
from processors.times import instant

OPEN_START = date.min.toordinal()
OPEN_END = date.max.toordinal()


class Validity(Struct, kw_only=True, omit_defaults=True):
    """The days a row holds, both included; absent means without end on that side."""

    valid_from: date | None = None
    valid_to: date | None = None

    def on(self, day: int) -> bool:
        """Whether the row holds on that day."""
        return (self.valid_from is None or self.valid_from.toordinal() <= day) and (
            self.valid_to is None or day <= self.valid_to.toordinal()
        )


class Licence(Struct, kw_only=True, omit_defaults=True):
    """A licence, certificate or permit: good from its first to its last day, unless suspended."""

    no: str
    valid_from: date
    valid_to: date
    suspended: bool = False

    def good_on(self, day: int) -> bool:
        """Whether it may be relied on that day."""
        return not self.suspended and self.valid_from.toordinal() <= day <= self.valid_to.toordinal()


class Contract(Validity, kw_only=True):
    enterprise: str


class Premises(Struct, omit_defaults=True):
    high_rise: bool = False
    indoor: bool = False
    cylinder_room: bool = False


class Row(Validity, kw_only=True, omit_defaults=True, tag_field="kind"):
    """One line of the registry. `received` is its arrival, which `pingliu registry load` sets."""

    id: Name
    received: Instant | None = None

    @property
    def kind(self) -> str:
        """The registry kind, as the contract names it."""
        return str(self.__struct_config__.tag)

    def key(self) -> str:
        """The Kafka key: the same key again is a correction."""
        return f"{self.kind}/{self.id}/{self.valid_from or ''}"


class Enterprise(Row, kw_only=True, tag="enterprise"):
    name: str
    district: str
    districts: list[str] = []
    gas_licence: Licence | None = None
    filling_licence: Licence | None = None
    inspection_licence: Licence | None = None


class Site(Row, kw_only=True, tag="site"):
    enterprise: str
    site_kind: Literal["filling_station", "depot", "shop", "agency"]
    district: str
    geo: Geo | None = None
    radius_m: Annotated[float, Meta(ge=0)] | None = None


class Staff(Row, kw_only=True, tag="staff"):
    enterprise: str
    role: Literal["filler", "courier", "driver", "escort", "inspector"]
    certificate: Licence | None = None

    def key(self) -> str:
        """One person may hold several roles, each with a certificate of its own."""
        return f"staff/{self.id}/{self.role}/{self.valid_from or ''}"


class Vehicle(Row, kw_only=True, tag="vehicle"):
    enterprise: str
    permit: Licence | None = None
    max_cylinders: Annotated[int, Meta(ge=0)] | None = None


DeviceKind = Literal["station", "courier", "agency", "vehicle", "office", "public"]


class Device(Row, kw_only=True, tag="device"):
    enterprise: str | None = None
    device_kind: DeviceKind
    site: str | None = None


class Model(Row, kw_only=True, tag="model"):
    """A cylinder model: weights in kilograms, life in years."""

    max_fill_kg: Kilograms
    nominal_kg: Kilograms
    tolerance_kg: Kilograms
    life_years: Annotated[int, Meta(ge=1)] = 8


class Customer(Row, kw_only=True, tag="customer"):
    """A gas user. `id_number` is only ever read by `registry load`, which puts `id_token` in its place."""

    customer_kind: Literal["resident", "restaurant", "other"]
    district: str
    realname_verified: bool = False
    contracts: list[Contract] = []
    premises: Premises | None = None
    home_check: date | None = None
    id_token: str | None = None
    id_number: str | None = None


AnyRow = Enterprise | Site | Staff | Vehicle | Device | Model | Customer

_decode = msgspec.json.Decoder(AnyRow).decode
RowT = TypeVar("RowT", bound=Row)


def parse_row(line: bytes) -> AnyRow | Reject:
    """One registry line, or which field of it is wrong and why."""
    try:
        row: AnyRow = _decode(line)
    except msgspec.MsgspecError as error:
        return explain(error)
    if row.valid_from and row.valid_to and row.valid_to < row.valid_from:
        return Reject("valid_to", f"is before valid_from ({row.valid_from})")
    return row


class HomeChecks(Struct, frozen=True):
    """What the household checks of a customer say at an instant: the last good one, and a hazard without one after it."""

    last_ok: int | None = None
    open_hazard: int | None = None


class Registry:
    """All rows, held for look-ups by kind, id and day; and the household checks, which count as rows do."""

    def __init__(self) -> None:
        self._checks: dict[str, list[tuple[int, bool]]] = {}
        self._rows: dict[tuple[Any, ...], list[Any]] = {}
        self._customer_by_token: dict[str, str] = {}
        self.counts: dict[str, int] = {}

    def put(self, row: AnyRow) -> None:
        """Take a row in; one with the same key is replaced."""
        entity = self._entity(row)
        rows = self._rows.setdefault(entity, [])
        kept = [other for other in rows if other.valid_from != row.valid_from]
        self.counts[row.kind] = self.counts.get(row.kind, 0) + 1 - (len(rows) - len(kept))
        # Latest start first, so that the first valid row is the one that counts.
        kept.append(row)
        kept.sort(key=lambda other: other.valid_from or date.min, reverse=True)
        self._rows[entity] = kept
        if isinstance(row, Customer) and row.id_token:
            self._customer_by_token[row.id_token] = row.id

    def take_home_check(self, scan: HomeCheckScan) -> None:
        """Take a household check in; one that only asks, or names nobody, says nothing."""
        if scan.data.customer and not scan.dry_run:
            insort(self._checks.setdefault(scan.data.customer, []), (instant(scan.time), scan.data.result == "ok"))

    def home_checks(self, customer: str, at: int) -> HomeChecks:
        """What the checks made up to an instant say."""
        known = [(when, ok) for when, ok in self._checks.get(customer, ()) if when <= at]
        last_ok = max((when for when, ok in known if ok), default=None)
        hazard = max((when for when, ok in known if not ok), default=None)
        answered = hazard is None or (last_ok is not None and last_ok >= hazard)
        return HomeChecks(last_ok, None if answered else hazard)

    def customer_of(self, id_token: str) -> str | None:
        """The customer whose identity number has that token."""
        return self._customer_by_token.get(id_token)

    def enterprise(self, id: str | None, day: int) -> Enterprise | None:
        return self._on(Enterprise, day, id)

    def site(self, id: str | None, day: int) -> Site | None:
        return self._on(Site, day, id)

    def staff(self, id: str | None, role: str, day: int) -> Staff | None:
        return self._on(Staff, day, id, role)

    def vehicle(self, id: str | None, day: int) -> Vehicle | None:
        return self._on(Vehicle, day, id)

    def device(self, id: str | None, day: int) -> Device | None:
        return self._on(Device, day, id)

    def model(self, id: str | None, day: int) -> Model | None:
        return self._on(Model, day, id)

    def customer(self, id: str | None, day: int) -> Customer | None:
        return self._on(Customer, day, id)

    def _on(self, kind: type[RowT], day: int, *key: str | None) -> RowT | None:
        for row in self._rows.get((kind, *key), ()):
            if row.on(day):
                found: RowT = row
                return found
        return None

    @staticmethod
    def _entity(row: AnyRow) -> tuple[Any, ...]:
        return (Staff, row.id, row.role) if isinstance(row, Staff) else (type(row), row.id)
