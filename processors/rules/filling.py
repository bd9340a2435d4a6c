"""Rule 17: how much goes in. Weights compare in whole grams."""

from processors.model import FillScan
from processors.rules.case import Case
from processors.rules.declaration import MS, Duty, Evidence, rule


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
