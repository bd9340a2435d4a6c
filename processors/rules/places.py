"""Rules 3 and 34: where a cylinder may be, and that it is in one place at a time."""

from processors.places import metres_between, surely_within
from processors.rules.case import Case
from processors.rules.declaration import EVERY_SCAN, FR, GE, MS, Duty, Evidence, rule
from processors.times import HOUR, rfc3339

_AT_A_SITE = ("receive", "fill", "postcheck", "load", "unload")


@rule(
    no=3, code="LABEL_CLONE_SUSPECT", zh="疑似套码", en="Label seen in two places", severity="critical",
    scans=EVERY_SCAN, to=(MS,), basis=("SEL83",), device="warn", duty=Duty.SCANNING,
    at_precheck=True, fact_at_precheck=True,
    parameters=("clone_metres", "clone_km_per_hour", "clone_accuracy_metres"),
)  # fmt: skip
def label_clone_suspect(case: Case) -> Evidence | None:
    """Two devices scan one label more than {clone_metres:,} m apart, at times between which a cylinder would have had
    to travel faster than {clone_km_per_hour} km/h; at the same moment always. Exactly that far or that fast is in
    order. A scan is compared with the latest earlier one by another device. Both places must be known to better than
    {clone_accuracy_metres} m; public devices, `lookup` and `dry_run` do not count.

    zh: 两台设备扫到同一标签，相距超过{clone_metres:,}米，且按两次扫码的时间推算，时速超过{clone_km_per_hour}公里；同一
    时刻在两地一律算超过，恰好等于不算。每次扫码与此前另一台设备的最近一次相比。两处定位误差都须小于
    {clone_accuracy_metres}米；公众设备、公众查询和预先询问不计。
    Example: A label is scanned at 10:00, and 40 km away by another device at 10:19: over 126 km/h, an alert. At 10:20
    it is exactly 120 km/h, in order.
    例：某标签10:00被扫，另一台设备10:19在40公里外又扫到：时速超过126公里，告警；若为10:20，时速恰为120公里，不告警。
    """
    here = case.sighting
    if here is None:
        return None
    device = here.origin.device
    for other in case.cylinder.sightings:
        if other.origin.device != device:
            break
    else:
        return None
    if surely_within(case.parameters.clone_metres, here.geo, other.geo):
        return None
    metres, hours = metres_between(here.geo, other.geo), abs(here.at - other.at) / HOUR
    if metres <= case.parameters.clone_metres or metres / 1000 <= case.parameters.clone_km_per_hour * hours:
        return None
    return {"km": round(metres / 1000, 1), "other": {"device": other.device, "time": rfc3339(other.at)}}


@rule(
    no=34, code="UNAPPROVED_LOCATION", zh="未核准场所", en="Full cylinder at an unapproved place", severity="critical",
    scans=(*_AT_A_SITE, "deliver"), to=(GE, FR), basis=("ZG20(4)",), device="warn", duty=Duty.SCANNING,
)  # fmt: skip
def unapproved_location(case: Case) -> Evidence | None:
    """A cylinder that is full before or by this scan is received, filled, checked after filling, loaded or unloaded
    further from its site than the site's radius plus the scan's accuracy, where both places are known; or delivered to
    a customer in a district that is not among the enterprise's (its own where none are listed). Public devices are not
    judged.

    zh: 重瓶（扫码前或扫码后为满瓶）入站、充装、充装后检查、装车或卸车的位置，与站点的距离超过核准半径与定位误差之和（两
    处位置均已知）；或者配送给不在企业经营区域内的用户（未列区域的，为企业所在区县）。公众设备不判。
    Example: Radius 200 m, accuracy 12 m: a scan 212 m from the site is in order, at 213 m it is an alert.
    例：核准半径200米、定位误差12米：距站点212米不算违规，213米即告警。
    """
    if not case.full_before_or_after or case.scene.is_public:
        return None
    return _outside_districts(case) if case.scan.type == "deliver" else _outside_radius(case)


def _outside_radius(case: Case) -> Evidence | None:
    geo, site = case.scan.geo, case.scene.site
    if geo is None or site is None or site.geo is None or site.radius_m is None:
        return None
    if surely_within(site.radius_m + geo.acc_m, geo, site.geo):
        return None
    metres = metres_between(geo, site.geo)
    if metres <= site.radius_m + geo.acc_m:
        return None
    return {"site": site.id, "metres": round(metres), "radius_m": site.radius_m}


def _outside_districts(case: Case) -> Evidence | None:
    customer, enterprise = case.customer, case.scene.enterprise
    if customer is None or enterprise is None:
        return None
    if customer.district in (enterprise.districts or [enterprise.district]):
        return None
    return {"district": customer.district, "enterprise": enterprise.id}
