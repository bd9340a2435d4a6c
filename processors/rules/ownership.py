"""Rule 11: a station fills its own enterprise's cylinders and no other's."""

from processors.rules.case import Case
from processors.rules.declaration import GE, MS, Duty, Evidence, rule


@rule(
    no=11, code="FOREIGN_CYLINDER_FILL", zh="充装非自有瓶", en="Filled another enterprise's cylinder",
    severity="critical", scans=("fill",), to=(MS,), cc=(GE,), basis=("UG18(7)",), device="deny", duty=Duty.FILLING,
    at_precheck=True,
)  # fmt: skip
def foreign_cylinder_fill(case: Case) -> Evidence | None:
    """`fill` at a station whose enterprise is not the owner."""
    if case.filling_enterprise_id == case.cylinder.owner:
        return None
    return {"owner": case.cylinder.owner, "filled_by": case.filling_enterprise_id}
