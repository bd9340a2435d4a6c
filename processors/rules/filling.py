"""Rules 15 to 19 and 21: checked before and after, how much goes in, how often, by whom. Weights compare in whole grams."""

from functools import lru_cache

from processors.model import FillScan
from processors.rules.case import Case
from processors.rules.declaration import MS, Duty, Evidence, Wait, rule
from processors.times import HOUR, MINUTE, rfc3339


@rule(
    no=15, code="PREFILL_CHECK_MISSING", zh="缺充装前检查", en="Filled without a check before", severity="high",
    scans=("fill",), to=(MS,), basis=("SEL49", "SEL85"), device="deny", duty=Duty.FILLING, wait=Wait.SHORT,
    parameters=("precheck_hours", "correction_minutes"),
)  # fmt: skip
def prefill_check_missing(case: Case) -> Evidence | None:
    """A cylinder is filled although the latest `precheck` at that site since its last fill is missing, not passed, or
    more than {precheck_hours} hours older than this fill. A fill at the same site within {correction_minutes} minutes
    of the last one corrects it, and needs none.

    zh: 充装前，本站自上次充装以来的最近一次充装前检查缺失、不合格，或早于本次充装{precheck_hours}小时以上。同一站点在上
    次充装后{correction_minutes}分钟以内（含）再次充装，视为补正，不需另行检查。
    Example: Checked and passed at 08:00: a fill at 10:00 is in order, at 10:01 it is refused.
    例：8:00检查合格：10:00充装不算违规，10:01充装即拒绝。
    """
    last, site = case.cylinder.last_fill, case.scene.site_id
    if last is not None and last.origin.site == site and _corrects(case, last.at):
        return None
    for check in case.cylinder.prechecks:
        if check.site == site:
            if check.passed and case.at - check.at <= case.parameters.precheck_hours * HOUR:
                return None
            return {"precheck": rfc3339(check.at), "passed": check.passed}
    return {"precheck": None}


def _corrects(case: Case, last_fill: int) -> bool:
    """Whether a fill follows the last so soon that it corrects it."""
    return case.at - last_fill <= case.parameters.correction_minutes * MINUTE


@rule(
    no=16, code="POSTFILL_CHECK_MISSING", zh="缺充装后检查", en="Loaded without a check after filling", severity="high",
    scans=("load",), to=(MS,), basis=("SEL85",), device="deny", duty=Duty.FILLING, wait=Wait.SHORT,
)  # fmt: skip
def postfill_check_missing(case: Case) -> Evidence | None:
    """A full cylinder is loaded although the latest `postcheck` since its last fill is missing or not passed. Not
    judged where no fill is known.

    zh: 重瓶装车时，自上次充装以来的最近一次充装后检查缺失或不合格。没有充装记录的不判。
    Example: Filled at 09:00, checked and passed at 09:05: it may be loaded. With no check, or one not passed, it is
    refused.
    例：9:00充装，9:05充装后检查合格：可以装车；未检查或检查不合格：拒绝装车。
    """
    cylinder = case.cylinder
    if not cylinder.full or cylinder.last_fill is None or cylinder.postcheck:
        return None
    return {"filled": rfc3339(cylinder.last_fill.at), "postcheck": None if cylinder.postcheck is None else "not passed"}


@rule(
    no=17, code="OVERFILL", zh="超装", en="Filled over the maximum", severity="critical",
    scans=("fill",), to=(MS,), basis=("SEL85",), device="deny", duty=Duty.FILLING,
)  # fmt: skip
def overfill(case: Case) -> Evidence | None:
    """A fill's net weight is over the model's maximum plus its tolerance, in whole grams; exactly that is in order. Not
    judged where the registry has no row of the model.

    zh: 充装净重超过该型号最大充装量与允差之和（按整克比较），恰好等于不算。登记资料中没有该型号的不判。
    Example: Maximum 14.9 kg, tolerance 0.5 kg: 15.4 kg is in order, 15.401 kg is refused.
    例：最大充装量14.9千克、允差0.5千克：15.4千克不算违规，15.401千克即为超装。
    """
    scan, model = case.scan, case.model
    if model is None or not isinstance(scan, FillScan):
        return None
    if grams(scan.data.net_kg) <= grams(model.max_fill_kg) + grams(model.tolerance_kg):
        return None
    return {"net_kg": scan.data.net_kg, "max_fill_kg": model.max_fill_kg, "tolerance_kg": model.tolerance_kg}


@lru_cache(1 << 12)  # what a scale shows, and what models allow, is of few values
def grams(kilograms: float) -> int:
    """A weight in whole grams, so that 14.9 + 0.5 is 15.4."""
    return round(kilograms * 1000)


@rule(
    no=18, code="UNDERFILL", zh="短量", en="Filled short", severity="medium",
    scans=("fill",), to=(MS,), basis=("ZG20(5)",), device="warn", duty=Duty.FILLING,
)  # fmt: skip
def underfill(case: Case) -> Evidence | None:
    """A fill's net weight is under the model's nominal weight less its tolerance, in whole grams; exactly that is in
    order. Not judged where the registry has no row of the model.

    zh: 充装净重低于该型号公称充装量减去允差（按整克比较），恰好等于不算。登记资料中没有该型号的不判。
    Example: Nominal 14.9 kg, tolerance 0.5 kg: 14.4 kg is in order, 14.399 kg brings a warning.
    例：公称充装量14.9千克、允差0.5千克：14.4千克不算违规，14.399千克即为短量。
    """
    scan, model = case.scan, case.model
    if model is None or not isinstance(scan, FillScan):
        return None
    if grams(scan.data.net_kg) >= grams(model.nominal_kg) - grams(model.tolerance_kg):
        return None
    return {"net_kg": scan.data.net_kg, "nominal_kg": model.nominal_kg, "tolerance_kg": model.tolerance_kg}


@rule(
    no=19, code="REFILL_NO_CIRCULATION", zh="未流转重复充装", en="Filled again while full", severity="medium",
    scans=("fill",), to=(MS,), basis=("SEL85",), device="warn", duty=Duty.FILLING,
    parameters=("correction_minutes",),
)  # fmt: skip
def refill_no_circulation(case: Case) -> Evidence | None:
    """A full cylinder is filled again more than {correction_minutes} minutes after its last fill, without having been
    emptied; up to that, it is a correction. Not judged where no fill is known.

    zh: 重瓶未经使用又充装，且距上次充装超过{correction_minutes}分钟；{correction_minutes}分钟以内（含）视为补正。没有充
    装记录的不判。
    Example: Filled at 09:00: another fill at 09:30 is a correction, at 09:31 it brings a warning.
    例：9:00充装：9:30再次充装视为补正，9:31再次充装即提醒。
    """
    last = case.cylinder.last_fill
    if not case.cylinder.full or last is None or _corrects(case, last.at):
        return None
    return {"last_fill": rfc3339(last.at)}


@rule(
    no=21, code="FILLER_UNQUALIFIED", zh="充装员无证", en="Filler without a valid certificate", severity="high",
    scans=("fill",), to=(MS,), basis=("SEL49",), device="deny", duty=Duty.FILLING, at_precheck=True,
    reads=("scene",),
)  # fmt: skip
def filler_unqualified(case: Case) -> Evidence | None:
    """The operator of a fill is not named, is not known as a filler, or has no filler's certificate valid on that day.
    The certificate's last day is good.

    zh: 充装时未报充装员，或该人员未登记为充装员，或当天没有有效的充装人员证书。证书到期日当天仍有效。
    Example: A certificate runs to 30 June: a fill on 30 June is in order, on 1 July it is refused.
    例：证书有效期至6月30日：6月30日充装不算违规，7月1日充装即拒绝。
    """
    return None if case.qualified(case.scan.operator, "filler") else {"operator": case.scan.operator}
