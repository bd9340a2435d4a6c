"""Rules 13 and 14: who may fill and who may sell at all. A suspended licence is no licence."""

from processors.registry import Licence
from processors.rules.case import Case
from processors.rules.declaration import GE, MS, PS, Duty, Evidence, rule


@rule(
    no=13, code="UNLICENSED_FILLING", zh="无证充装", en="Filled without a valid filling licence", severity="critical",
    scans=("fill",), to=(MS,), basis=("SEL85",), device="deny", duty=Duty.FILLING, at_precheck=True,
)  # fmt: skip
def unlicensed_filling(case: Case) -> Evidence | None:
    """`fill`, the filling licence is missing, expired or suspended at event time."""
    return _without(case.filling_enterprise.filling_licence if case.filling_enterprise else None, case.day)


@rule(
    no=14, code="UNLICENSED_OPERATOR", zh="无证经营", en="Sold without a valid gas licence", severity="critical",
    scans=("deliver",), to=(GE, PS), basis=("UG45",), device="deny", duty=Duty.DELIVERING,
)  # fmt: skip
def unlicensed_operator(case: Case) -> Evidence | None:
    """`deliver`, the gas licence is missing, expired or suspended at event time."""
    return _without(case.enterprise.gas_licence if case.enterprise else None, case.day)


def _without(licence: Licence | None, day: int) -> Evidence | None:
    if licence is None:
        return {"licence": None}
    if licence.good_on(day):
        return None
    return {"licence": licence.no, "valid_to": licence.valid_to.isoformat(), "suspended": licence.suspended}
