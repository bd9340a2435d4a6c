"""Slow facts: what still counts of a scan that comes too late to be put in its place."""

from .past import Judged, Past, is_improper
from .registry import Known
from .scan import Scan, scraps

SLOW = {"bind", "transfer", "inspect", "scrap"}


def effect(scan: Scan, past: Past, whole: Past, known: Known) -> Judged | None:
    """What it does from now on: `past` is what came before it in time, `whole` all that is known. None: nothing.

    A `bind` counts for a label never bound; the others where they have effect and no newer one with effect is known.
    """
    if scan.type not in SLOW:
        return None
    if scan.type == "bind":
        judged = past.judge(scan, known)
        return judged if whole.binding is None and judged.moved else None
    if past.is_unknown(scan) or (past.scrapped and scan.type != "scrap"):
        return None
    newer = [other for other in kin(scan, whole) if other.place_in_order > scan.place_in_order]
    if newer or past.is_not_by_owner(scan):
        return None
    if scan.type == "inspect" and scan.data["result"] == "pass" and is_improper(scan, known):
        return None
    return Judged(scan, known.clock, believed=scan.type == "inspect")


def kin(scan: Scan, whole: Past) -> list[Scan]:
    """The scans with effect that a slow fact gives way to, if they are newer."""
    if scan.type == "inspect":
        return whole.believed
    return [other for other in whole.moving if other.type == scan.type or (scan.type == "scrap" and scraps(other))]
