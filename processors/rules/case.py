"""What a rule looks at: one scan, the cylinder before it, and the registry on its day."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

from processors.cylinder import Cylinder
from processors.model import Scan
from processors.parameters import Parameters
from processors.registry import Customer, Device, Enterprise, Model, Registry, Site
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

    def __init__(self, scan: Scan, at: int, cylinder: Cylinder, registry: Registry, parameters: Parameters) -> None:
        self.scan = scan
        self.at = at
        self.cylinder = cylinder
        self.registry = registry
        self.parameters = parameters
        self.day = day_of(at)

    @lazy
    def device(self) -> Device | None:
        return self.registry.device(self.scan.device, self.day)

    @lazy
    def enterprise_id(self) -> str | None:
        """The scan's enterprise is its device's."""
        return self.device.enterprise if self.device else None

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

    @property
    def customer_id(self) -> str | None:
        """Who stands on the other side; an empty name is none."""
        return getattr(self.scan.data, "customer", None) or None

    @lazy
    def customer(self) -> Customer | None:
        return self.registry.customer(self.customer_id, self.day)
