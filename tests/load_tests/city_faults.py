"""A second opinion on the clean city: what an inspector would find in its scans, told without the product's rules.

It reads the scans as sent and the registry lines, nothing of how the city makes them, and covers the rules of the
catalogue that this version does not judge yet, so that a later version finds the same city clean.
"""

import json
from collections import defaultdict
from datetime import date, datetime, timedelta
from math import asin, cos, hypot, radians, sin, sqrt
from typing import Any

from load_tests.city.plan import Plan, truth
from load_tests.city.registry import rows

Row = dict[str, Any]
Line = dict[str, Any]

MOVES = ("collect", "receive", "fill", "load", "unload", "deliver", "send_inspection")


def lines_of(plan: Plan) -> list[Line]:
    """The scans as JSON, labels bare, without those of planted violations (the accident's story stays, its end not)."""
    told = truth(plan, plan.scans)
    dirty = {mark["label"] for mark in told["planted"]} - {plan.accident}
    lines = []
    for scan in plan.scans:
        line = json.loads(scan.body)
        line["label"] = line.get("label", "").rpartition("/")[2]
        line["time"] = datetime.fromisoformat(line["time"])
        if line["label"] not in dirty and line["type"] not in ("incident", "lookup", "home_check"):
            lines.append(line)
    return lines


def registry_of(plan: Plan) -> dict[tuple[str, str], Row]:
    """The last row of each entity; licences are looked at elsewhere."""
    return {(row["kind"], row["id"]): row for row in rows(plan.world)}


def faults(lines: list[Line], registry: dict[tuple[str, str], Row]) -> list[str]:
    """What is wrong, one line a fault; of a clean city nothing."""
    found: list[str] = []
    cylinders: dict[str, _Cylinder] = {}
    held: dict[str, set[str]] = defaultdict(set)
    aboard: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        one = cylinders.setdefault(line["label"], _Cylinder())
        found += [f"{line['scan_id']} {line['type']}: {fault}" for fault in one.take(line, registry)]
        if line["type"] in MOVES and not line.get("dry_run"):
            for places in (held, aboard):
                for place in places.values():
                    place.discard(line["label"])
            if line["type"] == "deliver" and "customer" in line["data"]:
                customer = line["data"]["customer"]
                held[customer].add(line["label"])
                if len(held[customer]) > 2 and registry["customer", customer]["customer_kind"] == "resident":
                    found.append(f"{line['scan_id']}: {customer} holds {len(held[customer])}")
            if line["type"] == "load":
                vehicle = line["data"]["vehicle"]
                aboard[vehicle].add(line["label"])
                if len(aboard[vehicle]) > registry["vehicle", vehicle]["max_cylinders"]:
                    found.append(f"{line['scan_id']}: {vehicle} carries {len(aboard[vehicle])}")
    return found


class _Cylinder:
    """What an inspector keeps of one cylinder."""

    def __init__(self) -> None:
        self.bind: Line = {}
        self.owner = ""
        self.due = date.max
        self.full = False
        self.since_fill: list[Line] = []
        self.move: Line | None = None
        self.seen: tuple[str, datetime, Row] | None = None

    def take(self, line: Line, registry: dict[tuple[str, str], Row]) -> list[str]:
        found = [fault for fault in (self._speed(line, registry), _far(line, registry)) if fault]
        if line.get("dry_run"):
            return found
        data, kind = line.get("data", {}), line["type"]
        enterprise = registry["device", line["device"]].get("enterprise")
        if self.move and kind in MOVES and line["time"] - self.move["time"] > timedelta(hours=48):
            found += ["on the road for over 48 h"] if self.move["type"] in ("load", "collect") else []
        match kind:
            case "bind" if not self.bind:
                self.bind, self.owner = data, data["owner"]
                self.due = _years_on(date.fromisoformat(data["inspected"]), 4)
            case "transfer":
                found += [] if enterprise == self.owner else ["transfer not by its owner"]
                self.owner = data["to"]
            case "fill":
                found += self._fill(line, registry, enterprise)
                self.full, self.since_fill = True, []
            case "load":
                passed = [one for one in self.since_fill if one["type"] == "postcheck" and one["data"]["passed"]]
                found += ["loaded full and unchecked"] if self.full and not passed else []
                found += ["no crew"] if not (data.get("driver") and data.get("escort")) else []
            case "deliver":
                found += self._deliver(line, registry, enterprise)
                self.full = False
            case "inspect":
                if not self.move or self.move["type"] != "receive" or self.move["site"] != line["site"]:
                    found.append("inspected where it is not")
                self.due, self.full = date.fromisoformat(data["next_due"]), False
            case "receive" if self.move and self.move["type"] == "deliver":
                found.append("received before it was collected")
            case "collect":
                found += [] if self.move and self.move["type"] == "deliver" else ["collected where it was not"]
                self.full = False
        self.since_fill.append(line)
        if kind in MOVES:
            self.move = line
        return found

    def _fill(self, line: Line, registry: dict[tuple[str, str], Row], enterprise: str | None) -> list[str]:
        model = registry["model", self.bind["model"]]
        checks = [one for one in self.since_fill if one["type"] == "precheck"]
        limits = (model["nominal_kg"] - model["tolerance_kg"], model["max_fill_kg"] + model["tolerance_kg"])
        made = date.fromisoformat(self.bind["made"])
        day = line["time"].date()
        wrong = {
            "not checked before": not checks
            or not checks[-1]["data"]["passed"]
            or checks[-1]["site"] != line["site"]
            or line["time"] - checks[-1]["time"] > timedelta(hours=2),
            "weight": not limits[0] - 1e-9 <= line["data"]["net_kg"] <= limits[1] + 1e-9,
            "already full": self.full,
            "still at a customer": self.move is not None and self.move["type"] == "deliver",
            "inspection due": (self.due - day).days <= 30,
            "too old": day > max(_years_on(made, 8), min(self.due, _years_on(made, 12))),
            "not the owner": enterprise != self.owner,
            "unqualified": ("staff", line.get("operator")) not in registry
            or registry["staff", line["operator"]]["role"] != "filler",
        }
        return [fault for fault, holds in wrong.items() if holds]

    def _deliver(self, line: Line, registry: dict[tuple[str, str], Row], enterprise: str | None) -> list[str]:
        customer = registry["customer", line["data"]["customer"]]
        home = registry["enterprise", str(enterprise)]
        big = registry["model", self.bind["model"]]["nominal_kg"] >= 45
        wrong = {
            "empty": not self.full,
            "not loaded": self.move is None
            or self.move["type"] != "load"
            or self.move["data"]["vehicle"] != line["data"]["vehicle"],
            "not the owner": enterprise != self.owner,
            "no contract": self.owner not in [contract["enterprise"] for contract in customer["contracts"]],
            "not verified": not customer["realname_verified"],
            "out of its districts": customer["district"] not in home["districts"],
            "a YSP118 at home": big and (customer["customer_kind"] == "resident" or customer["premises"]["indoor"]),
            "home check": (line["time"].date() - date.fromisoformat(customer["home_check"])).days > 365,
            "inspection due": line["time"].date() > self.due,
            "stood too long": line["time"] - self.since_fill[0]["time"] > timedelta(days=15),
        }
        return [fault for fault, holds in wrong.items() if holds]

    def _speed(self, line: Line, registry: dict[tuple[str, str], Row]) -> str | None:
        place = _place(line, registry)
        if place is None:
            return None
        before, self.seen = self.seen, (line["device"], line["time"], place)
        if before is None or before[0] == line["device"]:
            return None
        kilometres, hours = _apart(before[2], place), (line["time"] - before[1]).total_seconds() / 3600
        return f"{kilometres:.0f} km in {hours:.2f} h" if kilometres > 5 and kilometres > 120 * hours else None


def _place(line: Line, registry: dict[tuple[str, str], Row]) -> Row | None:
    site = line.get("site")
    place: Row | None = line.get("geo") or (registry["site", site]["geo"] if site else None)
    return place


def _far(line: Line, registry: dict[tuple[str, str], Row]) -> str | None:
    if not (line.get("site") and line.get("geo")):
        return None
    site = registry["site", line["site"]]
    metres = 1000 * _apart(site["geo"], line["geo"])
    return f"{metres:.0f} m from its site" if metres > site["radius_m"] else None


def _apart(here: Row, there: Row) -> float:
    """Kilometres by the chord between two points of the sphere: another way than the city's own."""

    def on_sphere(place: Row) -> tuple[float, float, float]:
        lon, lat = radians(place["lon"]), radians(place["lat"])
        return cos(lat) * cos(lon), cos(lat) * sin(lon), sin(lat)

    chord = hypot(*(one - other for one, other in zip(on_sphere(here), on_sphere(there), strict=True)))
    return 2 * 6371.0088 * asin(min(1.0, sqrt(chord * chord / 4)))


def _years_on(day: date, years: int) -> date:
    return day.replace(year=day.year + years) if (day.month, day.day) != (2, 29) else date(day.year + years, 2, 28)
