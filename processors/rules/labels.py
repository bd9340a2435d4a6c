"""Rules 1 and 2: the label itself."""

from processors.labels import checks, has_label_shape, is_ours
from processors.model import BindScan
from processors.rules.case import Case
from processors.rules.declaration import EVERY_SCAN, GE, MS, Duty, Evidence, rule


@rule(
    no=1, code="UNKNOWN_LABEL", zh="未登记标签", en="Label not registered", severity="high",
    scans=EVERY_SCAN, to=(MS,), to_at_delivery=(GE,), basis=("SEL83",), device="deny", duty=Duty.SCANNING,
    at_precheck=True, alone=True, holds_state=True,
)  # fmt: skip
def unknown_label(case: Case) -> Evidence | None:
    """Any scan of a label never bound, or with a wrong check character; a `bind` makes a right label known."""
    if case.cylinder.bound:  # its characters were checked when it was
        return None
    label = case.scan.label
    if has_label_shape(label) and not checks(label):
        return {"why": "check_character"}
    if isinstance(case.scan, BindScan):
        return None if is_ours(label) else {"why": "legacy_code"}
    return {"why": "never_bound"}


@rule(
    no=2, code="DUPLICATE_BINDING", zh="重复绑码", en="Label bound to a second cylinder", severity="high",
    scans=("bind",), to=(MS,), basis=("city standard",), device="deny", duty=Duty.SCANNING,
    holds_state=True,
)  # fmt: skip
def duplicate_binding(case: Case) -> Evidence | None:
    """`bind` of a label bound to another cylinder; the same serial and maker again is none."""
    scan, cylinder = case.scan, case.cylinder
    if not isinstance(scan, BindScan) or not cylinder.bound:
        return None
    if (scan.data.serial, scan.data.maker) == (cylinder.serial, cylinder.maker):
        return None
    return {"bound": {"serial": cylinder.serial, "maker": cylinder.maker}, "serial": scan.data.serial}
