"""Rules 5 to 10: how long a cylinder may live, and its inspections. A due day is the last good day."""

from processors.model import InspectScan
from processors.rules.case import Case
from processors.rules.declaration import GE, MOVES_BUT_SENDING, MS, Duty, Evidence, rule
from processors.times import iso_day, years_after


@rule(
    no=6, code="INSPECTION_OVERDUE_FILL", zh="超期未检充装", en="Filled past its inspection date", severity="critical",
    scans=("fill",), to=(MS,), basis=("ZS10(2)",), device="deny", duty=Duty.FILLING, at_precheck=True,
    parameters=("inspection_years",),
)  # fmt: skip
def inspection_overdue_fill(case: Case) -> Evidence | None:
    """A cylinder is filled after its inspection date: the one its last passed inspection gave, else {inspection_years}
    years after the inspection its `bind` named. That date is the last good day.

    zh: 气瓶超过检验到期日仍充装。到期日取最近一次检验合格时载明的下次检验日期；没有的，为绑码所载检验日期后
    {inspection_years}年。到期日当天仍有效。
    Example: Due on 31 August 2026: a fill on 31 August is in order, on 1 September it is refused.
    例：检验到期日为2026年8月31日：8月31日充装不算违规，9月1日充装即拒绝。
    """
    return _overdue(case)


@rule(
    no=7, code="INSPECTION_OVERDUE_DELIVER", zh="配送超期瓶", en="Delivered past its inspection date", severity="high",
    scans=("deliver",), to=(GE,), basis=("ZG20(2)",), device="deny", duty=Duty.DELIVERING,
    parameters=("inspection_years",),
)  # fmt: skip
def inspection_overdue_deliver(case: Case) -> Evidence | None:
    """A cylinder is delivered after its inspection date: the one its last passed inspection gave, else
    {inspection_years} years after the inspection its `bind` named. That date is the last good day.

    zh: 气瓶超过检验到期日仍配送。到期日取最近一次检验合格时载明的下次检验日期；没有的，为绑码所载检验日期后
    {inspection_years}年。到期日当天仍有效。
    Example: Due on 31 August 2026: a delivery on 31 August is in order, on 1 September it is refused.
    例：检验到期日为2026年8月31日：8月31日配送不算违规，9月1日配送即拒绝。
    """
    return _overdue(case)


def _overdue(case: Case) -> Evidence | None:
    due = case.cylinder.due(case.parameters)
    return {"due": iso_day(due)} if case.day > due else None


@rule(
    no=8, code="INSPECTION_DUE_SOON", zh="即将到期", en="Inspection due soon", severity="low",
    scans=("fill",), to=(), basis=("SEL40",), device="warn", duty=Duty.FILLING, at_precheck=True,
    parameters=("inspection_years", "due_soon_days"),
)  # fmt: skip
def inspection_due_soon(case: Case) -> Evidence | None:
    """A cylinder is filled on its inspection date or in the {due_soon_days} days before it. The device hears it; no
    authority is told.

    zh: 充装日为检验到期日当天，或在到期日前{due_soon_days}天之内。只提示充装设备，不向部门告警。
    Example: Due on 30 November: fills from 31 October (30 days before) to 30 November bring a warning, one on 30
    October does not.
    例：检验到期日为11月30日：10月31日（提前30天）至11月30日充装均提示；10月30日充装不提示。
    """
    due = case.cylinder.due(case.parameters)
    return {"due": iso_day(due)} if 0 <= due - case.day <= case.parameters.due_soon_days else None


@rule(
    no=9, code="INSPECTION_FAILED_IN_USE", zh="不合格瓶流通", en="Failed cylinder in use", severity="critical",
    scans=("transfer", *MOVES_BUT_SENDING), to=(MS,), basis=("ZS10(3)",), device="deny", duty=Duty.SCANNING,
    at_precheck=True, spares_good=True,
)  # fmt: skip
def inspection_failed_in_use(case: Case) -> Evidence | None:
    """A cylinder that failed its inspection and has passed none since (a suspect pass is none, see rule 10) is
    transferred, collected, received, filled, loaded, unloaded or delivered. On its way to the agency (from a
    `send_inspection` to the next `inspect`, `collect`, `fill` or `deliver`) it may be loaded, unloaded and received.

    zh: 检验不合格、此后未再检验合格（记录可疑的合格不算）的气瓶又过户、回收、入站、充装、装车、卸车或配送。送检途中（自
    送检起，至下一次检验、回收、充装或配送止）的装车、卸车、入站除外。
    Example: Failed on 5 May: a fill on 6 May is refused. Sent for inspection on 7 May, it may be loaded and received at
    the agency.
    例：5月5日检验不合格：5月6日充装即拒绝；5月7日送检后，可以装车、由检验机构接收。
    """
    cylinder = case.cylinder
    if not cylinder.failed or (cylinder.to_agency and case.scan.type in ("load", "unload", "receive")):
        return None
    return {}


@rule(
    no=10, code="INSPECTION_RECORD_SUSPECT", zh="检验记录可疑", en="Inspection record suspect", severity="high",
    scans=("inspect",), to=(MS,), basis=("SEL",), device="warn", duty=Duty.SCANNING,
    parameters=("inspection_years",),
)  # fmt: skip
def inspection_record_suspect(case: Case) -> Evidence | None:
    """An `inspect` is made by an enterprise without an inspection licence valid on that day (its last day is good;
    suspended is none); or of a cylinder whose last move, if any, neither sent it to this agency nor received it at one
    of its sites; or it passes with a next date more than {inspection_years} years ahead. Such a pass renews and clears
    nothing; a fail or scrap holds all the same.

    zh: 检验机构当天没有有效的检验资质（到期日当天有效，暂停视为没有）；或者气瓶最后一次流转（如有）既不是送往该机构，也
    不是由该机构场所接收；或者检验合格但下次检验日期晚于{inspection_years}年后的同一天。此类合格结论不续期、不恢复使用；
    不合格、报废结论照样有效。
    Example: Passed on 10 May 2026 with the next date 10 May 2030: in order. With 11 May 2030: an alert, and the old
    date stays.
    例：2026年5月10日检验合格，下次检验日期为2030年5月10日：不算违规；为2030年5月11日：告警，原到期日不变。
    """
    if not isinstance(case.scan, InspectScan):
        return None
    return is_no_record(case, case.scan) or (
        None if _was_brought(case) else {"why": "not_sent", "agency": case.enterprise_id}
    )


def is_no_record(case: Case, scan: InspectScan) -> Evidence | None:
    """What is wrong with an inspection in itself: who made it, and for how long it renews."""
    agency = case.registry.enterprise(case.enterprise_id, case.day)
    licence = agency.inspection_licence if agency else None
    if licence is None or not licence.good_on(case.day):
        return {"why": "licence", "agency": case.enterprise_id}
    due = scan.data.next_due
    latest = years_after(case.day, case.parameters.inspection_years)
    if scan.data.result == "pass" and due is not None and due.toordinal() > latest:
        return {"why": "next_due", "next_due": due.isoformat()}
    return None


def _was_brought(case: Case) -> bool:
    """Whether the last move, if any, sent it to this agency or received it at one of its sites."""
    move = case.cylinder.last_move
    if move is None:
        return True
    if move.type == "send_inspection":
        return move.agency == case.enterprise_id
    site = case.registry.site(move.site, case.day)
    return move.type == "receive" and site is not None and site.enterprise == case.enterprise_id


@rule(
    no=5, code="SERVICE_LIFE_EXCEEDED", zh="超使用年限", en="Past its service life", severity="critical",
    scans=("fill", "deliver"), to=(MS,), to_at_delivery=(GE,), basis=("ZS10(4)",), device="deny", duty=Duty.FILLING,
    at_precheck=True,
    parameters=("life_years", "life_years_at_most", "inspection_years"),
)  # fmt: skip
def service_life_exceeded(case: Case) -> Evidence | None:
    """A cylinder is filled or delivered after its service life: as many years from the day it was made as its model
    lasts, {life_years} where the registry has no row of the model. An inspection date that lies later, of a passed
    inspection or by the inspection its `bind` named, moves the end to that day, at most {life_years_at_most} years from
    its making. The last day is good.

    zh: 气瓶超过使用年限仍充装或配送。使用年限自制造之日起按型号规定的年数计算，没有该型号登记的为{life_years}年；检验合
    格或绑码所载检验的到期日更晚的，延至该到期日，但自制造之日起不超过{life_years_at_most}年。最后一日仍有效。
    Example: Made on 1 June 2018, for 8 years: a fill on 1 June 2026 is in order, on 2 June it is refused. An inspection
    passed until 31 May 2029 moves the end to that day.
    例：2018年6月1日制造，使用年限8年：2026年6月1日充装不算违规，6月2日充装即拒绝；检验合格至2029年5月31日的，延至该日。
    """
    life = case.model.life_years if case.model else case.parameters.life_years
    end = case.cylinder.end_of_life(life, case.parameters)
    return {"end_of_life": iso_day(end)} if case.day > end else None
