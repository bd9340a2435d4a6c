"""What a rule looks at: one scan, the cylinder before it, and the registry on its day."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

from processors.cylinder import Cylinder, Sighting
from processors.holder import Holder
from processors.model import FillScan, LookupScan, Scan
from processors.parameters import Schedule
from processors.registry import Customer, Model, Registry, Staff, Vehicle
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
        scene = registry.scene(scan.device, scan.operator, scan.site, self.day)
        self.device = scene.device
        self.enterprise_id = scene.enterprise_id
        self.enterprise = scene.enterprise
        self.site_id = scene.site_id
        self.site = scene.site
        self.filling_enterprise_id = scene.filling_enterprise_id
        self.filling_enterprise = scene.filling_enterprise
        self.origin = scene.origin  # who and where, to be kept
        self.is_public = scene.is_public

    @lazy
    def model(self) -> Model | None:
        return self.registry.model(self.cylinder.model, self.day)

    @lazy
    def sighting(self) -> Sighting | None:
        """This scan as evidence of where the cylinder is, if it is any (rule 3): no question, not the public's, exact.

        A scan's place is its own `geo`, else its site's, which is exact.
        """
        scan, origin = self.scan, self.origin
        place = scan.geo or origin.place
        if place is None or self.is_public or scan.dry_run or isinstance(scan, LookupScan):
            return None
        if place.acc_m >= self.parameters.clone_accuracy_metres:
            return None
        return Sighting(origin, self.at, place)

    @property
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
