"""The rules about who does what with a cylinder: filling, delivering, carrying (11 to 14, 17 to 32)."""

from datetime import timedelta

from .case import Case
from .registry import holds_on, licence_holds

CORRECTION = timedelta(minutes=30)
PRECHECK_HOLDS = timedelta(hours=2)
HOME_CHECK_DAYS = 365
LARGE_KG = 45


def foreign_cylinder_fill(case: Case):
    return {} if case.type == "fill" and case.site_enterprise != case.past.owner() else None


def foreign_cylinder_sale(case: Case):
    return {} if case.type == "deliver" and case.enterprise != case.past.owner() else None


def unlicensed_filling(case: Case):
    return {} if case.type == "fill" and not case.has_licence(case.site_enterprise, "filling_licence") else None


def unlicensed_operator(case: Case):
    return {} if case.type == "deliver" and not case.has_licence(case.enterprise, "gas_licence") else None


def prefill_check_missing(case: Case):
    if case.type != "fill":
        return None
    fills = case.past.of_type("fill")[-1:]
    if any(fill.site == case.scan.site and case.scan.time - fill.time <= CORRECTION for fill in fills):
        return None
    checks = [check for check in case.past.since_last_fill("precheck") if check.site == case.scan.site]
    good = checks and checks[-1].data["passed"] and case.scan.time - checks[-1].time <= PRECHECK_HOLDS
    return None if good else {}


def postfill_check_missing(case: Case):
    if case.type != "load" or not case.past.full() or not case.past.of_type("fill"):
        return None
    checks = case.past.since_last_fill("postcheck")
    return None if checks and checks[-1].data["passed"] else {}


def grams(kilograms: float) -> int:
    return round(kilograms * 1000)


def overfill(case: Case):
    if case.type != "fill" or case.model is None:
        return None
    limit = grams(case.model["max_fill_kg"]) + grams(case.model["tolerance_kg"])
    return {} if grams(case.scan.data["net_kg"]) > limit else None


def underfill(case: Case):
    if case.type != "fill" or case.model is None:
        return None
    limit = grams(case.model["nominal_kg"]) - grams(case.model["tolerance_kg"])
    return {} if grams(case.scan.data["net_kg"]) < limit else None


def refill_no_circulation(case: Case):
    fills = case.past.of_type("fill")
    if case.type != "fill" or not fills or not case.past.full():
        return None
    return {} if case.scan.time - fills[-1].time > CORRECTION else None


def fill_without_return(case: Case):
    last = case.past.last_move()
    return {} if case.type == "fill" and last and last.type == "deliver" else None


def filler_unqualified(case: Case):
    return {} if case.type == "fill" and not case.qualified(case.scan.body.get("operator"), "filler") else None


def deliver_without_fill(case: Case):
    return {} if case.type == "deliver" and not case.past.full() else None


def deliver_without_load(case: Case):
    if case.type != "deliver":
        return None
    last, named = case.past.last_move(), case.scan.data.get("vehicle")
    if last is None or last.type != "load":
        return {}
    return None if named is None or named == last.data["vehicle"] else {}


def courier_not_of_owner(case: Case):
    if case.type != "deliver":
        return None
    return None if case.qualified(case.scan.body.get("operator"), "courier", case.past.owner()) else {}


def deliver_no_contract(case: Case):
    if case.type != "deliver" or case.scan.data.get("customer") is None:
        return None
    contracts = (case.customer or {}).get("contracts") or []
    held = any(each["enterprise"] == case.past.owner() and holds_on(each, case.day) for each in contracts)
    return None if held else {}


def realname_missing(case: Case):
    verified = case.customer is not None and case.customer.get("realname_verified")
    return {} if case.type == "deliver" and not verified else None


def prohibited_premises(case: Case):
    if case.type != "deliver" or case.customer is None or case.model is None or case.model["nominal_kg"] < LARGE_KG:
        return None
    indoor = (case.customer.get("premises") or {}).get("indoor")
    return {} if case.customer["customer_kind"] == "resident" or indoor else None


def home_check_overdue(case: Case):
    if case.type != "deliver" or case.customer is None:
        return None
    checks = case.good_checks()
    overdue = not checks or (case.day - max(checks)).days > HOME_CHECK_DAYS
    return {} if overdue or case.hazard_open() else None


def vehicle_unlicensed(case: Case):
    if case.type != "load":
        return None
    return None if licence_holds((case.vehicle or {}).get("permit"), case.day) else {}


def crew_unqualified(case: Case):
    if case.type != "load":
        return None
    return None if all(case.qualified(case.scan.data.get(role), role) for role in ("driver", "escort")) else {}
