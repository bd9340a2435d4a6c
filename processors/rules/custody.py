"""Rules 4, 22, 36 and 37: the chain of hands."""

from processors.cylinder import Move
from processors.model import IncidentScan, MissingScan
from processors.rules.case import Case
from processors.rules.declaration import EVERY_SCAN, FR, GE, MS, PS, Duty, Evidence, rule
from processors.times import rfc3339


@rule(
    no=4, code="SCRAPPED_IN_USE", zh="报废瓶流通", en="Scrapped cylinder in use", severity="critical",
    scans=EVERY_SCAN, to=(MS,), to_at_delivery=(GE,), basis=("SEL48", "SEL84"), device="deny", duty=Duty.SCANNING,
    at_precheck=True, alone=True, holds_state=True,
)  # fmt: skip
def scrapped_in_use(case: Case) -> Evidence | None:
    """Any scan but `lookup` and `scrap` after `scrap`."""
    return {} if case.cylinder.scrapped and case.scan.type not in ("lookup", "scrap") else None


@rule(
    no=22, code="DELIVER_WITHOUT_FILL", zh="无充装记录配送", en="Delivered without a fill on record", severity="critical",
    scans=("deliver",), to=(GE, MS), basis=("UG18(8)",), device="deny", duty=Duty.DELIVERING,
)  # fmt: skip
def deliver_without_fill(case: Case) -> Evidence | None:
    """Not full when delivered: no fill since the last return."""
    if case.cylinder.full:
        return None
    fill = case.cylinder.last_fill
    return {"last_fill": rfc3339(fill.at) if fill else None}


@rule(
    no=36, code="INCIDENT_REPORTED", zh="事故报告", en="Incident reported", severity="critical",
    scans=("incident",), to=(FR, MS, GE, PS), basis=("UG",), device="silent", duty=Duty.SCANNING,
    always=True,
)  # fmt: skip
def incident_reported(case: Case) -> Evidence | None:
    """Any `incident`, on unknown and scrapped cylinders too; carries the last five moves."""
    if not isinstance(case.scan, IncidentScan):
        return None
    return {"kind": case.scan.data.kind, "moves": [_as_evidence(move) for move in case.cylinder.moves]}


@rule(
    no=37, code="REPORTED_MISSING", zh="挂失", en="Reported missing", severity="medium",
    scans=("missing",), to=(PS,), cc=(GE,), basis=("治安法",), device="silent", duty=Duty.SCANNING,
    always=True,
)  # fmt: skip
def reported_missing(case: Case) -> Evidence | None:
    """Any `missing`; the next move says it was found and resolves it."""
    return {"kind": case.scan.data.kind} if isinstance(case.scan, MissingScan) else None


def _as_evidence(move: Move) -> Evidence:
    named = {name: getattr(move, name) for name in ("enterprise", "site", "device", "operator", "customer", "vehicle")}
    return {"type": move.type, "time": rfc3339(move.at)} | {name: who for name, who in named.items() if who}
