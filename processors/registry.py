"""The city's registry (master data): who may do what, and from which day to which.

Rows are effective-dated: several may describe one entity, and a look-up names the day it asks about. Of several valid
rows the one with the latest `valid_from` counts. The same key again is a correction. What the registry answers follows
from the rows that stand and the order they came in: a restart, which reads a compacted topic, answers the same.

Customers are millions and packed (`customers.py`). All other kinds are thousands and lie ready, since a scan looks up
about five: `Dated` takes 105 ns for a row, where days counted at each call took 275.
"""

from array import array
from bisect import bisect_right, insort
from collections.abc import Iterable, Sized
from typing import Any, Generic, TypeVar

from msgspec import Struct

from processors.customers import Customers
from processors.model import HomeCheckScan, Reject
from processors.registry_rows import (
    OPEN_END,
    OPEN_START,
    AnyRow,
    Contract,
    Customer,
    Device,
    DeviceKind,
    Enterprise,
    Licence,
    Model,
    Premises,
    Row,
    Site,
    Staff,
    Validity,
    Vehicle,
    parse_row,
    parse_rows,
)
from processors.scene import Scenes
from processors.times import instant

__all__ = [
    "OPEN_END", "OPEN_START", "AnyRow", "Contract", "Customer", "Device", "DeviceKind", "Enterprise", "HomeChecks",
    "Licence", "Model", "Premises", "Registry", "Row", "Site", "Staff", "Validity", "Vehicle", "parse_row",
    "parse_rows",
]  # fmt: skip

RowT = TypeVar("RowT", bound=Row)


class Dated(Generic[RowT]):
    """The rows of one kind, by key and day."""

    def __init__(self) -> None:
        # By key the row that begins last: its first and last day, itself, and likewise the row before it or None.
        self._latest: dict[Any, tuple[int, int, RowT, Any]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, key: Any, row: RowT) -> None:
        """Take a row in, or correct the one that begins the same day."""
        rows = [row]
        span: Any = self._latest.get(key)
        while span is not None:
            _, _, other, span = span
            if other.valid_from != row.valid_from:
                rows.append(other)
            else:
                self._count -= 1
        self._count += 1
        for one in sorted(rows, key=_begins):
            first, last = max(_begins(one), OPEN_START), one.valid_to.toordinal() if one.valid_to else OPEN_END
            span = (first, last, one, span)
        self._latest[key] = span

    def on(self, key: Any, day: int) -> RowT | None:
        """The row that counts on a day."""
        span = self._latest.get(key)
        while span is not None:
            first, last, row, span = span
            if first <= day <= last:
                return row
        return None


def _begins(row: Row) -> int:
    return row.valid_from.toordinal() if row.valid_from else OPEN_START - 1


class HomeChecks(Struct, frozen=True):
    """What the household checks of a customer say at an instant: the last good one, and a hazard without one after it."""

    last_ok: int | None = None
    open_hazard: int | None = None


_UNCHECKED = HomeChecks()


class Registry:
    """All rows, held for look-ups by kind, id and day; and the household checks, which count as rows do."""

    def __init__(self) -> None:
        self._enterprises = Dated[Enterprise]()
        self._sites = Dated[Site]()
        self._staff = Dated[Staff]()  # by id and role: one person may have several
        self._vehicles = Dated[Vehicle]()
        self._devices = Dated[Device]()
        self._models = Dated[Model]()
        self._customers = Customers()
        # Of those who had any, in order: twice the instant, and one more where it was good.
        self._checks: dict[str, array[int]] = {}
        # The tables' own methods (id, day) -> row or None: a call more would be 40 ns.
        self.enterprise = self._enterprises.on
        self.site = self._sites.on
        self.vehicle = self._vehicles.on
        self.device = self._devices.on
        self.model = self._models.on
        self._scenes = Scenes(self)
        self.scene = self._scenes.of
        # What others made of rows that are no customers', to be made anew when one of those changes (ground.py).
        self.made_of_rows: dict[Any, Any] = {}

    def put(self, row: AnyRow) -> None:
        """Take a row in; one with the same key is replaced."""
        if isinstance(row, Customer):
            self._customers.put([row])
            return
        self._scenes.forget()
        self.made_of_rows.clear()
        match row:
            case Staff():
                self._staff.put((row.id, row.role), row)
            case Enterprise():
                self._enterprises.put(row.id, row)
            case Site():
                self._sites.put(row.id, row)
            case Vehicle():
                self._vehicles.put(row.id, row)
            case Device():
                self._devices.put(row.id, row)
            case Model():
                self._models.put(row.id, row)

    def put_all(self, found: Iterable[AnyRow | Reject]) -> list[Reject]:
        """Take rows in, in order, as `put` does and with fewer calls for each customer; the rejects are handed back."""
        rejects = []
        others: list[AnyRow | Reject] = self._customers.put(found)
        for other in others:
            if isinstance(other, Reject):
                rejects.append(other)
            else:
                self.put(other)
        return rejects

    @property
    def counts(self) -> dict[str, int]:
        """How many rows stand, by kind; kinds without any are not named."""
        tables: dict[str, Sized] = {
            "enterprise": self._enterprises, "site": self._sites, "staff": self._staff, "vehicle": self._vehicles,
            "device": self._devices, "model": self._models, "customer": self._customers,
        }  # fmt: skip
        return {kind: len(table) for kind, table in tables.items() if len(table)}

    def take_home_check(self, scan: HomeCheckScan) -> None:
        """Take a household check in; one that only asks, or names nobody, says nothing."""
        if scan.data.customer and not scan.dry_run:
            checks = self._checks.setdefault(scan.data.customer, array("q"))
            insort(checks, instant(scan.time) * 2 + (scan.data.result == "ok"))

    def home_checks(self, customer: str, at: int) -> HomeChecks:
        """What the checks made up to an instant say."""
        checks = self._checks.get(customer)
        if checks is None:
            return _UNCHECKED
        known = checks[: bisect_right(checks, at * 2 + 1)]
        last_ok = max((check // 2 for check in known if check % 2), default=None)
        hazard = max((check // 2 for check in known if not check % 2), default=None)
        answered = hazard is None or (last_ok is not None and last_ok >= hazard)
        return HomeChecks(last_ok, None if answered else hazard)

    def customer_of(self, id_token: str) -> str | None:
        """The customer whose identity number has that token; of several the one of whom a row came last."""
        return self._customers.of_token(id_token)

    def index_tokens(self) -> None:
        """Get ready for `customer_of`, which else does so when first asked."""
        self._customers.index_tokens()

    def staff(self, id: str | None, role: str, day: int) -> Staff | None:
        """The row of a person in one role."""
        return self._staff.on((id, role), day)

    def customer(self, id: str | None, day: int) -> Customer | None:
        """The row of a customer, made anew for each look-up, without `received`."""
        return None if id is None else self._customers.on(id, day)
