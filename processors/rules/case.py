"""What a rule looks at: one scan, the cylinder before it, and the registry on its day."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

from processors.cylinder import Cylinder, Sighting
from processors.holder import Holder
from processors.model import FillScan, Geo, LookupScan, Scan
from processors.origins import Origin
from processors.parameters import Schedule
from processors.registry import Customer, Device, Enterprise, Model, Registry, Site, Staff, Vehicle
from processors.times import day_of

T = TypeVar("T")


class lazy(Generic[T]):  # noqa: N801 - reads as the decorator it is
    """A property computed when first asked for. functools' own takes a lock each time in Python 3.11: 8 % of judging."""

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, case: None, owner: type) -> "lazy[T]": ...
    @overload
    def __get__(self, case: object, owner: type) -> T: ...
    def __get__(self, case: object | None, owner: type) -> "T | lazy[T]":
        if case is None:
            return self
        value = case.__dict__[self._name] = self._compute(case)
        return value


class Case:
    """One scan before its rules. Look-ups are made once, when first asked for, at the scan's own day."""

    holder: Holder | None = None  # what the customer or the vehicle has, where a rule looks at that

    def __init__(self, scan: Scan, at: int, cylinder: Cylinder, registry: Registry, schedule: Schedule) -> None:
        self.scan = scan
        self.at = at
        self.cylinder = cylinder
        self.registry = registry
        self.day = day_of(at)
        self.parameters = schedule.on(self.day)

    @lazy
    def device(self) -> Device | None:
        return self.registry.device(self.scan.device, self.day)

    @lazy
    def enterprise_id(self) -> str | None:
        """The scan's enterprise is its device's."""
        return self.device.enterprise if self.device else None

    @lazy
    def enterprise(self) -> Enterprise | None:
        return self.registry.enterprise(self.enterprise_id, self.day)

    @lazy
    def site_id(self) -> str | None:
        """The scan's site, else the one a station or agency device stands at."""
        if self.scan.site:
            return self.scan.site
        if self.device and self.device.device_kind in ("station", "agency"):
            return self.device.site
        return None

    @lazy
    def site(self) -> Site | None:
        return self.registry.site(self.site_id, self.day)

    @lazy
    def filling_enterprise_id(self) -> str | None:
        """The site's enterprise, or the scan's where no site is known (rules 11 and 13)."""
        return self.site.enterprise if self.site else self.enterprise_id

    @lazy
    def filling_enterprise(self) -> Enterprise | None:
        return self.registry.enterprise(self.filling_enterprise_id, self.day)

    @lazy
    def model(self) -> Model | None:
        return self.registry.model(self.cylinder.model, self.day)

    @lazy
    def place(self) -> Geo | None:
        """Where the scan was made: its own `geo`, else its site's, which is exact."""
        if self.scan.geo is not None:
            return self.scan.geo
        return self.origin.place

    @lazy
    def sighting(self) -> Sighting | None:
        """This scan as evidence of where the cylinder is, if it is any (rule 3): no question, not the public's, exact."""
        if self.place is None or self.place.acc_m >= self.parameters.clone_accuracy_metres:
            return None
        if self.scan.dry_run or isinstance(self.scan, LookupScan):
            return None
        if self.device is not None and self.device.device_kind == "public":
            return None
        return Sighting(self.origin, self.at, self.place)

    @lazy
    def origin(self) -> Origin:
        """Who and where, to be kept."""
        device, site = self.device, self.site
        return Origin(
            self.scan.device,
            self.scan.operator,
            self.enterprise_id,
            self.site_id,
            self.scan.site,
            self.filling_enterprise_id,
            self.enterprise_id if device is not None and device.device_kind == "agency" else None,
            Geo(site.geo.lon, site.geo.lat, 0.0) if site is not None and site.geo is not None else None,
        )

    @lazy
    def full_before_or_after(self) -> bool:
        """Whether the cylinder is full before this scan or by it."""
        return self.cylinder.full or isinstance(self.scan, FillScan) or getattr(self.scan.data, "full", False)

    @property
    def vehicle_id(self) -> str | None:
        return getattr(self.scan.data, "vehicle", None) or None

    @lazy
    def vehicle(self) -> Vehicle | None:
        return self.registry.vehicle(self.vehicle_id, self.day)

    @property
    def customer_id(self) -> str | None:
        """Who stands on the other side; an empty name is none."""
        return getattr(self.scan.data, "customer", None) or None

    @lazy
    def customer(self) -> Customer | None:
        return self.registry.customer(self.customer_id, self.day)

    def qualified(self, person: str | None, role: str) -> Staff | None:
        """The person's row of that role, with a certificate valid on the day; one who is not named has none."""
        staff = self.registry.staff(person, role, self.day)
        return staff if staff and staff.certificate and staff.certificate.good_on(self.day) else None
