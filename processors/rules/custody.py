"""Rules 4, 22, 36 and 37: the chain of hands."""

from processors.cylinder import Move
from processors.model import DeliverScan, IncidentScan, MissingScan
from processors.rules.case import Case
from processors.rules.declaration import EVERY_SCAN, FR, GE, MS, PS, Duty, Evidence, Wait, rule
from processors.times import rfc3339


@rule(
    no=4, code="SCRAPPED_IN_USE", zh="报废瓶流通", en="Scrapped cylinder in use", severity="critical",
    scans=EVERY_SCAN, to=(MS,), to_at_delivery=(GE,), basis=("SEL48", "SEL84"), device="deny", duty=Duty.SCANNING,
    at_precheck=True, alone=True, holds_state=True, spares_good=True,
)  # fmt: skip
def scrapped_in_use(case: Case) -> Evidence | None:
    """A cylinder is scanned in any way after it was scrapped, by a `scrap` or by an `inspect` with the result scrap, or
    its label after another label replaced it, from that moment on. Only `lookup` and `scrap` are in order.

    zh: 气瓶已报废（报废登记，或检验结论为报废）后又被扫码；或者标签被新标签替换，自替换之时起旧标签又被扫到。公众查询和
    报废登记除外。
    Example: Scrapped on 3 May, a cylinder is collected on 4 May: the courier's device refuses it, and urban enforcement
    is told.
    例：气瓶5月3日报废，5月4日又被回收扫码：配送员设备拒绝，并向综合执法部门告警。
    """
    cylinder = case.cylinder
    if case.scan.type in ("lookup", "scrap"):
        return None
    if cylinder.scrapped:
        return {"why": "scrapped"}
    return {"why": "replaced"} if cylinder.retired is not None and case.at >= cylinder.retired else None


@rule(
    no=20, code="FILL_WITHOUT_RETURN", zh="未回收先充装", en="Filled while still at a customer", severity="medium",
    scans=("fill",), to=(GE,), basis=("the plan 三(十)",), device="warn", duty=Duty.FILLING, wait=Wait.LONG,
)  # fmt: skip
def fill_without_return(case: Case) -> Evidence | None:
    """A cylinder is filled although its last move was a `deliver`: nobody scanned that it came back. Alerted only where
    that scan has not arrived by the end of the wait.

    zh: 气瓶最后一次流转是配送，未经回收或入站扫码就又充装。等候期满仍未收到补传的回收记录，才告警。
    Example: Delivered on Monday, filled on Friday with no `collect` or `receive` between: a warning. Where the
    courier's `collect` of Wednesday arrives within 24 hours of the fill's arrival, there is no alert.
    例：周一配送、周五充装，其间没有回收或入站扫码：提醒；充装记录到达后24小时内补传了周三的回收记录，则不告警。
    """
    move = case.cylinder.last_move
    if move is None or move.type != "deliver":
        return None
    return {"customer": move.customer, "delivered": rfc3339(move.at)}


@rule(
    no=22, code="DELIVER_WITHOUT_FILL", zh="无充装记录配送", en="Delivered without a fill on record", severity="critical",
    scans=("deliver",), to=(GE, MS), basis=("UG18(8)",), device="deny", duty=Duty.DELIVERING,
    wait=Wait.SHORT,
)  # fmt: skip
def deliver_without_fill(case: Case) -> Evidence | None:
    """A cylinder is delivered that is not full: there is no `fill` since it was last delivered, returned empty, bound
    or inspected, nor was it taken back full.

    zh: 配送的气瓶不是重瓶：自上次配送、空瓶回收、绑码或检验以来没有充装记录，也没有重瓶退回的记录。
    Example: Collected empty on Monday, delivered on Tuesday with no `fill` between: refused. Filled on Tuesday morning:
    in order.
    例：周一回收空瓶，周二未经充装就配送：拒绝；周二上午有充装记录：可以配送。
    """
    if case.cylinder.full:
        return None
    fill = case.cylinder.last_fill
    return {"last_fill": rfc3339(fill.at) if fill else None}


@rule(
    no=23, code="DELIVER_WITHOUT_LOAD", zh="未出库配送", en="Delivered without being loaded", severity="medium",
    scans=("deliver",), to=(GE,), basis=("UG25",), device="warn", duty=Duty.DELIVERING, wait=Wait.LONG,
)  # fmt: skip
def deliver_without_load(case: Case) -> Evidence | None:
    """A cylinder is delivered whose last move is not a `load`, or that was loaded onto another vehicle than the
    `deliver` names.

    zh: 气瓶配送前的最后一次流转不是装车出库，或者配送所报车辆与装车的车辆不一致。
    Example: Received at a shop and delivered from there without a `load`: a warning. Loaded onto V1 and delivered from
    V1, or with no vehicle named: in order.
    例：气瓶入库后未经装车扫码就配送：提醒；装上甲车、由甲车配送，或配送时未报车辆：不算违规。
    """
    move, vehicle = case.cylinder.last_move, case.vehicle_id
    if not isinstance(case.scan, DeliverScan):
        return None
    if move is None or move.type != "load":
        return {"last_move": move.type if move else None}
    return {"loaded": move.vehicle, "vehicle": vehicle} if vehicle and vehicle != move.vehicle else None


@rule(
    no=36, code="INCIDENT_REPORTED", zh="事故报告", en="Incident reported", severity="critical",
    scans=("incident",), to=(FR, MS, GE, PS), basis=("UG",), device="silent", duty=Duty.SCANNING,
    always=True,
)  # fmt: skip
def incident_reported(case: Case) -> Evidence | None:
    """An `incident` is reported, on whatever cylinder: unknown and scrapped ones too. The alert carries the cylinder's
    last five moves.

    zh: 上报事故，不论何种气瓶，未登记的、已报废的也在内。告警附该瓶最近五次流转。
    Example: A courier reports a leak at a customer: four authorities are told at once, with who filled, loaded and
    delivered the cylinder.
    例：配送员上报用户家中漏气：立即告知四个部门，并附该瓶由谁充装、装车、配送。
    """
    if not isinstance(case.scan, IncidentScan):
        return None
    return {"kind": case.scan.data.kind, "moves": [_as_evidence(move) for move in case.cylinder.moves]}


@rule(
    no=37, code="REPORTED_MISSING", zh="挂失", en="Reported missing", severity="medium",
    scans=("missing",), to=(PS,), cc=(GE,), basis=("ZA31",), device="silent", duty=Duty.SCANNING,
    always=True,
)  # fmt: skip
def reported_missing(case: Case) -> Evidence | None:
    """A cylinder is reported lost or stolen. Its next move says that it was found, and resolves the alert.

    zh: 气瓶挂失（遗失或被盗）。该瓶下一次流转即视为找到，告警解除。
    Example: Reported stolen on 1 May, received at a station on 9 May: the alert of 1 May is resolved.
    例：5月1日挂失（被盗），5月9日在充装站入站扫码：5月1日的告警解除。
    """
    return {"kind": case.scan.data.kind} if isinstance(case.scan, MissingScan) else None


def _as_evidence(move: Move) -> Evidence:
    named = {name: getattr(move, name) for name in ("enterprise", "site", "device", "operator", "customer", "vehicle")}
    return {"type": move.type, "time": rfc3339(move.at)} | {name: who for name, who in named.items() if who}
