"""Which rules look at a scan, and what they find: None, or the evidence the texts name (often an empty dict)."""

from . import rules_of_cylinder as cylinder
from . import rules_of_trade as trade
from .case import Case
from .catalogue import CATALOGUE
from .past import Past
from .registry import Known
from .scan import Scan

STAND_ALONE = {"UNKNOWN_LABEL": cylinder.unknown_label, "SCRAPPED_IN_USE": cylinder.scrapped_in_use}
ALWAYS = {"INCIDENT_REPORTED": cylinder.incident_reported, "REPORTED_MISSING": cylinder.reported_missing}
OTHERS = {
    "DUPLICATE_BINDING": cylinder.duplicate_binding,
    "LABEL_CLONE_SUSPECT": cylinder.label_clone_suspect,
    "SERVICE_LIFE_EXCEEDED": cylinder.service_life_exceeded,
    "INSPECTION_OVERDUE_FILL": cylinder.inspection_overdue_fill,
    "INSPECTION_OVERDUE_DELIVER": cylinder.inspection_overdue_deliver,
    "INSPECTION_DUE_SOON": cylinder.inspection_due_soon,
    "INSPECTION_FAILED_IN_USE": cylinder.inspection_failed_in_use,
    "INSPECTION_RECORD_SUSPECT": cylinder.inspection_record_suspect,
    "FOREIGN_CYLINDER_FILL": trade.foreign_cylinder_fill,
    "FOREIGN_CYLINDER_SALE": trade.foreign_cylinder_sale,
    "UNLICENSED_FILLING": trade.unlicensed_filling,
    "UNLICENSED_OPERATOR": trade.unlicensed_operator,
    "PREFILL_CHECK_MISSING": trade.prefill_check_missing,
    "POSTFILL_CHECK_MISSING": trade.postfill_check_missing,
    "OVERFILL": trade.overfill,
    "UNDERFILL": trade.underfill,
    "REFILL_NO_CIRCULATION": trade.refill_no_circulation,
    "FILL_WITHOUT_RETURN": trade.fill_without_return,
    "FILLER_UNQUALIFIED": trade.filler_unqualified,
    "DELIVER_WITHOUT_FILL": trade.deliver_without_fill,
    "DELIVER_WITHOUT_LOAD": trade.deliver_without_load,
    "COURIER_NOT_OF_OWNER": trade.courier_not_of_owner,
    "DELIVER_NO_CONTRACT": trade.deliver_no_contract,
    "REALNAME_MISSING": trade.realname_missing,
    "PROHIBITED_PREMISES": trade.prohibited_premises,
    "HOME_CHECK_OVERDUE": trade.home_check_overdue,
    "VEHICLE_UNLICENSED": trade.vehicle_unlicensed,
    "CREW_UNQUALIFIED": trade.crew_unqualified,
    "UNAPPROVED_LOCATION": cylinder.unapproved_location,
    "TRANSFER_NOT_BY_OWNER": cylinder.transfer_not_by_owner,
}
A_FACT_AT_A_PRECHECK = "LABEL_CLONE_SUSPECT"
OF_A_PRECHECK = {
    "UNKNOWN_LABEL",
    A_FACT_AT_A_PRECHECK,
    "SCRAPPED_IN_USE",
    "SERVICE_LIFE_EXCEEDED",
    "INSPECTION_OVERDUE_FILL",
    "INSPECTION_DUE_SOON",
    "INSPECTION_FAILED_IN_USE",
    "FOREIGN_CYLINDER_FILL",
    "UNLICENSED_FILLING",
    "FILLER_UNQUALIFIED",
}


def violations(scan: Scan, past: Past, known: Known, home_checks: list[Scan]) -> tuple[Case, dict[str, dict]]:
    """The codes of a scan with their evidence, in no particular order."""
    case = Case(scan, past, known, "fill" if scan.type == "precheck" else scan.type, home_checks)
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


def device_answer(case: Case, code: str) -> str:
    """What the device is told: the catalogue's word, for 30 by the case."""
    if code == "HOME_CHECK_OVERDUE":
        return "deny" if case.hazard_open() else "warn"
    return CATALOGUE[code].device


def is_asked(scan: Scan, code: str) -> bool:
    """Whether a violation is only what would be: of a dry run, or of the fill a precheck asks for."""
    return scan.dry_run or (scan.type == "precheck" and code != A_FACT_AT_A_PRECHECK)
