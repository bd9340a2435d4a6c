"""What the scans of one cylinder before a moment amount to. Each question walks the whole history again."""

from dataclasses import dataclass
from datetime import date, datetime

from . import labels
from .registry import Known, Registry, licence_holds
from .scan import MOVES, Scan, scraps
from .times import a_day, years_after

INSPECTION_YEARS, LIFE_YEARS, LONGEST_YEARS = 4, 8, 12
PLACES = {
    "bind": "in_service",
    "collect": "with_courier",
    "receive": "in_service",
    "fill": "in_service",
    "load": "on_vehicle",
    "unload": "in_service",
    "deliver": "at_customer",
    "send_inspection": "at_agency",
    "inspect": "in_service",
}


@dataclass(frozen=True)
class Judged:
    """A scan as it was last judged, when the clock stood so.

    `unknown`: under 1. `moved`: it moved the state, being not under 1, 2, 4 or 38. `believed`: an inspection that holds.
    """

    scan: Scan
    clock: datetime
    unknown: bool = False
    moved: bool = True
    believed: bool = False


class Past:
    """`judged`: all scans of this label that come before in order, dry runs, lookups and mere history left out.

    The `bind` of another label that replaces this one is among them. What was found of a scan when it was last judged is
    not looked at again.
    """

    def __init__(self, label: str, judged: list[Judged], registry: Registry) -> None:
        self.label, self.judged, self.registry = label, judged, registry
        self.binding: Scan | None = None
        self.scrapped = False
        self.known: list[Judged] = []  # the scans not under 1
        self.moving: list[Scan] = []
        self.believed: list[Scan] = []
        for each in judged:
            if each.scan.label != label:
                self.scrapped = True
                continue
            if not each.unknown:
                self.known.append(each)
            if each.moved:
                self.binding = self.binding or each.scan
                self.scrapped = self.scrapped or scraps(each.scan)
                self.moving.append(each.scan)
            if each.believed:
                self.believed.append(each.scan)

    def judge(self, scan: Scan, known: Known) -> Judged:
        """What a scan does that comes next, by the registry as known."""
        if self.is_unknown(scan):
            return Judged(scan, known.clock, unknown=True, moved=False)
        is_dead = self.scrapped and scan.type != "scrap"
        if is_dead or self.is_double(scan) or self.is_not_by_owner(scan):
            return Judged(scan, known.clock, moved=False)
        is_inspection = scan.type == "inspect"
        believed = is_inspection and (scan.data["result"] != "pass" or not self.is_suspect(scan, known))
        return Judged(scan, known.clock, believed=believed)

    def followed_by(self, judged: Judged) -> "Past":
        return Past(self.label, [*self.judged, judged], self.registry)

    def is_unknown(self, scan: Scan) -> bool:
        """Rule 1: a wrong check, a code, or a label that no `bind` before named, this one included."""
        return not labels.is_ours(scan.label) or (self.binding is None and scan.type != "bind")

    def is_double(self, scan: Scan) -> bool:
        """Rule 2."""
        if scan.type != "bind" or self.binding is None:
            return False
        return any(scan.data[name] != self.binding.data[name] for name in ("serial", "maker"))

    def is_not_by_owner(self, scan: Scan) -> bool:
        """Rule 38."""
        return scan.type == "transfer" and scan.enterprise != self.owner()

    def is_suspect(self, scan: Scan, known: Known) -> bool:
        """Rule 10, by the registry as known."""
        if scan.type != "inspect":
            return False
        if is_improper(scan, known):
            return True
        if not self.moves():
            return False
        last = self.moves()[-1]
        if last.type == "receive":
            return (known.at("site", last.site, scan.day) or {}).get("enterprise") != scan.enterprise
        return last.type != "send_inspection" or last.data["agency"] != scan.enterprise

    def on_the_way_to_agency(self) -> bool:
        """After a `send_inspection`, until the next inspect, collect, fill or deliver."""
        last = self.of_type("send_inspection", "inspect", "collect", "fill", "deliver")[-1:]
        return [scan.type for scan in last] == ["send_inspection"]

    def of_type(self, *types: str) -> list[Scan]:
        return [scan for scan in self.moving if scan.type in types]

    def moves(self) -> list[Scan]:
        return self.of_type(*MOVES)

    def way_out(self) -> Scan | None:
        """The first scan that scrapped it, or that replaced its label."""
        outs = (each for each in self.judged if each.scan.label != self.label or (each.moved and scraps(each.scan)))
        return next((each.scan for each in outs), None)

    def last_move(self) -> Scan | None:
        """Where the cylinder is; a scrapped or replaced one is nowhere."""
        return None if self.scrapped else next(iter(self.moves()[-1:]), None)

    def since_last_fill(self, kind: str) -> list[Scan]:
        """The scans of this type after the last fill; all where none is known."""
        latest = [scan for scan in self.moving if scan.type in {kind, "fill"}]
        fills = [place for place, scan in enumerate(latest) if scan.type == "fill"]
        return latest[fills[-1] + 1 :] if fills else latest

    def owner(self) -> str:
        return ([self.binding.data["owner"]] + [scan.data["to"] for scan in self.of_type("transfer")])[-1]

    def passes(self) -> list[Scan]:
        return [scan for scan in self.believed if scan.data["result"] == "pass"]

    def due(self) -> date:
        """The last day on which the inspection is good."""
        if passes := self.passes():
            return a_day(passes[-1].data["next_due"])
        return self.first_due()

    def first_due(self) -> date:
        return years_after(a_day(self.binding.data["inspected"]), INSPECTION_YEARS)

    def end_of_life(self, life_years: int | None) -> date:
        made = a_day(self.binding.data["made"])
        end = years_after(made, LIFE_YEARS if life_years is None else life_years)
        for due in [self.first_due()] + [a_day(scan.data["next_due"]) for scan in self.passes()]:
            if due > end:
                end = max(end, min(due, years_after(made, LONGEST_YEARS)))
        return end

    def full(self) -> bool:
        full, last_move = False, None
        for scan in self.moving:
            came_back_empty = scan.type == "receive" and last_move == "deliver"
            if scan.type == "fill" or (scan.type in {"collect", "receive"} and scan.data.get("full")):
                full = True
            elif scan is self.binding or scan.type in {"deliver", "inspect", "collect"} or came_back_empty:
                full = False
            if scan.type in MOVES:
                last_move = scan.type
        return full

    def failed(self) -> bool:
        """A failed inspection stands until one is passed."""
        results = [scan.data["result"] for scan in self.believed if scan.data["result"] in {"pass", "fail"}]
        return results[-1:] == ["fail"]

    def state(self) -> str:
        """Scrapped and failed stand above the place; else where the last scan that moves a cylinder somewhere left it."""
        if self.scrapped or self.failed():
            return "scrapped" if self.scrapped else "failed"
        last = [scan for scan in self.moving if scan is self.binding or scan.type in MOVES | {"inspect"}][-1]
        return "at_agency" if last.type == "receive" and last.device["device_kind"] == "agency" else PLACES[last.type]


def is_improper(inspection: Scan, known: Known) -> bool:
    """What makes 10 wherever the cylinder was seen: no licence, or a next date over one interval ahead."""
    row = known.at("enterprise", inspection.enterprise, inspection.day) or {}
    if not licence_holds(row.get("inspection_licence"), inspection.day):
        return True
    if inspection.data["result"] != "pass":
        return False
    return a_day(inspection.data["next_due"]) > years_after(inspection.day, INSPECTION_YEARS)
