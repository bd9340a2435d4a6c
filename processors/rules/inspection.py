"""Rules 6 and 7: the inspection date. A due day is the last good day."""

from processors.rules.case import Case
from processors.rules.declaration import GE, MS, Duty, Evidence, rule
from processors.times import iso_day


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
