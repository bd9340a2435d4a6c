"""The examples, rule by rule: `examples/*.txt` says what each scan is answered, `examples/city.jsonl` is the registry."""

import json
import re
from pathlib import Path

import pytest
from judged import judged

from tests.oracle.labels import make
from tests.oracle.places import north_of

FOLDER = Path(__file__).parent / "examples"
CITY = [json.loads(row) for row in (FOLDER / "city.jsonl").read_text().splitlines()]
SITES = {row["id"]: row["geo"] for row in CITY if row["kind"] == "site" and "geo" in row}
LABELS = {"": "0690123456789200047A2Y", "other": make("690123456789", "OTHER")}
BIND = {"serial": "A", "maker": "M", "made": "2022-01-01", "model": "YSP35.5", "owner": "E1", "inspected": "2024-01-01"}
CREW = {  # who does it where the line does not say; `operator=-` is nobody
    "fill": {"operator": "F1"},
    "precheck": {"operator": "F1"},
    "deliver": {"operator": "K1"},
    "load": {"vehicle": "V1", "driver": "D1", "escort": "X1"},
}
HEAD = {"label", "site", "operator"}
ALERT = re.compile(
    r"(?P<status>resolved )?(?P<code>\w+) to (?P<to>.+?)(?: cc (?P<cc>.+?))? in (?P<districts>.+) by (?P<responsible>\w+)"
)


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
    if kind == "deliver" and device[-1] in "25":
        words.insert(0, f"operator=K{device[-1]}")
    for name, value in [*CREW.get(kind, {}).items(), *(word.partition("=")[::2] for word in words)]:
        if name in {"at", "acc"}:
            head["geo"] = head.get("geo", {}) | (geo(value) if name == "at" else {"acc_m": float(value)})
        elif name == "received":
            head[name] = moment(value, time[:5])
        elif name == "dry_run":
            head[name] = True
        elif name in HEAD:
            head[name] = value
        else:
            data[name] = json.loads(value) if value in {"true", "false"} or name == "net_kg" else value
    head = {name: value for name, value in head.items() if value != "-"}
    data = {name: value for name, value in data.items() if value != "-"}
    head["label"] = LABELS.get(head["label"], head["label"])
    return {**head, "data": {**BIND, **data} if kind == "bind" else data}


def geo(text: str) -> dict:
    """`S1+200.001` is so many metres north of that site."""
    site, _, north = text.partition("+")
    return north_of(SITES[site], float(north or 0))


def told(alert: dict) -> dict:
    return {
        "code": alert["code"],
        "resolved": alert["status"] == "resolved",
        "to": alert["to"],
        "cc": alert["cc"],
        "districts": alert["districts"],
        "responsible": alert["responsible"]["id"],
    }


def expected_alert(line: str) -> dict:
    said = ALERT.fullmatch(line.strip()).groupdict()
    lists = {name: (said[name] or "").split() for name in ("to", "cc", "districts")}
    return {"code": said["code"], "resolved": bool(said["status"]), **lists, "responsible": said["responsible"]}


@pytest.mark.parametrize("lines", list(examples()))
def test_example(lines):
    numbers = [number for number, line in enumerate(lines) if not line.startswith(" ")]
    answers = judged(
        CITY, [json.dumps(scan(number, lines[number].split(" -> ")[0].split())).encode() for number in numbers]
    )
    for number, after, answer in zip(numbers, [*numbers[1:], len(lines)], answers, strict=True):
        decision, *words = lines[number].split(" -> ")[1].split()
        facts = words[: words.index("prevented")] if "prevented" in words else words
        assert answer["decision"] == decision, lines[number]
        assert [violation["code"] for violation in answer["violations"]] == facts, lines[number]
        assert answer["prevented"] == words[len(facts) + 1 :], lines[number]
        assert [told(alert) for alert in answer["alerts"]] == [
            expected_alert(line) for line in lines[number + 1 : after]
        ]
