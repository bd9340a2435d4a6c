"""Rules 11, 12 and 38: every cylinder belongs to one enterprise, which alone fills, sells and transfers it."""

from processors.rules.case import Case
from processors.rules.declaration import GE, MS, Duty, Evidence, rule


@rule(
    no=11, code="FOREIGN_CYLINDER_FILL", zh="充装非自有瓶", en="Filled another enterprise's cylinder",
    severity="critical", scans=("fill",), to=(MS,), cc=(GE,), basis=("UG18(7)",), device="deny", duty=Duty.FILLING,
    at_precheck=True,
    reads=("scene", "owner"),
)  # fmt: skip
def foreign_cylinder_fill(case: Case) -> Evidence | None:
    """A cylinder is filled at a site whose enterprise is not its owner at that time. Where no site is known, the
    enterprise of the device counts.

    zh: 充装站点所属企业不是该瓶当时的产权单位。站点不明的，以设备所属企业为准。
    Example: E2's station fills a cylinder of E1: refused. After a `transfer` by E1 to E2 it is in order.
    例：乙企业的充装站充装甲企业的气瓶：拒绝；甲企业办理过户给乙企业以后：可以充装。
    """
    if case.filling_enterprise_id == case.cylinder.owner:
        return None
    return {"owner": case.cylinder.owner, "filled_by": case.filling_enterprise_id}


@rule(
    no=12, code="FOREIGN_CYLINDER_SALE", zh="销售非自有瓶", en="Sold another enterprise's cylinder", severity="high",
    scans=("deliver",), to=(GE,), basis=("UG18(8)",), device="deny", duty=Duty.DELIVERING,
    reads=("scene", "owner"),
)  # fmt: skip
def foreign_cylinder_sale(case: Case) -> Evidence | None:
    """A cylinder is delivered by an enterprise that is not its owner at that time.

    zh: 配送企业不是该瓶当时的产权单位。
    Example: A courier's device of E2 delivers a cylinder of E1: refused.
    例：乙企业的配送设备配送甲企业的气瓶：拒绝。
    """
    return _not_the_owner(case)


@rule(
    no=38, code="TRANSFER_NOT_BY_OWNER", zh="非产权单位过户", en="Transferred by another than its owner", severity="high",
    scans=("transfer",), to=(MS,), basis=("the plan 二(一)",), device="deny", duty=Duty.SCANNING, holds_state=True,
)  # fmt: skip
def transfer_not_by_owner(case: Case) -> Evidence | None:
    """A `transfer` is scanned by another enterprise than the cylinder's owner. The owner stays.

    zh: 过户由产权单位以外的企业扫码办理。产权不变更。
    Example: E2 scans a transfer of E1's cylinder to itself: refused, it stays E1's. E1 must scan it.
    例：乙企业自行扫码把甲企业的气瓶过户给自己：拒绝，产权仍属甲企业；应由甲企业扫码办理。
    """
    return _not_the_owner(case)


def _not_the_owner(case: Case) -> Evidence | None:
    if case.enterprise_id == case.cylinder.owner:
        return None
    return {"owner": case.cylinder.owner, "enterprise": case.enterprise_id}
