"""The pictures of the README say what the engine says."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from processors.parameters import DEFAULT
from processors.registry import parse_row
from processors.replay import Replay
from tests.stream.scans import ROWS, bind, scan

SIGNAL = Path("docs/pictures/phones-without-signal.svg")
DAY = "2026-11-10T"


def at(clock: str, type: str, *, arrives: str = "", device: str = "D-st1", **data: Any) -> dict[str, Any]:
    """A scan of the picture's day."""
    made, number = f"{DAY}{clock}:00+08:00", int(clock.replace(":", ""))
    received = f"{DAY}{arrives}:00+08:00" if arrives else made
    one = bind(number) if type == "bind" else scan(number, type, device=device, **data)
    return one | {"time": made, "received": received}


def test_phones_without_signal() -> None:
    crew = {"vehicle": "V1", "driver": "P3", "escort": "P4"}
    scans = [
        at("08:00", "bind"),
        at("08:10", "precheck", passed=True),
        at("08:20", "fill", net_kg=14.5),
        at("08:30", "postcheck", passed=True),
        at("10:40", "deliver", device="D-co1", customer="C1"),
        at("14:00", "collect", device="D-co1", customer="C1"),
        at("16:00", "fill", net_kg=14.5),
        at("10:00", "load", arrives="21:30", **crew),
        at("15:50", "precheck", arrives="21:30", passed=True),
    ]
    replay = Replay([parse_row(json.dumps(row).encode()) for row in ROWS], DEFAULT)  # type: ignore[misc] # they are right
    said = [json.loads(one.line()) for body in scans for one in replay.take(json.dumps(body).encode())]
    # The picture's own words, in the order of the story.
    assert [(one["type"], one["decision"], codes(one)) for one in said if "decision" in one][4:] == [
        ("deliver", "warn", ["DELIVER_WITHOUT_LOAD"]),
        ("collect", "allow", []),
        ("fill", "deny", ["PREFILL_CHECK_MISSING"]),
        ("load", "allow", []),
        ("precheck", "allow", []),
    ]
    revised = [one["verdict"] for one in said if one["type"] == "revision"]
    assert [(one["type"], one["decision"]) for one in revised] == [("deliver", "allow"), ("fill", "allow")]
    alerts = [alert for one in said for alert in one.get("alerts", [])]
    assert [(one["code"], one["status"]) for one in alerts] == [
        ("PREFILL_CHECK_MISSING", "suspected"), ("PREFILL_CHECK_MISSING", "retracted"),
    ]  # fmt: skip
    words = " ".join("".join(text.itertext()) for text in ElementTree.parse(SIGNAL).iter() if text.tag.endswith("text"))
    for part in ("PREFILL_CHECK_MISSING: retracted", alerts[-1]["reason"], "DELIVER_WITHOUT_LOAD: never told"):
        assert part in words, part


def codes(verdict: dict[str, Any]) -> list[str]:
    return [one["code"] for one in verdict["violations"]]
