"""Rules 5 to 10: how long a cylinder may live, and its inspections. A due day is the last good day."""

from processors.model import InspectScan
from processors.rules.case import Case
from processors.rules.declaration import GE, MOVES_BUT_SENDING, MS, Duty, Evidence, rule
from processors.times import iso_day, years_after


@rule(
    no=6, code="INSPECTION_OVERDUE_FILL", zh="超期未检充装", en="Filled past its inspection date", severity="critical",
    scans=("fill",), to=(MS,), basis=("ZS10(2)",), device="deny", duty=Duty.FILLING, at_precheck=True,
)  # fmt: skip
def inspection_overdue_fill(case: Case) -> Evidence | None:
    """`fill` past the inspection date."""
    return _overdue(case)


@rule(
    no=7, code="INSPECTION_OVERDUE_DELIVER", zh="配送超期瓶", en="Delivered past its inspection date", severity="high",
    scans=("deliver",), to=(GE,), basis=("ZG20(2)",), device="deny", duty=Duty.DELIVERING,
)  # fmt: skip
def inspection_overdue_deliver(case: Case) -> Evidence | None:
    """`deliver` past the inspection date."""
    return _overdue(case)


def _overdue(case: Case) -> Evidence | None:
    due = case.cylinder.due
    return {"due": iso_day(due)} if case.day > due else None


@rule(
    no=8, code="INSPECTION_DUE_SOON", zh="即将到期", en="Inspection due soon", severity="low",
    scans=("fill",), to=(), basis=("SEL40",), device="warn", duty=Duty.FILLING, at_precheck=True,
)  # fmt: skip
def inspection_due_soon(case: Case) -> Evidence | None:
    """`fill` in the last days before the inspection date, that day included; the device hears it, no authority."""
    days = case.cylinder.due - case.day
    return {"due": iso_day(case.cylinder.due)} if 0 <= days <= case.parameters.due_soon_days else None


@rule(
    no=9, code="INSPECTION_FAILED_IN_USE", zh="不合格瓶流通", en="Failed cylinder in use", severity="critical",
    scans=("transfer", *MOVES_BUT_SENDING), to=(MS,), basis=("ZS10(3)",), device="deny", duty=Duty.SCANNING,
    at_precheck=True,
)  # fmt: skip
def inspection_failed_in_use(case: Case) -> Evidence | None:
    """Transfer and every move but `send_inspection` after a failed one; the way to the agency is free of it."""
    cylinder = case.cylinder
    if not cylinder.failed or (cylinder.to_agency and case.scan.type in ("load", "unload", "receive")):
        return None
    return {}


@rule(
    no=10, code="INSPECTION_RECORD_SUSPECT", zh="检验记录可疑", en="Inspection record suspect", severity="high",
    scans=("inspect",), to=(MS,), basis=("SEL",), device="warn", duty=Duty.SCANNING,
)  # fmt: skip
def inspection_record_suspect(case: Case) -> Evidence | None:
    """`inspect` by an unlicensed agency, of a cylinder last seen elsewhere and not sent, or renewed for too long."""
    scan = case.scan
    if not isinstance(scan, InspectScan):
        return None
    agency = case.registry.enterprise(case.enterprise_id, case.day)
    licence = agency.inspection_licence if agency else None
    if licence is None or not licence.good_on(case.day):
        return {"why": "licence", "agency": case.enterprise_id}
    if not _was_brought(case):
        return {"why": "not_sent", "agency": case.enterprise_id}
    due = scan.data.next_due
    latest = years_after(case.day, case.parameters.inspection_years)
    if scan.data.result == "pass" and due is not None and due.toordinal() > latest:
        return {"why": "next_due", "next_due": due.isoformat()}
    return None


def _was_brought(case: Case) -> bool:
    """Whether the last move, if any, sent it to this agency or received it at one of its sites."""
    move = case.cylinder.last_move
    if move is None:
        return True
    if move.type == "send_inspection":
        return move.agency == case.enterprise_id
    site = case.registry.site(move.site, case.day)
    return move.type == "receive" and site is not None and site.enterprise == case.enterprise_id


@rule(
    no=5, code="SERVICE_LIFE_EXCEEDED", zh="超使用年限", en="Past its service life", severity="critical",
    scans=("fill", "deliver"), to=(MS,), to_at_delivery=(GE,), basis=("ZS10(4)",), device="deny", duty=Duty.FILLING,
    at_precheck=True,
)  # fmt: skip
def service_life_exceeded(case: Case) -> Evidence | None:
    """`fill` or `deliver` past the end of its design life."""
    life = case.model.life_years if case.model else case.parameters.life_years
    end = case.cylinder.end_of_life(life, case.parameters)
    return {"end_of_life": iso_day(end)} if case.day > end else None
