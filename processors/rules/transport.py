"""Rules 31 and 32: dangerous goods on the road."""

from processors.model import LoadScan
from processors.rules.case import Case
from processors.rules.declaration import PS, TR, Duty, Evidence, rule


def _over_its_number(case: Case) -> Evidence | None:
    """Whether more cylinders are on the vehicle than approved."""
    vehicle, holder = case.vehicle, case.holder
    if vehicle is None or vehicle.max_cylinders is None or holder is None:
        return None
    loaded = len(holder.held)
    if loaded <= vehicle.max_cylinders:
        return None
    return {"vehicle": vehicle.id, "cylinders": loaded, "approved": vehicle.max_cylinders}


@rule(
    no=31, code="VEHICLE_UNLICENSED", zh="无危货资质车辆", en="Vehicle without a dangerous-goods permit",
    severity="critical", scans=("load",), to=(TR, PS), basis=("RT63(3)",), device="deny", duty=Duty.VEHICLE,
    counts=("vehicle", _over_its_number),
    reads=("vehicle",),
)  # fmt: skip
def vehicle_unlicensed(case: Case) -> Evidence | None:
    """A cylinder is loaded onto a vehicle whose dangerous-goods permit is missing or not valid on that day (its last
    day is good), or onto none that is named. Or more cylinders are then on the vehicle than its approved number: that
    is not told to the device, but counted again after the wait, and alerted if still over.

    zh: 装车车辆没有危货运输证，或证件当天无效（到期日当天有效），或未报车辆：拒绝。车上气瓶数超过核定数量：不答复设备，
    等候期满重新计数，仍超过才告警。
    Example: A permit runs to 30 June: loading on 30 June is in order, on 1 July it is refused. Approved for 40: the
    41st is an alert if 41 are still on it 15 minutes later.
    例：危货运输证有效期至6月30日：6月30日装车不算违规，7月1日装车即拒绝。核定40只：装第41只，15分钟后车上仍有41只即告警。
    """
    permit = case.vehicle.permit if case.vehicle else None
    if permit is not None and permit.good_on(case.day):
        return None
    return {"vehicle": case.vehicle_id, "permit": permit.no if permit else None}


@rule(
    no=32, code="CREW_UNQUALIFIED", zh="人员无资格", en="Crew without valid certificates", severity="high",
    scans=("load",), to=(TR,), basis=("HC44", "HC48"), device="deny", duty=Duty.VEHICLE,
    reads=("crew",),
)  # fmt: skip
def crew_unqualified(case: Case) -> Evidence | None:
    """A cylinder is loaded, and its driver or its escort is not named or has no certificate of that role valid on that
    day. The last day is good.

    zh: 装车时未报驾驶员或押运员，或其当天没有有效的从业资格证。到期日当天仍有效。
    Example: A driver is named but no escort: refused. Both named, the escort's certificate expired yesterday: refused.
    例：只报驾驶员、未报押运员：拒绝；两人都报，但押运员的从业资格证昨日到期：拒绝。
    """
    data = case.scan.data
    if not isinstance(case.scan, LoadScan):
        return None
    crew = {"driver": data.driver or None, "escort": data.escort or None}
    wrong = {role: person for role, person in crew.items() if not case.qualified(person, role)}
    return wrong or None
