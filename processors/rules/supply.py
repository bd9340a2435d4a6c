"""Rules 24 to 26, 29 and 30: who delivers, to whom, and into which premises."""

from processors.rules.case import Case
from processors.rules.declaration import GE, PS, STERNER, Duty, Evidence, rule
from processors.times import day_of, iso_day, rfc3339


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


@rule(
    no=24, code="COURIER_NOT_OF_OWNER", zh="非本企业配送", en="Delivered by no courier of the owner", severity="high",
    scans=("deliver",), to=(GE,), basis=("UG25",), device="deny", duty=Duty.DELIVERING,
)  # fmt: skip
def courier_not_of_owner(case: Case) -> Evidence | None:
    """`deliver`, the courier is unknown, expired, or of another enterprise than the owner."""
    courier = case.qualified(case.scan.operator, "courier")
    if courier is not None and courier.enterprise == case.cylinder.owner:
        return None
    return {"operator": case.scan.operator, "owner": case.cylinder.owner}


@rule(
    no=25, code="DELIVER_NO_CONTRACT", zh="无合同供气", en="Delivered without a contract", severity="high",
    scans=("deliver",), to=(GE,), basis=("the plan 二(一)",), device="deny", duty=Duty.DELIVERING,
)  # fmt: skip
def deliver_no_contract(case: Case) -> Evidence | None:
    """`deliver`, the customer has no contract with the owner on that day; not judged where none is named."""
    if case.customer_id is None:
        return None
    contracts = case.customer.contracts if case.customer else []
    if any(contract.enterprise == case.cylinder.owner and contract.on(case.day) for contract in contracts):
        return None
    return {"customer": case.customer_id, "owner": case.cylinder.owner}


@rule(
    no=29, code="PROHIBITED_PREMISES", zh="禁供场所", en="Delivered to prohibited premises", severity="high",
    scans=("deliver",), to=(GE,), basis=("GB5842-2023",), device="deny", duty=Duty.DELIVERING,
)  # fmt: skip
def prohibited_premises(case: Case) -> Evidence | None:
    """A large cylinder to a resident or indoors; any to a high-rise, where a city has switched that on."""
    customer, model = case.customer, case.model
    if customer is None or model is None:
        return None
    premises = customer.premises
    if model.nominal_kg >= case.parameters.large_cylinder_kg:
        if customer.customer_kind == "resident":
            return {"why": "resident", "model": model.id}
        if premises is not None and premises.indoor:
            return {"why": "indoor", "model": model.id}
    if case.parameters.high_rises_prohibited and premises is not None and premises.high_rise:
        return {"why": "high_rise"}
    return None


@rule(
    no=30, code="HOME_CHECK_OVERDUE", zh="安检超期", en="Household check overdue", severity="medium",
    scans=("deliver",), to=(GE,), basis=("UG17",), device="warn", duty=Duty.DELIVERING, sterner="deny",
)  # fmt: skip
def home_check_overdue(case: Case) -> Evidence | None:
    """`deliver`, the last household check is too old or none, or a hazard found there still stands open."""
    if case.customer is None:
        return None
    registered = case.customer.home_check.toordinal() if case.customer.home_check else 0
    if registered > case.day:  # by event time: it was not made yet
        registered = 0
    checks = case.registry.home_checks(case.customer.id, case.at)
    if checks.open_hazard is not None and registered < day_of(checks.open_hazard):
        return {STERNER: True, "hazard": rfc3339(checks.open_hazard)}
    last = max(registered, day_of(checks.last_ok) if checks.last_ok is not None else 0)
    if case.day - last > case.parameters.home_check_days:
        return {"last": iso_day(last) if last else None}
    return None
