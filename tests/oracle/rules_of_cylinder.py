"""The rules about what a cylinder is: its label, its life, its inspections, its place (1 to 10, 34, 36 to 38)."""

from datetime import timedelta

from .case import Case, place
from .places import metres
from .scan import MOVES

CLONE_METRES, CLONE_METRES_A_SECOND, CLONE_ACCURACY = 5000, 120 / 3.6, 200
DUE_SOON = timedelta(days=30)


def unknown_label(case: Case):
    return {} if case.past.is_unknown(case.scan) else None


def duplicate_binding(case: Case):
    return {} if case.past.is_double(case.scan) else None


def label_clone_suspect(case: Case):
    if not case.scan.tells_a_place:
        return None
    device = case.scan.body["device"]
    others = [each for each in case.past.known if each.scan.tells_a_place and each.scan.body["device"] != device]
    here = place(case.scan, case.known)
    places = [(each.scan, place(each.scan, case.past.registry.known(each.clock))) for each in others]
    places = [(scan, there) for scan, there in places if there and there[1] < CLONE_ACCURACY]
    if not here or here[1] >= CLONE_ACCURACY or not places:
        return None
    earlier, there = places[-1]
    apart, seconds = metres(here[0], there[0]), (case.scan.time - earlier.time).total_seconds()
    return {} if apart > CLONE_METRES and apart > CLONE_METRES_A_SECOND * seconds else None


def scrapped_in_use(case: Case):
    return {} if case.past.scrapped and case.scan.type not in {"lookup", "scrap"} else None


def service_life_exceeded(case: Case):
    return {} if case.type in {"fill", "deliver"} and case.day > case.end_of_life() else None


def inspection_overdue(case: Case):
    return {"due": case.past.due().isoformat()} if case.day > case.past.due() else None


def inspection_overdue_fill(case: Case):
    return inspection_overdue(case) if case.type == "fill" else None


def inspection_overdue_deliver(case: Case):
    return inspection_overdue(case) if case.type == "deliver" else None


def inspection_due_soon(case: Case):
    return {} if case.type == "fill" and timedelta(0) <= case.past.due() - case.day <= DUE_SOON else None


def inspection_failed_in_use(case: Case):
    judged = MOVES - {"send_inspection"} | {"transfer"}
    if case.past.on_the_way_to_agency():
        judged -= {"load", "unload", "receive"}
    return {} if case.type in judged and case.past.failed() else None


def inspection_record_suspect(case: Case):
    return {} if case.past.is_suspect(case.scan, case.known) else None


def unapproved_location(case: Case):
    if case.scan.device["device_kind"] == "public" or not case.full_before_or_after():
        return None
    if case.type == "deliver":
        row = case.known.at("enterprise", case.enterprise, case.day)
        district = (case.customer or {}).get("district")
        if row is None or district is None:
            return None
        return {} if district not in (row.get("districts") or [row.get("district")]) else None
    geo, site = case.scan.body.get("geo"), case.site or {}
    if case.scan.type not in {"receive", "fill", "postcheck", "load", "unload"} or not geo:
        return None
    if not site.get("geo") or site.get("radius_m") is None:
        return None
    return {} if metres(geo, site["geo"]) > site["radius_m"] + place(case.scan, case.known)[1] else None


def incident_reported(case: Case):
    if case.type != "incident":
        return None
    return {"moves": [(move.type, move.time) for move in case.past.moves()[-5:]]}


def reported_missing(case: Case):
    return {} if case.type == "missing" else None


def transfer_not_by_owner(case: Case):
    return {} if case.past.is_not_by_owner(case.scan) else None
