"""Rules 31 and 32: dangerous goods on the road."""

from processors.model import LoadScan
from processors.rules.case import Case
from processors.rules.declaration import PS, TR, Duty, Evidence, rule


@rule(
    no=31, code="VEHICLE_UNLICENSED", zh="无危货资质车辆", en="Vehicle without a dangerous-goods permit",
    severity="critical", scans=("load",), to=(TR, PS), basis=("RT63(3)",), device="deny", duty=Duty.VEHICLE,
)  # fmt: skip
def vehicle_unlicensed(case: Case) -> Evidence | None:
    """`load`, the vehicle's permit is missing or expired. (Its approved number needs the vehicle's own key.)"""
    permit = case.vehicle.permit if case.vehicle else None
    if permit is not None and permit.good_on(case.day):
        return None
    return {"vehicle": case.vehicle_id, "permit": permit.no if permit else None}


@rule(
    no=32, code="CREW_UNQUALIFIED", zh="人员无资格", en="Crew without valid certificates", severity="high",
    scans=("load",), to=(TR,), basis=("HC44", "HC48"), device="deny", duty=Duty.VEHICLE,
)  # fmt: skip
def crew_unqualified(case: Case) -> Evidence | None:
    """`load`, the driver's or the escort's certificate is missing or expired."""
    data = case.scan.data
    if not isinstance(case.scan, LoadScan):
        return None
    crew = {"driver": data.driver or None, "escort": data.escort or None}
    wrong = {role: person for role, person in crew.items() if not case.qualified(person, role)}
    return wrong or None
