"""The examples, rule by rule: `examples/*.txt` says what each scan is answered, `examples/city.jsonl` is the registry."""

import json
import re
from pathlib import Path

import pytest
from judged import judged

from tests.oracle.labels import make

FOLDER = Path(__file__).parent / "examples"
LABELS = {"": "0690123456789200047A2Y", "other": make("690123456789", "OTHER")}
BIND = {"serial": "A", "maker": "M", "made": "2022-01-01", "model": "YSP35.5", "owner": "E1", "inspected": "2022-11-20"}
ALERT = re.compile(r"(?P<code>\w+) to (?P<to>.+?)(?: cc (?P<cc>.+?))? in (?P<districts>.+) by (?P<responsible>\w+)")


def examples():
    for path in sorted(FOLDER.glob("*.txt")):
        for part in path.read_text().split("\n== ")[1:]:
            name, *lines = part.splitlines()
            yield pytest.param([line for line in lines if line], id=f"{path.stem}: {name}")


def moment(text: str, day: str) -> str:
    """`10:05`, `11-21T10:00` or a whole RFC 3339 time."""
    if text.endswith("Z"):
        return text
    date, _, time = text.rpartition("T")
    time += ":00" if time.count(":") == 1 else ""
    return f"2026-{date or day}T{time}+08:00"


def scan(number: int, words: list[str]) -> dict:
    """The scan of a line's left side."""
    time = words.pop(0) if words[0].endswith("Z") else f"{words.pop(0)}T{words.pop(0)}"
    device = "station1" if words[0] == "bind" else words.pop(0)
    kind, data = words.pop(0), {}
    head = {"scan_id": f"example-{number:04}", "type": kind, "label": "", "time": moment(time, ""), "device": device}
    for word in words:
        name, _, value = word.partition("=")
        if name in {"label", "site"}:
            head[name] = value
        elif name == "dry_run":
            head[name] = True
        elif name == "received":
            head[name] = moment(value, time[:5])
        else:
            data[name] = json.loads(value) if value in {"true", "false"} or name == "net_kg" else value
    head["label"] = LABELS.get(head["label"], head["label"])
    return {**head, "data": {**BIND, **data} if kind == "bind" else data}


def told(alert: dict) -> dict:
    return {
        "code": alert["code"],
        "to": alert["to"],
        "cc": alert["cc"],
        "districts": alert["districts"],
        "responsible": alert["responsible"]["id"],
    }


def expected_alert(line: str) -> dict:
    said = ALERT.fullmatch(line.strip()).groupdict()
    lists = {name: (said[name] or "").split() for name in ("to", "cc", "districts")}
    return {"code": said["code"], **lists, "responsible": said["responsible"]}


@pytest.mark.parametrize("lines", list(examples()))
def test_example(lines):
    rows = [json.loads(row) for row in (FOLDER / "city.jsonl").read_text().splitlines()]
    numbers = [number for number, line in enumerate(lines) if not line.startswith(" ")]
    answers = judged(
        rows, [json.dumps(scan(number, lines[number].split(" -> ")[0].split())).encode() for number in numbers]
    )
    for number, after, answer in zip(numbers, [*numbers[1:], len(lines)], answers, strict=True):
        decision, *codes = lines[number].split(" -> ")[1].split()
        asked = codes[:1] == ["prevented"]
        assert answer["decision"] == decision, lines[number]
        assert [violation["code"] for violation in answer["violations"]] == ([] if asked else codes), lines[number]
        assert answer["prevented"] == (codes[1:] if asked else []), lines[number]
        assert [told(alert) for alert in answer["alerts"]] == [
            expected_alert(line) for line in lines[number + 1 : after]
        ]
