"""Rule 26: to whom gas is sold."""

from processors.rules.case import Case
from processors.rules.declaration import GE, PS, Duty, Evidence, rule


@rule(
    no=26, code="REALNAME_MISSING", zh="未实名", en="Sold without a verified name", severity="high",
    scans=("deliver",), to=(GE,), cc=(PS,), basis=("CT25", "CT44"), device="deny", duty=Duty.DELIVERING,
)  # fmt: skip
def realname_missing(case: Case) -> Evidence | None:
    """`deliver` without a customer, to an unknown one, or to one whose identity is not verified."""
    if case.customer_id is None:
        return {"customer": None}
    if case.customer is not None and case.customer.realname_verified:
        return None
    return {"customer": case.customer_id}
