"""What a rule looks at: one scan, the cylinder before it, and the registry on its day."""

from functools import cached_property

from processors.cylinder import Cylinder
from processors.model import Scan
from processors.parameters import Parameters
from processors.registry import Customer, Device, Enterprise, Model, Registry, Site
from processors.times import day_of, instant


class Case:
    """One scan before its rules. Look-ups are made once, when first asked for, at the scan's own day."""

    def __init__(self, scan: Scan, cylinder: Cylinder, registry: Registry, parameters: Parameters) -> None:
        self.scan = scan
        self.cylinder = cylinder
        self.registry = registry
        self.parameters = parameters
        self.at = instant(scan.time)
        self.day = day_of(self.at)

    @cached_property
    def device(self) -> Device | None:
        return self.registry.device(self.scan.device, self.day)

    @cached_property
    def enterprise_id(self) -> str | None:
        """The scan's enterprise is its device's."""
        return self.device.enterprise if self.device else None

    @cached_property
    def site_id(self) -> str | None:
        """The scan's site, else the one a station or agency device stands at."""
        if self.scan.site:
            return self.scan.site
        if self.device and self.device.device_kind in ("station", "agency"):
            return self.device.site
        return None

    @cached_property
    def site(self) -> Site | None:
        return self.registry.site(self.site_id, self.day)

    @cached_property
    def filling_enterprise_id(self) -> str | None:
        """The site's enterprise, or the scan's where no site is known (rules 11 and 13)."""
        return self.site.enterprise if self.site else self.enterprise_id

    @cached_property
    def filling_enterprise(self) -> Enterprise | None:
        return self.registry.enterprise(self.filling_enterprise_id, self.day)

    @cached_property
    def model(self) -> Model | None:
        return self.registry.model(self.cylinder.model, self.day)

    @property
    def customer_id(self) -> str | None:
        """Who stands on the other side; an empty name is none."""
        return getattr(self.scan.data, "customer", None) or None

    @cached_property
    def customer(self) -> Customer | None:
        return self.registry.customer(self.customer_id, self.day)
