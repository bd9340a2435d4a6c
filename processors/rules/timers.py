"""Rules 33 and 35: times that run from a move, and are over (`due.py` tells them, and takes them back)."""

from processors.parameters import Parameters
from processors.rules.declaration import GE, PS, Duty, Stay, timer
from processors.times import DAY, HOUR

_IN_STORE = ("fill", "receive", "unload")
_IN_TRANSIT = ("load", "collect")


@timer(
    no=33, code="FILLED_DWELL", zh="重瓶滞留", en="Full cylinder standing too long", severity="medium",
    to=(GE,), basis=("UG18(5)",), duty=Duty.SCANNING,
    parameters=("store_days", "vehicle_hours"),
)  # fmt: skip
def filled_dwell(stay: Stay, parameters: Parameters) -> int | None:
    """A full cylinder stands in a store for more than {store_days} days after its last fill, `receive` or `unload`, or
    in a vehicle for more than {vehicle_hours} hours after its `load`. The next move, an `inspect` or a `scrap` ends the
    time.

    zh: 重瓶自充装、入站或卸车起在库存放超过{store_days}天，或自装车起在车上存放超过{vehicle_hours}小时。下一次流转、检
    验或报废即终止计时。
    Example: Filled on 1 May at 10:00 and not moved: an alert after 16 May, 10:00. Loaded on 1 May at 10:00 and not
    delivered: after 2 May, 10:00.
    例：5月1日10:00充装后一直未动：5月16日10:00过后告警；5月1日10:00装车后未配送：5月2日10:00过后告警。
    """
    if not stay.full:
        return None
    if stay.move in _IN_STORE:
        return round(parameters.store_days * DAY)
    return round(parameters.vehicle_hours * HOUR) if stay.move == "load" else None


@timer(
    no=35, code="CYLINDER_MISSING", zh="气瓶失联", en="Cylinder not seen any more", severity="medium",
    to=(GE,), cc=(PS,), basis=("ZA31",), duty=Duty.SCANNING,
    told_after=lambda parameters: round(parameters.missing_told_hours * HOUR),
    parameters=("transit_hours", "customer_days", "missing_told_hours"),
)  # fmt: skip
def cylinder_missing(stay: Stay, parameters: Parameters) -> int | None:
    """A cylinder is on the way for more than {transit_hours} hours after a `load` or `collect`, or at a customer for
    more than {customer_days} days. The next move, a `missing` or a `scrap` ends the time. Told {missing_told_hours}
    hours after the limit, if nothing known by then ends it.

    zh: 气瓶自装车或回收起在途超过{transit_hours}小时，或自配送起在用户处超过{customer_days}天，没有下一次流转、挂失或报
    废。期满后再等{missing_told_hours}小时，仍无终止记录才告警。
    Example: Collected on 1 May at 10:00 and not seen again: over the limit on 3 May at 10:00, told after 4 May, 10:00.
    例：5月1日10:00回收后再无扫码：5月3日10:00期满，5月4日10:00过后告警。
    """
    if stay.missed:
        return None
    if stay.move in _IN_TRANSIT:
        return round(parameters.transit_hours * HOUR)
    return round(parameters.customer_days * DAY) if stay.move == "deliver" else None
