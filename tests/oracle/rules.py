"""The rules, each a small function of one case: None, or the evidence the texts name (an empty dict where they name none)."""

from dataclasses import dataclass
from datetime import date

from .past import Past, Scan
from .registry import Known, licence_holds
from .times import day_of


@dataclass(frozen=True)
class Case:
    """A scan, what came before it on its label, the registry as known. `type`: a precheck is judged as the fill it asks."""

    scan: Scan
    past: Past
    known: Known
    type: str

    @property
    def day(self) -> date:
        return day_of(self.scan.time)

    @property
    def device(self) -> dict:
        return self.known.at("device", self.scan.body["device"], self.day)

    @property
    def enterprise(self) -> str:
        return self.device["enterprise"]

    @property
    def site(self) -> dict | None:
        """The row of the scan's site: its own, else for station and agency devices the device's."""
        of_device = self.device.get("site") if self.device["device_kind"] in {"station", "agency"} else None
        return self.known.at("site", self.scan.body.get("site") or of_device, self.day)

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


def unknown_label(case: Case):
    return {} if case.past.is_unknown(case.scan) else None


def duplicate_binding(case: Case):
    return {} if case.past.is_double(case.scan) else None


def scrapped_in_use(case: Case):
    return {} if case.past.scrapped and case.scan.type not in {"lookup", "scrap"} else None


def inspection_overdue(case: Case):
    return {"due": case.past.due().isoformat()} if case.day > case.past.due() else None


def inspection_overdue_fill(case: Case):
    return inspection_overdue(case) if case.type == "fill" else None


def inspection_overdue_deliver(case: Case):
    return inspection_overdue(case) if case.type == "deliver" else None


def foreign_cylinder_fill(case: Case):
    return {} if case.type == "fill" and case.site_enterprise != case.past.owner() else None


def unlicensed_filling(case: Case):
    enterprise = case.known.at("enterprise", case.site_enterprise, case.day) or {}
    return {} if case.type == "fill" and not licence_holds(enterprise.get("filling_licence"), case.day) else None


def overfill(case: Case):
    if case.type != "fill" or case.model is None:
        return None
    limit = round(case.model["max_fill_kg"] * 1000) + round(case.model["tolerance_kg"] * 1000)
    return {} if round(case.scan.data["net_kg"] * 1000) > limit else None


def deliver_without_fill(case: Case):
    return {} if case.type == "deliver" and not case.past.full() else None


def realname_missing(case: Case):
    verified = case.customer is not None and case.customer.get("realname_verified")
    return {} if case.type == "deliver" and not verified else None


def incident_reported(case: Case):
    if case.type != "incident":
        return None
    return {"moves": [(move.type, move.time) for move in case.past.moves()[-5:]]}


STAND_ALONE = {"UNKNOWN_LABEL": unknown_label, "SCRAPPED_IN_USE": scrapped_in_use}
ALWAYS = {"INCIDENT_REPORTED": incident_reported}
OTHERS = {
    "DUPLICATE_BINDING": duplicate_binding,
    "INSPECTION_OVERDUE_FILL": inspection_overdue_fill,
    "INSPECTION_OVERDUE_DELIVER": inspection_overdue_deliver,
    "FOREIGN_CYLINDER_FILL": foreign_cylinder_fill,
    "UNLICENSED_FILLING": unlicensed_filling,
    "OVERFILL": overfill,
    "DELIVER_WITHOUT_FILL": deliver_without_fill,
    "REALNAME_MISSING": realname_missing,
}
OF_A_PRECHECK = {
    "UNKNOWN_LABEL",
    "SCRAPPED_IN_USE",
    "INSPECTION_OVERDUE_FILL",
    "FOREIGN_CYLINDER_FILL",
    "UNLICENSED_FILLING",
}


def violations(scan: Scan, past: Past, known: Known) -> tuple[Case, dict[str, dict]]:
    """The codes of a scan with their evidence, in no particular order."""
    case = Case(scan, past, known, "fill" if scan.type == "precheck" else scan.type)
    found = {}
    for code, rule in STAND_ALONE.items():
        if scan.type == "lookup" and code != "UNKNOWN_LABEL":
            continue
        if (evidence := rule(case)) is not None:
            found = {code: evidence}
            break
    others = ALWAYS if found else {**OTHERS, **ALWAYS}
    for code, rule in others.items():
        if scan.type == "lookup" or (scan.type == "precheck" and code not in OF_A_PRECHECK):
            continue
        if (evidence := rule(case)) is not None:
            found[code] = evidence
    return case, found
