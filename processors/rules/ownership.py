"""Rules 11, 12 and 38: every cylinder belongs to one enterprise, which alone fills, sells and transfers it."""

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


@rule(
    no=12, code="FOREIGN_CYLINDER_SALE", zh="销售非自有瓶", en="Sold another enterprise's cylinder", severity="high",
    scans=("deliver",), to=(GE,), basis=("UG18(8)",), device="deny", duty=Duty.DELIVERING,
)  # fmt: skip
def foreign_cylinder_sale(case: Case) -> Evidence | None:
    """`deliver` by an enterprise that is not the owner."""
    return _not_the_owner(case)


@rule(
    no=38, code="TRANSFER_NOT_BY_OWNER", zh="非产权单位过户", en="Transferred by another than its owner", severity="high",
    scans=("transfer",), to=(MS,), basis=("the plan 二(一)",), device="deny", duty=Duty.SCANNING, holds_state=True,
)  # fmt: skip
def transfer_not_by_owner(case: Case) -> Evidence | None:
    """`transfer` scanned by another enterprise than the owner; the owner stays."""
    return _not_the_owner(case)


def _not_the_owner(case: Case) -> Evidence | None:
    if case.enterprise_id == case.cylinder.owner:
        return None
    return {"owner": case.cylinder.owner, "enterprise": case.enterprise_id}
