"""What the scans of one cylinder before a moment amount to. Each question walks the whole history again."""

from dataclasses import dataclass
from datetime import date, datetime

from . import labels
from .registry import Registry, licence_holds
from .times import a_day, day_of, years_after

MOVES = {"collect", "receive", "fill", "load", "unload", "deliver", "send_inspection"}
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
class Scan:
    """An accepted scan. `label` is bare; `clock` the arrival clock when it came; `device` the row of its device."""

    body: dict
    label: str | None
    time: datetime
    received: datetime
    clock: datetime
    device: dict

    @property
    def type(self) -> str:
        return self.body["type"]

    @property
    def data(self) -> dict:
        return self.body.get("data") or {}

    @property
    def dry_run(self) -> bool:
        return self.body.get("dry_run", False)

    @property
    def enterprise(self) -> str:
        return self.device["enterprise"]

    @property
    def site(self) -> str | None:
        """The id of its site: its own, else for station and agency devices the device's."""
        fixed = self.device["device_kind"] in {"station", "agency"}
        return self.body.get("site") or (self.device.get("site") if fixed else None)

    @property
    def tells_a_place(self) -> bool:
        """Whether rule 3 may look at it."""
        return self.leaves_a_trace and self.type != "home_check" and self.device["device_kind"] != "public"

    @property
    def leaves_a_trace(self) -> bool:
        return not self.dry_run and self.type != "lookup"

    @property
    def place_in_order(self) -> tuple:
        return self.time, self.body["device"], self.body["scan_id"]


def scraps(scan: Scan) -> bool:
    return scan.type == "scrap" or (scan.type == "inspect" and scan.data["result"] == "scrap")


class Past:
    """`scans`: all of this label that come before in order, dry runs and lookups left out."""

    def __init__(self, scans: list[Scan], registry: Registry) -> None:
        self.scans, self.registry = scans, registry
        self.binding: Scan | None = None
        self.scrapped = False
        self.known: list[Scan] = []  # the scans not under 1
        self.moving: list[Scan] = []  # the scans that moved the state: not under 1, 2, 4 or 38
        self.believed: list[Scan] = []  # of these the inspections that are no `pass` under 10
        self.open_reports: list[Scan] = []  # `missing` scans without a move since
        for scan in scans:
            if scan.type == "missing":
                self.open_reports.append(scan)
            elif scan.type in MOVES:  # under 1 and 4 too, which stand alone but for 36 and 37
                self.open_reports = []
            if self.is_unknown(scan):
                continue
            self.known.append(scan)
            if self.scrapped or self.is_double(scan) or self.is_not_by_owner(scan):
                continue
            self.binding = self.binding or scan
            self.scrapped = scraps(scan)
            if scan.type == "inspect" and (scan.data["result"] != "pass" or not self.is_suspect(scan)):
                self.believed.append(scan)
            self.moving.append(scan)

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

    def is_suspect(self, scan: Scan) -> bool:
        """Rule 10, by the registry as known when the inspection arrived."""
        if scan.type != "inspect":
            return False
        known, agency, day = self.registry.known(scan.clock), scan.enterprise, day_of(scan.time)
        row = known.at("enterprise", agency, day) or {}
        if not licence_holds(row.get("inspection_licence"), day):
            return True
        if scan.data["result"] == "pass" and a_day(scan.data["next_due"]) > years_after(day, INSPECTION_YEARS):
            return True
        if not self.moves():
            return False
        last = self.moves()[-1]
        if last.type == "receive":
            return (known.at("site", last.site, day) or {}).get("enterprise") != agency
        return last.type != "send_inspection" or last.data["agency"] != agency

    def on_the_way_to_agency(self) -> bool:
        """After a `send_inspection`, until the next inspect, collect, fill or deliver."""
        last = self.of_type("send_inspection", "inspect", "collect", "fill", "deliver")[-1:]
        return [scan.type for scan in last] == ["send_inspection"]

    def of_type(self, *types: str) -> list[Scan]:
        return [scan for scan in self.moving if scan.type in types]

    def moves(self) -> list[Scan]:
        return self.of_type(*MOVES)

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
