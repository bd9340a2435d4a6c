"""What happened in the city, deed by deed: one method for each scan type, and what is expected to come of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any
from zlib import crc32

from load_tests.city.geography import Place
from load_tests.city.world import Courier, Customer, Cylinder, Site, Vehicle


@dataclass(slots=True)
class Deed:
    """One scan to come. `key` orders: scans of one key are sent one after the other."""

    time: datetime
    type: str
    code: str
    device: str
    key: str
    operator: str | None = None
    site: str | None = None
    place: Place | None = None
    data: dict[str, Any] = field(default_factory=dict)
    dry_run: bool = False
    alerts: tuple[str, ...] = ()
    prevented: tuple[str, ...] = ()
    told: tuple[str, ...] = ()  # in the verdict, to no authority

    def expect(self, *alerts: str) -> "Deed":
        """This deed breaks these rules, and their authorities must hear of it."""
        self.alerts = alerts
        return self


class Diary:
    """All deeds, in the order they were written down."""

    def __init__(self, rng: Random) -> None:
        self.deeds: list[Deed] = []
        self._rng = rng

    def bind(self, time: datetime, cylinder: Cylinder, site: Site, **otherwise: Any) -> Deed:
        """Fit the label. `otherwise` replaces fields of the name-plate, as for a second cylinder."""
        data = {
            "serial": cylinder.serial, "maker": cylinder.maker, "made": cylinder.made.isoformat(),
            "model": cylinder.model.id, "owner": cylinder.owner, "inspected": cylinder.inspected.isoformat(),
        }  # fmt: skip
        return self._at_site(time, "bind", cylinder.label, site, data | otherwise)

    def precheck(self, time: datetime, cylinder: Cylinder, site: Site, *prevented: str) -> Deed:
        """The station looks the cylinder over. `prevented` are the rules its filling would break."""
        deed = self._at_site(time, "precheck", cylinder.label, site, {"passed": True})
        deed.prevented = prevented
        return deed

    def fill(self, time: datetime, cylinder: Cylinder, site: Site, net_kg: float | None = None) -> Deed:
        """Fill it; without `net_kg` a little below the maximum, as scales are set."""
        model = cylinder.model
        if net_kg is None:
            net_kg = round(model.max_kg - self._rng.uniform(0, model.tolerance_kg / 2), 2)
        data = {"net_kg": net_kg, "scale": f"J{self._rng.randint(1, 4)}"}
        return self._at_site(time, "fill", cylinder.label, site, data)

    def postcheck(self, time: datetime, cylinder: Cylinder, site: Site, *, passed: bool = True) -> Deed:
        return self._at_site(time, "postcheck", cylinder.label, site, {"passed": passed})

    def receive(self, time: datetime, label: str, site: Site, *, full: bool = False) -> Deed:
        return self._at_site(time, "receive", label, site, {"full": True} if full else {})

    def send(self, time: datetime, cylinder: Cylinder, site: Site, agency: str) -> Deed:
        return self._at_site(time, "send_inspection", cylinder.label, site, {"agency": agency})

    def inspect(self, time: datetime, cylinder: Cylinder, site: Site, **data: Any) -> Deed:
        report = f"R{time:%m%d}-{cylinder.serial}"
        return self._at_site(time, "inspect", cylinder.label, site, {"report": report, **data})

    def scrap(self, time: datetime, cylinder: Cylinder, site: Site) -> Deed:
        return self._at_site(time, "scrap", cylinder.label, site, {"reason": "shell corroded"})

    def load(self, time: datetime, cylinder: Cylinder, site: Site, vehicle: Vehicle) -> Deed:
        return self._onto(time, "load", cylinder.label, site, vehicle)

    def unload(self, time: datetime, cylinder: Cylinder, site: Site, vehicle: Vehicle) -> Deed:
        return self._onto(time, "unload", cylinder.label, site, vehicle)

    def deliver(self, time: datetime, label: str, courier: Courier, place: Place, customer: Customer | None) -> Deed:
        data = {"vehicle": courier.vehicle.id} | ({"customer": customer.id} if customer else {})
        return self._by_courier(time, "deliver", label, courier, place=place, **data)

    def collect(self, time: datetime, label: str, courier: Courier, customer: Customer) -> Deed:
        return self._by_courier(time, "collect", label, courier, place=customer.place, customer=customer.id)

    def home_check(self, time: datetime, courier: Courier, customer: Customer) -> Deed:
        deed = self._by_courier(
            time, "home_check", "", courier, place=customer.place, customer=customer.id, result="ok"
        )
        deed.key = f"customer/{customer.id}"
        return deed

    def office(self, time: datetime, type: str, label: str, device: str, **data: Any) -> Deed:
        """What a desk does: transfers, scrapping on paper. A desk has no place."""
        return self._note(Deed(time, type, label, device, label, data=data))

    def phone(self, time: datetime, type: str, label: str, device: str, place: Place, **data: Any) -> Deed:
        """What anyone does with a phone: `lookup`, `incident`."""
        return self._note(Deed(time, type, label, device, label, place=place, data=data))

    def incident(self, time: datetime, label: str, courier: Courier, place: Place, kind: str) -> Deed:
        return self._by_courier(time, "incident", label, courier, place=place, kind=kind)

    def _at_site(self, time: datetime, type: str, label: str, site: Site, data: dict[str, Any]) -> Deed:
        # A fixed device often says no place of its own: its site's counts then.
        place = site.place if self._rng.random() < 0.7 else None
        # Whoever is at a post stays there for the hour, so that one device does a whole batch of cylinders.
        shift = crc32(f"{type} {time:%d %H}".encode())
        device, person = site.devices[shift % len(site.devices)], site.people[shift % len(site.people)]
        return self._note(Deed(time, type, label, device, label, person, site.id, place, data))

    def _onto(self, time: datetime, type: str, label: str, site: Site, vehicle: Vehicle) -> Deed:
        data = {"vehicle": vehicle.id, "driver": vehicle.driver, "escort": vehicle.escort}
        return self._note(Deed(time, type, label, vehicle.device, label, vehicle.driver, site.id, site.place, data))

    def _by_courier(
        self, time: datetime, type: str, label: str, courier: Courier, *, place: Place, **data: str
    ) -> Deed:
        return self._note(Deed(time, type, label, courier.device, label, courier.id, place=place, data=data))

    def _note(self, deed: Deed) -> Deed:
        self.deeds.append(deed)
        return deed

    def __iter__(self) -> Iterator[Deed]:
        return iter(self.deeds)
