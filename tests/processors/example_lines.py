"""How a line of `examples/*.txt` is read (examples/README.md says it in words): its scans, or the time it waits until."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from math import cos, radians

from tests.oracle.labels import make
from tests.oracle.places import north_of

FIRST = "0690123456789200047A2Y"
DEFAULTS = {  # what a scan says where its line does not; `operator=-` is nobody
    "bind": {
        "serial": "A", "maker": "M", "made": "2022-01-01", "model": "YSP35.5", "owner": "E1", "inspected": "2024-01-01",
    },
    "precheck": {"operator": "F1", "passed": "true"},
    "fill": {"operator": "F1", "net_kg": "14.4"},
    "postcheck": {"passed": "true"},
    "load": {"vehicle": "V1", "driver": "D1", "escort": "X1"},
    "unload": {"vehicle": "V1"},
    "deliver": {"operator": "K1"},
    "inspect": {"report": "R1"},
    "scrap": {"reason": "rust"},
}  # fmt: skip
HEAD = {"scan_id", "label", "site", "operator"}
STEPS = ("bind", "precheck", "fill", "postcheck", "load", "deliver")
STATES = {"checked": 2, "filled": 4, "loaded": 5, "delivered": 6}  # so many of the steps lead to it
OWN_FIELDS = {
    "net_kg": "fill",
    "vehicle": "load",
    "customer": "deliver",
}  # in a line of a state; the others are the bind's


def scans(number: int, line: str, sites: dict) -> list[dict]:
    """The scans of a line: one, or those that lead to a state."""
    time, words = _timed(line.split())
    if words[0] in STATES:
        steps = list(_steps(words[0], time, _fields(words[1:])))
        return [_scan(f"example-{number:04}-{step}", *scan, sites) for step, scan in enumerate(steps)]
    device = "station1" if words[0] == "bind" else words.pop(0)
    return [_scan(f"example-{number:04}", time, device, words[0], _fields(words[1:]), sites)]


def until(line: str) -> datetime:
    """The time of a line `until ...`."""
    return _timed(line.split()[1:])[0]


def _timed(words: list[str]) -> tuple[datetime, list[str]]:
    """`11-10 10:05` in Shanghai in 2026, or a whole RFC 3339 time; and the words after it."""
    if words[0].endswith("Z"):
        return datetime.fromisoformat(words[0]), words[1:]
    return _moment(f"{words[0]}T{words[1]}"), words[2:]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}+08:00")


def _fields(words: list[str]) -> dict[str, str]:
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def _steps(state: str, time: datetime, fields: dict[str, str]) -> Iterator[tuple]:
    """What brings a cylinder into a state: by its owner's devices, a minute apart, the last at that time."""
    owner = fields.get("owner", "E1")[-1]
    again = "again" in fields
    for left, step in zip(reversed(range(STATES[state])), STEPS, strict=False):
        own = {name: value for name, value in fields.items() if OWN_FIELDS.get(name, "bind") == step or name == "label"}
        own.pop("again", None)
        if step == "deliver":
            own.setdefault("customer", "C1")
        device = "courier" if step == "deliver" else "station"
        kind = "receive" if again and step == "bind" else step
        if kind == "receive":
            own = {name: value for name, value in own.items() if name == "label"}
        yield time - timedelta(minutes=left), device + owner, kind, own


def _scan(scan_id: str, time: datetime, device: str, kind: str, fields: dict[str, str], sites: dict) -> dict:
    data: dict = {}
    scan = {"scan_id": scan_id, "type": kind, "label": FIRST, "time": time.isoformat(), "device": device, "data": data}
    courier = {"operator": f"K{device[-1]}"} if kind == "deliver" and device[-1] in "25" else {}
    for name, value in (DEFAULTS.get(kind, {}) | courier | fields).items():
        if value == "-":
            scan.pop(name, None)
        elif name == "at":
            scan["geo"] = scan.get("geo", {}) | _geo(value, sites)
        elif name == "acc":
            scan["geo"] = scan.get("geo", {}) | {"acc_m": float(value)}
        elif name == "received":
            scan[name] = _moment(value if "T" in value else f"{time:%m-%d}T{value}").isoformat()
        elif name == "dry_run":
            scan[name] = True
        else:
            (scan if name in HEAD else data)[name] = _value(name, value)
    return scan


def _value(name: str, text: str) -> object:
    if name in {"label", "replaces"}:
        return _label(text)
    if name == "aliases":
        return text.split(",")
    if name == "net_kg":
        return float(text)
    return {"true": True, "false": False}.get(text, text)


def _label(text: str) -> str:
    """`first` and every other small word is a label with right check characters; anything else stands for itself."""
    if text == "first":
        return FIRST
    return make("690123456789", text.upper()) if re.fullmatch("[a-z]+", text) else text


def _geo(text: str, sites: dict) -> dict:
    """`S1+200.001` is so many metres north of that site, `S1+140+150` so many north and then east."""
    site, _, offsets = text.partition("+")
    north, _, east = offsets.partition("+")
    place = north_of(sites[site], float(north or 0))
    # Along a parallel a degree of longitude is shorter than one of latitude.
    return place | {
        "lon": place["lon"] + (north_of(place, float(east or 0))["lat"] - place["lat"]) / cos(radians(place["lat"]))
    }
