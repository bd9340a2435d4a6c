"""Scans and registry rows that the stream tests post: one small city, all of it in order."""

import json
from typing import Any

from processors.labels import make
from processors.model import Reject
from processors.parameters import DEFAULT
from processors.registry import AnyRow, Registry, parse_row

LICENCE = {"no": "L1", "valid_from": "2020-01-01", "valid_to": "2030-12-31"}
ROWS: list[dict[str, Any]] = [
    {"kind": "enterprise", "id": "E1", "name": "甬城燃气", "district": "330203"}
    | {"filling_licence": LICENCE, "gas_licence": LICENCE, "inspection_licence": LICENCE},
    {"kind": "site", "id": "ST1", "enterprise": "E1", "site_kind": "filling_station", "district": "330212"},
    {"kind": "device", "id": "D-st1", "enterprise": "E1", "device_kind": "station", "site": "ST1"},
    {"kind": "device", "id": "D-co1", "enterprise": "E1", "device_kind": "courier"},
    {"kind": "device", "id": "D-of1", "enterprise": "E1", "device_kind": "office"},
    {"kind": "device", "id": "D-pub", "device_kind": "public"},
    {"kind": "model", "id": "YSP35.5", "max_fill_kg": 14.9, "nominal_kg": 14.5, "tolerance_kg": 0.5},
    {"kind": "vehicle", "id": "V1", "enterprise": "E1", "permit": LICENCE, "max_cylinders": 100},
    *(
        {"kind": "staff", "id": person, "enterprise": "E1", "role": role, "certificate": LICENCE}
        for person, role in (("P1", "filler"), ("P2", "courier"), ("P3", "driver"), ("P4", "escort"))
    ),
    {"kind": "customer", "id": "C1", "customer_kind": "restaurant", "district": "330203", "realname_verified": True,
     "premises": {"cylinder_room": True}, "home_check": "2026-09-01",
     "contracts": [{"enterprise": "E1", "valid_from": "2020-01-01", "valid_to": "2030-12-31"}]},
]  # fmt: skip
PARAMETERS = DEFAULT


def rows() -> list[AnyRow]:
    """The registry's rows, parsed."""
    parsed = [parse_row(json.dumps(row).encode()) for row in ROWS]
    assert not any(isinstance(row, Reject) for row in parsed), parsed
    return parsed  # type: ignore[return-value]


def registry() -> Registry:
    """The registry, loaded."""
    loaded = Registry()
    for row in rows():
        loaded.put(row)
    return loaded


def label(number: int) -> str:
    """A right label."""
    return make("690123456789", f"T{number:05d}")


def scan(
    number: int, type: str = "lookup", *, on: int = 0, device: str = "D-st1", second: int | None = None, **data: Any
) -> dict[str, Any]:
    """The scan of that number: its scan_id and, a second apart, its time follow from it."""
    at = number if second is None else second
    time = f"2026-11-20T{8 + at // 3600 % 12:02d}:{at // 60 % 60:02d}:{at % 60:02d}+08:00"
    return {
        "scan_id": f"scan-{number:06d}", "type": type, "label": label(on), "time": time, "received": time,
        "device": device, "operator": "P2" if device == "D-co1" else "P1", "data": data,
    }  # fmt: skip


def bind(number: int, on: int = 0) -> dict[str, Any]:
    """The bind of a cylinder in good order."""
    return scan(
        number,
        "bind",
        on=on,
        serial=f"S{on}",
        maker="M",
        made="2022-01-01",
        model="YSP35.5",
        owner="E1",
        inspected="2024-01-01",
    )


CYCLE = 6


def cycle(start: int, on: int = 0) -> list[dict[str, Any]]:
    """Check, fill, check, load, deliver, collect: `CYCLE` scans without a violation."""
    return [
        scan(start, "precheck", on=on, passed=True),
        scan(start + 1, "fill", on=on, net_kg=14.5),
        scan(start + 2, "postcheck", on=on, passed=True),
        scan(start + 3, "load", on=on, vehicle="V1", driver="P3", escort="P4"),
        scan(start + 4, "deliver", on=on, device="D-co1", customer="C1", vehicle="V1"),
        scan(start + 5, "collect", on=on, device="D-co1", customer="C1"),
    ]
