"""Who is told of a violation, in which district, and who is responsible."""

from .case import Case
from .catalogue import CATALOGUE
from .past import Scan

FILLING = {5, 6, 11, 13, *range(15, 22)}
OF_VEHICLE = {31, 32}


def responsible(case: Case, number: int) -> str:
    """The id of the enterprise whose duty was broken."""
    if (
        number in FILLING and case.scan.type != "deliver"
    ):  # rules of the fill itself so far, which is then the last fill
        return case.site_enterprise
    if number in OF_VEHICLE and case.vehicle:
        return case.vehicle["enterprise"]
    return case.enterprise


def districts(case: Case, answerable: str) -> list[str]:
    """The site's, else the customer's, else the scan's enterprise's own; then the responsible one's where it differs."""

    def of(row: dict | None) -> str | None:
        return row.get("district") if row else None

    own = of(case.known.at("enterprise", case.enterprise, case.day))
    first = of(case.site) or of(case.customer) or own
    second = of(case.known.at("enterprise", answerable, case.day))
    return [district for district in dict.fromkeys([first, second]) if district]


def alert(case: Case, code: str, evidence: dict) -> dict:
    """The record, without `alert_id` and the English title, which the texts leave open."""
    entry, scan = CATALOGUE[code], case.scan
    answerable = responsible(case, entry.number)
    row = case.known.at("enterprise", answerable, case.day) or {}
    to, cc = entry.told(scan.type)
    return {
        "code": code,
        "title": {"zh": entry.zh},
        "severity": entry.severity,
        "status": "suspected",
        "time": scan.time,
        "raised_at": scan.clock,
        "label": scan.label,
        "scan_id": scan.body["scan_id"],
        "type": scan.type,
        "responsible": {"kind": "enterprise", "id": answerable, "name": row.get("name")},
        "districts": districts(case, answerable),
        "to": to,
        "cc": cc,
        "basis": entry.articles(),
        "evidence": evidence,
    }


def resolved(case: Case, code: str, moved: Scan) -> dict:
    """The record of an alert that a later scan resolved. Whether it is raised anew the texts leave open."""
    return alert(case, code, {}) | {"status": "resolved", "reason": None, "raised_at": (case.scan.clock, moved.clock)}
