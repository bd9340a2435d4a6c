"""What a rule looks at: one scan, the cylinder before it, and the registry on its day."""

from typing import Any

from processors.cylinder import Cylinder, Sighting
from processors.holder import Holder
from processors.model import FillScan, LookupScan, Scan
from processors.origins import Origin
from processors.parameters import Parameters, Schedule
from processors.registry import Customer, Enterprise, Model, Registry, Site, Staff, Vehicle
from processors.scene import Scene
from processors.times import day_of

_UNASKED: Any = object()


class Case:
    """One scan before its rules. Look-ups are made once, at the scan's own day."""

    # Plain fields, which Python reads in a tenth of the time of a property: rules read thirty of them a scan.
    __slots__ = (
        "_customer", "at", "cylinder", "day", "holder", "model", "parameters", "registry", "scan", "scene", "sighting",
    )  # fmt: skip

    def __init__(
        self, scan: Scan, at: int, cylinder: Cylinder, registry: Registry, day: int, parameters: Parameters,
        scene: Scene, model: Model | None, sighting: Sighting | None,
    ) -> None:  # fmt: skip
        """Of what is at hand; `Case.of` looks it up."""
        self.scan = scan
        self.at = at
        self.cylinder = cylinder
        self.registry = registry
        self.day = day
        self.parameters = parameters
        self.scene = scene
        self.model = model
        self.sighting = sighting  # this scan as evidence of where the cylinder is, if it is any (rule 3)
        self.holder: Holder | None = None  # what the customer or the vehicle has, where a rule looks at that
        self._customer: Customer | None = _UNASKED

    @classmethod
    def of(cls, scan: Scan, at: int, cylinder: Cylinder, registry: Registry, schedule: Schedule) -> "Case":
        """A scan made `at`, of a cylinder that stands so."""
        day = day_of(at)
        parameters = schedule.on(day)
        scene = registry.scene(scan.device, scan.operator, scan.site, day)
        model = registry.model(cylinder.model, day)
        return cls(
            scan, at, cylinder, registry, day, parameters, scene, model, sighting_of(scan, at, scene, parameters)
        )  # fmt: skip

    @property
    def enterprise_id(self) -> str | None:
        """The scan's enterprise, which is its device's."""
        return self.scene.enterprise_id

    @property
    def enterprise(self) -> Enterprise | None:
        return self.scene.enterprise

    @property
    def site_id(self) -> str | None:
        return self.scene.site_id

    @property
    def site(self) -> Site | None:
        return self.scene.site

    @property
    def filling_enterprise_id(self) -> str | None:
        return self.scene.filling_enterprise_id

    @property
    def filling_enterprise(self) -> Enterprise | None:
        return self.scene.filling_enterprise

    @property
    def origin(self) -> Origin:
        """Who and where, to be kept."""
        return self.scene.origin

    @property
    def full_before_or_after(self) -> bool:
        """Whether the cylinder is full before this scan or by it."""
        return self.cylinder.full or isinstance(self.scan, FillScan) or getattr(self.scan.data, "full", False)

    @property
    def vehicle_id(self) -> str | None:
        return getattr(self.scan.data, "vehicle", None) or None

    @property
    def vehicle(self) -> Vehicle | None:
        return self.registry.vehicle(self.vehicle_id, self.day)

    @property
    def customer_id(self) -> str | None:
        """Who stands on the other side; an empty name is none."""
        return getattr(self.scan.data, "customer", None) or None

    @property
    def customer(self) -> Customer | None:
        if self._customer is _UNASKED:
            self._customer = self.registry.customer(self.customer_id, self.day)
        return self._customer

    def qualified(self, person: str | None, role: str) -> Staff | None:
        """The person's row of that role, with a certificate valid on the day; one who is not named has none."""
        staff = self.registry.staff(person, role, self.day)
        return staff if staff and staff.certificate and staff.certificate.good_on(self.day) else None


def sighting_of(scan: Scan, at: int, scene: Scene, parameters: Parameters) -> Sighting | None:
    """The scan as evidence of where the cylinder is (rule 3): no question, not the public's, exact.

    A scan's place is its own `geo`, else its site's, which is exact.
    """
    place = scan.geo or scene.origin.place
    if place is None or scene.is_public or scan.dry_run or isinstance(scan, LookupScan):
        return None
    return Sighting(scene.origin, at, place) if place.acc_m < parameters.clone_accuracy_metres else None
