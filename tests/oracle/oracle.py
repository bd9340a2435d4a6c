"""The judge: lines in order of arrival in, answers in the shape of `pingliu judge` out. Times in answers are datetimes."""

import json
from collections import defaultdict
from datetime import timedelta

from . import admission, labels
from .alerts import alert, resolved
from .catalogue import CATALOGUE
from .past import MOVES, Past, Scan
from .registry import Registry
from .rules import device_answer, is_asked, violations
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
        device = known.at("device", body["device"], day_of(time))
        accepted = Scan(body, label, time, received, clock, device)
        verdict, alerts = self.verdict(accepted)
        self.answers[key] = same, verdict
        self.arrived[label].append(accepted)
        return {**verdict, "alerts": alerts}

    def verdict(self, scan: Scan) -> tuple[dict, list[dict]]:
        """The verdict and alerts of a scan, from all that arrived before it."""
        if scan.type == "home_check":
            return plain(scan), []
        past, (case, found) = self.judged(scan)
        answer = plain(scan)
        for code in found:
            if is_asked(scan, code):
                answer["prevented"].append(code)
            else:
                severity, device = CATALOGUE[code].severity, device_answer(case, code)
                answer["violations"].append({"code": code, "severity": severity, "device": device})
        strictest = max([device_answer(case, code) for code in found], key=STRICTNESS.index, default="allow")
        if strictest == "deny" and answer["late"]:
            strictest = "warn"
        answer["decision"] = "allow" if strictest == "silent" else strictest
        if scan.type in {"lookup", "precheck"}:
            answer["condition"] = None if "UNKNOWN_LABEL" in found else condition(case)
        if scan.type == "lookup":
            return answer, []
        told = [code for code in found if CATALOGUE[code].is_alerted and not is_asked(scan, code)]
        alerts = [alert(case, code, found[code]) for code in told]
        if scan.type in MOVES and not scan.dry_run:
            alerts += [resolved(self.judged(report)[1][0], "REPORTED_MISSING", scan) for report in past.open_reports]
        return answer, alerts

    def judged(self, scan: Scan) -> tuple[Past, tuple]:
        """What came before a scan in order, and what the rules find."""
        before = [s for s in self.arrived[scan.label] if s.leaves_a_trace and s.place_in_order < scan.place_in_order]
        past = Past(sorted(before, key=lambda s: s.place_in_order), self.registry)
        home_checks = [s for s in self.arrived[None] if s.leaves_a_trace]
        return past, violations(scan, past, self.registry.known(scan.clock), home_checks)


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
        "end_of_life": case.end_of_life().isoformat(),
    }


def without_received(body: dict) -> str:
    """The body for comparing, whatever the order of its fields."""
    return json.dumps({name: value for name, value in body.items() if name != "received"}, sort_keys=True)
