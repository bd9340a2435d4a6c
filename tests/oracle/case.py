"""One scan to be judged, with all that a rule may look at."""

from dataclasses import dataclass, replace
from datetime import date

from .past import Past
from .registry import Known, licence_holds
from .scan import Scan
from .times import a_day, day_of

ACCURACY_M = 100  # of a `geo` that does not say


@dataclass(frozen=True)
class Case:
    """A scan, what came before it on its label, the registry as known. `type`: a precheck is judged as the fill it asks."""

    scan: Scan
    past: Past
    known: Known
    type: str
    home_checks: list[Scan]  # all that had arrived, of any customer

    def as_known(self, known: Known) -> "Case":
        """The same scan with the registry of another moment, which may say otherwise of its device."""
        device = known.at("device", self.scan.body["device"], self.day) or self.scan.device
        return replace(self, known=known, scan=replace(self.scan, device=device))

    @property
    def day(self) -> date:
        return self.scan.day

    @property
    def enterprise(self) -> str:
        return self.scan.enterprise

    @property
    def site(self) -> dict | None:
        return self.known.at("site", self.scan.site, self.day)

    @property
    def site_enterprise(self) -> str:
        """The enterprise of the site, of the scan where no site is known."""
        return self.site["enterprise"] if self.site else self.enterprise

    @property
    def customer(self) -> dict | None:
        return self.known.at("customer", self.scan.data.get("customer"), self.day)

    @property
    def model(self) -> dict | None:
        return self.known.at("model", self.past.binding.data["model"], self.day)

    @property
    def vehicle(self) -> dict | None:
        return self.known.at("vehicle", self.scan.data.get("vehicle"), self.day)

    def has_licence(self, enterprise: str, which: str) -> bool:
        row = self.known.at("enterprise", enterprise, self.day) or {}
        return licence_holds(row.get(which), self.day)

    def end_of_life(self) -> date:
        return self.past.end_of_life((self.model or {}).get("life_years"))

    def qualified(self, person: str | None, role: str, enterprise: str | None = None) -> bool:
        """Whether a named person has a row of this role (and this enterprise) and a certificate good on the day."""
        row = self.known.at("staff", person, self.day, role) if person is not None else None
        if row is None or not licence_holds(row.get("certificate"), self.day):
            return False
        return enterprise is None or row["enterprise"] == enterprise

    def full_before_or_after(self) -> bool:
        return self.past.full() or self.past.followed_by(self.past.judge(self.scan, self.known)).full()

    def checks(self, result: str) -> list[Scan]:
        """The household checks of the customer with this result, up to the time of the scan."""
        return [
            check
            for check in self.home_checks
            if check.data.get("customer") == self.scan.data["customer"]
            and check.data["result"] == result
            and check.time <= self.scan.time
        ]

    def good_checks(self) -> list[date]:
        """The days of the good household checks: the registry's and those scanned."""
        of_registry = self.customer.get("home_check")
        days = [a_day(of_registry)] if of_registry and a_day(of_registry) <= self.day else []
        return days + [day_of(check.time) for check in self.checks("ok")]

    def hazard_open(self) -> bool:
        """A hazard without an `ok` scan at its time or later, and no registry check on its day or later."""
        of_registry = self.customer.get("home_check")
        registered = a_day(of_registry) if of_registry and a_day(of_registry) <= self.day else date.min
        return any(
            registered < day_of(hazard.time) and all(ok.time < hazard.time for ok in self.checks("ok"))
            for hazard in self.checks("hazard")
        )


def place(scan: Scan, known: Known) -> tuple[dict, float] | None:
    """Where a scan was made and how exactly, in metres: its `geo`, else its site's."""
    if geo := scan.body.get("geo"):
        return geo, geo.get("acc_m", ACCURACY_M)
    site = known.at("site", scan.site, day_of(scan.time)) or {}
    return (site["geo"], 0) if site.get("geo") else None
