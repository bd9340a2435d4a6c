"""The rules over many cylinders: what a customer holds and buys, what a vehicle carries (27, 28 and the number of 31).

They count what had arrived when they are asked, whatever its order in time: a cylinder is where its newest move left it.
"""

from collections.abc import Callable
from datetime import timedelta

from .case import Case
from .past import Past
from .rules_of_trade import grams
from .scan import Scan
from .window import WINDOW

MOST_OF_A_RESIDENT = 2
MOST_GRAMS = 100_000
MONTH, BEFORE_IT, KNOWN_FOR = timedelta(days=30), timedelta(days=90), timedelta(days=120)
# Further back from a customer's newest delivery than 28 looks, and a window besides, nothing is remembered: the texts say
# how far back a cylinder's scans are, and of customers and vehicles only that their state has a bound.
REMEMBERED = KNOWN_FOR + WINDOW
MANY, MANY_ENTERPRISES = 4, 3


def excess_holding(case: Case, cylinders: list[Past]) -> bool:
    """27: a resident's cylinders, or the nominal kilograms at premises without a cylinder room."""
    if case.type != "deliver" or case.customer is None:
        return False
    held = [past for past in cylinders if is_at(past.last_move(), "deliver", "customer", case)]
    if case.customer["customer_kind"] == "resident" and len(held) > MOST_OF_A_RESIDENT:
        return True
    has_room = (case.customer.get("premises") or {}).get("cylinder_room")
    return not has_room and sum(nominal_grams(case, past) for past in held) > MOST_GRAMS


def nominal_grams(case: Case, past: Past) -> int:
    row = case.known.at("model", past.binding.data["model"], case.day)
    return grams(row["nominal_kg"]) if row else 0


def abnormal_purchase(case: Case, cylinders: list[Past]) -> bool:
    """28, by the times of the deliveries to the customer up to that of this one."""
    if case.type != "deliver" or case.customer is None:
        return False
    now = case.scan.time
    all_there = [scan for past in cylinders for scan in past.of_type("deliver")]
    to_customer = [scan for scan in all_there if is_at(scan, "deliver", "customer", case)]
    newest, first = max(scan.time for scan in to_customer), min(scan.time for scan in to_customer)
    remembered = [scan for scan in to_customer if newest - REMEMBERED <= scan.time <= now]
    recent = [scan for scan in remembered if scan.time > now - MONTH]
    earlier = [scan for scan in remembered if now - MONTH - BEFORE_IT < scan.time <= now - MONTH]
    is_old = first <= now - KNOWN_FOR
    if is_old and len(recent) >= max(MANY, len(earlier)):
        return True
    return len({scan.enterprise for scan in recent if scan.enterprise}) >= MANY_ENTERPRISES


def number_exceeded(case: Case, cylinders: list[Past]) -> bool:
    """31, the number: more cylinders on the vehicle than it is approved for."""
    if case.type != "load" or case.vehicle is None or case.vehicle.get("max_cylinders") is None:
        return False
    aboard = [past for past in cylinders if is_at(past.last_move(), "load", "vehicle", case)]
    return len(aboard) > case.vehicle["max_cylinders"]


def is_at(scan: Scan | None, kind: str, party: str, case: Case) -> bool:
    """Whether a scan of this type names the same customer, or vehicle, as the one judged."""
    return scan is not None and scan.type == kind and scan.data.get(party) == case.scan.data[party]


Rule = Callable[[Case, list[Past]], bool]
AT_ONCE: dict[str, Rule] = {"ABNORMAL_PURCHASE": abnormal_purchase}
AFTER_A_WAIT: dict[str, Rule] = {"USER_EXCESS_HOLDING": excess_holding, "VEHICLE_UNLICENSED": number_exceeded}
