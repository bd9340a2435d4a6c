"""Rule 13: who may fill at all."""

from processors.rules.case import Case
from processors.rules.declaration import MS, Duty, Evidence, rule


@rule(
    no=13, code="UNLICENSED_FILLING", zh="无证充装", en="Filled without a valid filling licence", severity="critical",
    scans=("fill",), to=(MS,), basis=("SEL85",), device="deny", duty=Duty.FILLING, at_precheck=True,
)  # fmt: skip
def unlicensed_filling(case: Case) -> Evidence | None:
    """`fill`, the filling licence is missing, expired or suspended at event time."""
    enterprise = case.filling_enterprise
    licence = enterprise.filling_licence if enterprise else None
    if licence is None:
        return {"licence": None}
    if licence.good_on(case.day):
        return None
    return {"licence": licence.no, "valid_to": licence.valid_to.isoformat(), "suspended": licence.suspended}
