"""Rules 13 and 14: who may fill and who may sell at all. A suspended licence is no licence."""

from processors.registry import Licence
from processors.rules.case import Case
from processors.rules.declaration import GE, MS, PS, Duty, Evidence, rule


@rule(
    no=13, code="UNLICENSED_FILLING", zh="无证充装", en="Filled without a valid filling licence", severity="critical",
    scans=("fill",), to=(MS,), basis=("SEL85",), device="deny", duty=Duty.FILLING, at_precheck=True,
    reads=("scene",),
)  # fmt: skip
def unlicensed_filling(case: Case) -> Evidence | None:
    """A cylinder is filled at a site whose enterprise has no filling licence valid on that day: missing, not begun,
    expired or suspended. Its last day is good. Where no site is known, the enterprise of the device counts.

    zh: 充装站点所属企业当天没有有效的充装许可：未取得、尚未生效、已过期或被暂停。到期日当天仍有效。站点不明的，以设备所
    属企业为准。
    Example: A licence runs to 31 December: a fill on 31 December is in order, on 1 January it is refused.
    例：充装许可有效期至12月31日：12月31日充装不算违规，1月1日充装即拒绝。
    """
    return _without(case.filling_enterprise.filling_licence if case.filling_enterprise else None, case.day)


@rule(
    no=14, code="UNLICENSED_OPERATOR", zh="无证经营", en="Sold without a valid gas licence", severity="critical",
    scans=("deliver",), to=(GE, PS), basis=("UG45",), device="deny", duty=Duty.DELIVERING,
    reads=("scene",),
)  # fmt: skip
def unlicensed_operator(case: Case) -> Evidence | None:
    """A cylinder is delivered by an enterprise that has no gas licence valid on that day: missing, not begun, expired
    or suspended. Its last day is good.

    zh: 配送企业当天没有有效的燃气经营许可：未取得、尚未生效、已过期或被暂停。到期日当天仍有效。
    Example: A licence is suspended from 5 May on: a delivery on 4 May is in order, on 5 May it is refused.
    例：燃气经营许可自5月5日起暂停：5月4日配送不算违规，5月5日配送即拒绝。
    """
    return _without(case.enterprise.gas_licence if case.enterprise else None, case.day)


def _without(licence: Licence | None, day: int) -> Evidence | None:
    if licence is None:
        return {"licence": None}
    if licence.good_on(day):
        return None
    return {"licence": licence.no, "valid_to": licence.valid_to.isoformat(), "suspended": licence.suspended}
