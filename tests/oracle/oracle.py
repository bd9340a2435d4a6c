"""The judge: lines in order of arrival in, answers in the shape of `pingliu judge` out. Times in answers are datetimes."""

import json
from collections import defaultdict
from datetime import timedelta

from . import admission, labels
from .alerts import alert
from .catalogue import CATALOGUE
from .past import Past, Scan
from .registry import Registry
from .rules import violations
from .times import day_of, instant

LATE = timedelta(minutes=5)
STRICTNESS = ["allow", "silent", "warn", "deny"]


class Oracle:
    def __init__(self, registry_rows: list[dict]) -> None:
        self.registry = Registry(registry_rows)
        self.clock = None
        self.arrived: dict[str, list[Scan]] = defaultdict(list)  # by label, in order of arrival
        self.answers: dict[tuple[str, str], tuple[str, dict]] = {}  # by device and scan_id: body and verdict

    def answer(self, scan: dict | bytes) -> dict:
        """The verdict with `alerts`, or the reject with all fields that may be named."""
        body = admission.parsed(scan) if isinstance(scan, bytes) else scan
        if body is None:
            return {"scan_id": None, "rejected": None}
        wrong = admission.wrong_fields(body)
        if wrong:
            return {"scan_id": body.get("scan_id"), "rejected": wrong}
        time = instant(body["time"])
        received = instant(body["received"]) if "received" in body else time
        clock = max(self.clock, received) if self.clock else received
        key, same = (body["device"], body["scan_id"]), without_received(body)
        known = self.registry.known(clock)
        wrong = admission.refused(body, known)
        if key in self.answers:
            first, verdict = self.answers[key]
            if same != first:
                return {"scan_id": body["scan_id"], "rejected": {"scan_id"} | wrong}
            self.clock = clock
            return {**verdict, "duplicate": True, "alerts": []}
        if wrong:
            return {"scan_id": body["scan_id"], "rejected": wrong}
        self.clock = clock
        label = labels.bare(body["label"]) if body["type"] != "home_check" else None
        kind = known.at("device", body["device"], day_of(time))["device_kind"]
        accepted = Scan(body, label, time, received, clock, kind)
        verdict, alerts = self.verdict(accepted)
        self.answers[key] = same, verdict
        self.arrived[label].append(accepted)
        return {**verdict, "alerts": alerts}

    def verdict(self, scan: Scan) -> tuple[dict, list[dict]]:
        """The verdict and alerts of a scan, from all that arrived before it."""
        if scan.type == "home_check":
            return plain(scan), []
        before = [s for s in self.arrived[scan.label] if s.leaves_a_trace and s.place_in_order < scan.place_in_order]
        past = Past(sorted(before, key=lambda s: s.place_in_order))
        case, found = violations(scan, past, self.registry.known(scan.clock))
        asked = scan.dry_run or scan.type == "precheck"
        answer = plain(scan)
        answer["prevented" if asked else "violations"] = [
            code if asked else {"code": code, "severity": CATALOGUE[code].severity, "device": CATALOGUE[code].device}
            for code in found
        ]
        strictest = max([CATALOGUE[code].device for code in found], key=STRICTNESS.index, default="allow")
        if strictest == "deny" and answer["late"]:
            strictest = "warn"
        answer["decision"] = "allow" if strictest == "silent" else strictest
        if scan.type in {"lookup", "precheck"}:
            answer["condition"] = None if "UNKNOWN_LABEL" in found else condition(case)
        told = not asked and scan.type != "lookup"
        return answer, [alert(case, code, evidence) for code, evidence in found.items()] if told else []


def plain(scan: Scan) -> dict:
    """A verdict without violations."""
    return {
        "scan_id": scan.body["scan_id"],
        "label": scan.label,
        "type": scan.type,
        "decision": "allow",
        "violations": [],
        "prevented": [],
        "late": scan.received - scan.time > LATE,
        "dry_run": scan.dry_run,
        "time": scan.time,
        "judged_at": scan.clock,
    }


def condition(case) -> dict:
    past = case.past
    return {
        "state": past.state(),
        "full": past.full(),
        "owner": past.owner(),
        "next_inspection": past.due().isoformat(),
        "end_of_life": past.end_of_life(case.model.get("life_years") if case.model else None).isoformat(),
    }


def without_received(body: dict) -> str:
    """The body for comparing, whatever the order of its fields."""
    return json.dumps({name: value for name, value in body.items() if name != "received"}, sort_keys=True)
