"""Rules 3 and 34: where a cylinder may be, and that it is in one place at a time."""

from processors.places import metres_between
from processors.rules.case import Case
from processors.rules.declaration import EVERY_SCAN, FR, GE, MS, Duty, Evidence, rule
from processors.times import HOUR, rfc3339

_AT_A_SITE = ("receive", "fill", "postcheck", "load", "unload")


@rule(
    no=3, code="LABEL_CLONE_SUSPECT", zh="疑似套码", en="Label seen in two places", severity="critical",
    scans=EVERY_SCAN, to=(MS,), basis=("SEL83",), device="warn", duty=Duty.SCANNING,
    at_precheck=True, fact_at_precheck=True,
)  # fmt: skip
def label_clone_suspect(case: Case) -> Evidence | None:
    """Two scans by two devices, further apart than one cylinder can have travelled between them."""
    here = case.sighting
    if here is None:
        return None
    other = next((seen for seen in case.cylinder.sightings if seen.device != here.device), None)
    if other is None:
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
    """A full cylinder handled outside its site's radius, or delivered outside the enterprise's districts."""
    if not case.full_before_or_after or (case.device is not None and case.device.device_kind == "public"):
        return None
    return _outside_districts(case) if case.scan.type == "deliver" else _outside_radius(case)


def _outside_radius(case: Case) -> Evidence | None:
    geo, site = case.scan.geo, case.site
    if geo is None or site is None or site.geo is None or site.radius_m is None:
        return None
    metres = metres_between(geo, site.geo)
    if metres <= site.radius_m + geo.acc_m:
        return None
    return {"site": site.id, "metres": round(metres), "radius_m": site.radius_m}


def _outside_districts(case: Case) -> Evidence | None:
    if case.customer is None or case.enterprise is None:
        return None
    if case.customer.district in (case.enterprise.districts or [case.enterprise.district]):
        return None
    return {"district": case.customer.district, "enterprise": case.enterprise.id}
