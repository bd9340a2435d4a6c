"""Who is told of a violation, in which district, and who is responsible."""

from dataclasses import replace
from datetime import datetime

from .case import Case
from .catalogue import CATALOGUE

FILLING = {5, 6, 11, 13, *range(15, 22)}
OF_VEHICLE = {31, 32}


def responsible(case: Case, number: int) -> list[str]:
    """The id of the enterprise whose duty was broken; of several the texts leave open which."""
    if number == 16:
        return fillers(case)
    if number in FILLING and case.scan.type != "deliver":
        return [case.site_enterprise]  # rules of the fill itself, which is then the last fill
    if number in OF_VEHICLE and case.vehicle:
        return [case.vehicle["enterprise"]]
    return [case.enterprise]


def fillers(case: Case) -> list[str]:
    """The enterprise of the last fill's site: on the day of the scan judged, or on that of the fill."""
    fill = case.past.of_type("fill")[-1]
    judged = next(each for each in case.past.judged if each.scan is fill)
    then = case.past.registry.known(judged.clock)
    views = [(case.known, case.day), (case.known, fill.day), (then, fill.day)]
    sites = [known.at("site", fill.site, day) for known, day in views]
    return list(dict.fromkeys(site["enterprise"] if site else fill.enterprise for site in sites))


def districts(case: Case, answerable: str) -> list[str]:
    """The site's, else the customer's, else the scan's enterprise's own; then the responsible one's where it differs."""

    def of(row: dict | None) -> str | None:
        return row.get("district") if row else None

    own = of(case.known.at("enterprise", case.enterprise, case.day))
    first = of(case.site) or of(case.customer) or own
    second = of(case.known.at("enterprise", answerable, case.day))
    return [district for district in dict.fromkeys([first, second]) if district]


def whom(case: Case, number: int) -> list[dict]:
    """All that may stand for `responsible` and `districts`."""
    possible = []
    for answerable in responsible(case, number):
        name = (case.known.at("enterprise", answerable, case.day) or {}).get("name")
        party = {"kind": "enterprise", "id": answerable, "name": name}
        possible.append({"responsible": party, "districts": districts(case, answerable)})
    return possible


def alert(case: Case, code: str, evidence: dict) -> dict:
    """The record, without `alert_id` and the English title, which the texts leave open."""
    entry, scan = CATALOGUE[code], case.scan
    to, cc = entry.told(scan.type)
    return {
        "code": code,
        "title": {"zh": entry.zh},
        "severity": entry.severity,
        "status": "suspected",
        "time": scan.time,
        "raised_at": [case.known.clock],
        "label": scan.label,
        "scan_id": scan.body["scan_id"],
        "type": scan.type,
        "whom": whom(case, entry.number),
        "to": to,
        "cc": cc,
        "basis": entry.articles(),
        "evidence": evidence,
    }


def told_later(case: Case, code: str, evidence: dict, clock: datetime) -> dict:
    """The record of an alert that was looked at anew when the clock stood so.

    By the registry of then or of the arrival; or whose device it was and where by the one, and what these are by the other.
    """
    known, number = case.past.registry.known(clock), CATALOGUE[code].number
    now = [*whom(case.as_known(known), number), *whom(replace(case, known=known), number)]
    record = alert(case, code, evidence)
    return record | {"raised_at": [clock], "whom": record["whom"] + now}


def over(record: dict, status: str, clock: datetime) -> dict:
    """The same alert resolved or retracted. Whether it is raised anew by that the texts leave open."""
    return record | {"status": status, "reason": None, "raised_at": [*record["raised_at"], clock]}
