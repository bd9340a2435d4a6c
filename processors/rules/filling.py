"""Rules 17 to 19 and 21: how much goes in, how often, and by whom. Weights compare in whole grams."""

from processors.model import FillScan
from processors.rules.case import Case
from processors.rules.declaration import MS, Duty, Evidence, rule
from processors.times import MINUTE, rfc3339


@rule(
    no=17, code="OVERFILL", zh="超装", en="Filled over the maximum", severity="critical",
    scans=("fill",), to=(MS,), basis=("SEL85",), device="deny", duty=Duty.FILLING,
)  # fmt: skip
def overfill(case: Case) -> Evidence | None:
    """Net weight over the model's maximum plus tolerance; not judged without a row of the model."""
    scan, model = case.scan, case.model
    if model is None or not isinstance(scan, FillScan):
        return None
    if grams(scan.data.net_kg) <= grams(model.max_fill_kg) + grams(model.tolerance_kg):
        return None
    return {"net_kg": scan.data.net_kg, "max_fill_kg": model.max_fill_kg, "tolerance_kg": model.tolerance_kg}


def grams(kilograms: float) -> int:
    """A weight in whole grams, so that 14.9 + 0.5 is 15.4."""
    return round(kilograms * 1000)


@rule(
    no=18, code="UNDERFILL", zh="短量", en="Filled short", severity="medium",
    scans=("fill",), to=(MS,), basis=("ZG20(5)",), device="warn", duty=Duty.FILLING,
)  # fmt: skip
def underfill(case: Case) -> Evidence | None:
    """Net weight under the model's nominal minus tolerance; not judged without a row of the model."""
    scan, model = case.scan, case.model
    if model is None or not isinstance(scan, FillScan):
        return None
    if grams(scan.data.net_kg) >= grams(model.nominal_kg) - grams(model.tolerance_kg):
        return None
    return {"net_kg": scan.data.net_kg, "nominal_kg": model.nominal_kg, "tolerance_kg": model.tolerance_kg}


@rule(
    no=19, code="REFILL_NO_CIRCULATION", zh="未流转重复充装", en="Filled again while full", severity="medium",
    scans=("fill",), to=(MS,), basis=("SEL85",), device="warn", duty=Duty.FILLING,
)  # fmt: skip
def refill_no_circulation(case: Case) -> Evidence | None:
    """`fill` while full, later than a correction would come."""
    last = case.cylinder.last_fill
    if not case.cylinder.full or last is None or case.at - last.at <= case.parameters.correction_minutes * MINUTE:
        return None
    return {"last_fill": rfc3339(last.at)}


@rule(
    no=21, code="FILLER_UNQUALIFIED", zh="充装员无证", en="Filler without a valid certificate", severity="high",
    scans=("fill",), to=(MS,), basis=("SEL49",), device="deny", duty=Duty.FILLING, at_precheck=True,
)  # fmt: skip
def filler_unqualified(case: Case) -> Evidence | None:
    """`fill`, the operator's certificate is missing or expired; one who is not named is not qualified."""
    return None if case.qualified(case.scan.operator, "filler") else {"operator": case.scan.operator}
