"""The verdict of one scan, from what the rules found."""

from datetime import timedelta

from .case import Case
from .catalogue import CATALOGUE
from .rules import device_answer, is_asked
from .scan import Scan

LATE = timedelta(minutes=5)
STRICTNESS = ["allow", "silent", "warn", "deny"]


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


def verdict(case: Case, found: dict[str, dict]) -> dict:
    """What the device is told."""
    scan, answer = case.scan, plain(case.scan)
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
    return answer


def condition(case: Case) -> dict:
    past = case.past
    return {
        "state": past.state(),
        "full": past.full(),
        "owner": past.owner(),
        "next_inspection": past.due().isoformat(),
        "end_of_life": case.end_of_life().isoformat(),
    }
