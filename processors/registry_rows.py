"""What a line of the registry (master data) may say: one class a kind, checked field by field (contract.md, Registry)."""

from collections.abc import Sequence
from datetime import date
from operator import attrgetter
from typing import Annotated, ClassVar, Literal, Self

import msgspec
from msgspec import Meta, Struct

from processors.model import Geo, Instant, Kilograms, Name, Reject
from processors.reject import explain
from processors.written import TIME_WANTED, are_whole, is_strict

OPEN_START = date.min.toordinal()
OPEN_END = date.max.toordinal()


class Validity(Struct, kw_only=True, gc=False, omit_defaults=True):
    """The days a row holds, both included; absent means without end on that side."""

    valid_from: date | None = None
    valid_to: date | None = None

    def on(self, day: int) -> bool:
        """Whether the row holds on that day."""
        return (self.valid_from is None or self.valid_from.toordinal() <= day) and (
            self.valid_to is None or day <= self.valid_to.toordinal()
        )


class Licence(Struct, kw_only=True, frozen=True, dict=True, omit_defaults=True):
    """A licence, certificate or permit: good from its first to its last day, unless suspended."""

    no: str
    valid_from: date
    valid_to: date
    suspended: bool = False

    # The days between which it may be relied on, counted once and not a call: a scan asks up to three papers, and
    # `good_on` takes 75 ns so, 90-140 with two conversions. Not fields, so that they are neither read nor written.
    first: ClassVar[int]
    last: ClassVar[int]

    def __post_init__(self) -> None:
        self.__dict__["first"] = self.valid_from.toordinal()
        self.__dict__["last"] = OPEN_START - 1 if self.suspended else self.valid_to.toordinal()

    def __copy__(self) -> Self:
        """Itself: it never changes, and msgspec's own copy would leave the counted days behind."""
        return self

    def good_on(self, day: int) -> bool:
        """Whether it may be relied on that day."""
        return self.first <= day <= self.last


class Contract(Validity, kw_only=True):
    enterprise: str


class Premises(Struct, frozen=True, gc=False, omit_defaults=True):
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
_ONLY_CUSTOMERS = frozenset({Customer})
_valid_to = attrgetter("valid_to")
_decode_lines = msgspec.json.Decoder(AnyRow).decode_lines


def parse_row(line: bytes) -> AnyRow | Reject:
    """One registry line, or which field of it is wrong and why."""
    try:
        row: AnyRow = _decode(line)
    except msgspec.MsgspecError as error:
        return explain(error)
    except UnicodeDecodeError:
        return Reject("", "not JSON: not UTF-8")
    if row.received is not None and not is_strict(line, b"received"):
        return Reject("received", TIME_WANTED)
    if _ends_too_soon(row):
        return Reject("valid_to", f"is before valid_from ({row.valid_from})")
    return row


def parse_rows(lines: Sequence[bytes]) -> list[AnyRow | Reject]:
    """`parse_row` of many at once; faster where all are customers and fit, as when a city loads 1.6 million.

    How a customer's `received` is written is not looked at: nothing is kept of it.
    """
    if are_whole(lines):
        try:
            rows: list[AnyRow | Reject] = _decode_lines(b"\n".join(lines))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            rows = []
        if len(rows) == len(lines) and _ONLY_CUSTOMERS.issuperset(map(type, rows)) and not any(map(_valid_to, rows)):
            return rows
    return list(map(_as_kept, lines))


def _as_kept(line: bytes) -> AnyRow | Reject:
    found = parse_row(line)
    if isinstance(found, Reject) and found.reason == TIME_WANTED:
        row: AnyRow = _decode(line)
        if isinstance(row, Customer) and not _ends_too_soon(row):
            return row
    return found


def _ends_too_soon(row: Row) -> bool:
    return row.valid_to is not None and row.valid_from is not None and row.valid_to < row.valid_from
