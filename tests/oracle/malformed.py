"""Lines that must be refused, made from good scans or from nothing."""

import json
import random

GARBAGE = [b"{", b"[]", b"null", b"1", b'"fill"', b"\xff\xfe", b'{"scan_id":', b"[{}]", b"{}", b"\x00" * 9, b"{'a': 1}"]
HEAD = ["scan_id", "type", "label", "time", "device"]
WRONG = {
    "scan_id": ["short", "x" * 65, "with a space", "中文中文中文中文", 12345678, None, ["scan-00001"]],
    "type": ["filling", "", "FILL", 1, None, {}],
    "label": ["", "abc", "x" * 41, "with space", "äöüß", "A_B_C_D", 4711, None, "https://example.org/8003/", "\n0690"],
    "time": [
        "",
        "2026-11-20",
        "2026-11-20T10:00:00",
        "20261120T100000Z",
        "2026-13-20T10:00:00Z",
        "2026-11-20T25:00:00Z",
        0,
        None,
    ],
    "device": [1, None, [], {"id": "D"}],
    "operator": [1, ["P"]],
    "site": [1, ["S1"]],
    "geo": ["121,29", 1, [121.5, 29.8]],
    "geo.lon": ["121.5", None, True],
    "geo.lat": ["29.8", None],
    "geo.acc_m": ["12", True],
    "dry_run": ["false", 0, 1],
    "data": ["x", 1, []],
    "data.net_kg": ["14.4", None, True, [14.4]],
    "data.passed": ["true", 1, None],
    "data.full": ["true", 0],
    "data.made": ["2020", "2020-02-30", "2020/01/01", 20200101, None],
    "data.inspected": ["", "2020-13-01", "01.01.2020", None],
    "data.next_due": ["never", "2020-1-1", 2020],
    "data.serial": [1, None],
    "data.aliases": ["OLD-1", [1]],
    "data.replaces": [1, ["OLD-1"]],
    "data.owner": [1, None],
    "data.to": [1, None],
    "data.customer": [1, []],
    "data.vehicle": [1, []],
    "data.agency": [1, None],
    "data.result": ["passed", "", 1, None],
    "data.kind": ["other than these", 1, None],
    "data.reason": [1, None],
    "data.scan_id": [1, None],
    "data.device": [1, {}],
}


def spoiled(rng: random.Random, scan: dict) -> bytes:
    """This scan with one field missing or wrong, or no scan at all."""
    if rng.random() < 0.15:
        return rng.choice(GARBAGE)
    scan = json.loads(json.dumps(scan))
    data = scan.get("data", {})
    if rng.random() < 0.4:
        needless = {"full", "customer", "vehicle"}
        path = rng.choice(HEAD + [f"data.{name}" for name in data if name not in needless])
        put(scan, path, None, missing=True)
    else:
        there = [path for path in WRONG if not path.startswith("data.") or path[5:] in data]
        path = rng.choice(there)
        put(scan, path, rng.choice(WRONG[path]))
    return json.dumps(scan).encode()


def put(scan: dict, path: str, value, missing: bool = False) -> None:
    """Sets or takes away what stands at a dotted path."""
    *above, name = path.split(".")
    for step in above:
        scan = scan.setdefault(step, {"lon": 121.5, "lat": 29.8} if step == "geo" else {})
    if missing:
        scan.pop(name, None)
    else:
        scan[name] = value
