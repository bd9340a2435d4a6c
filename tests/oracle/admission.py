"""What is refused, and by which field: the gateway's part of judging.

A scan may be wrong in several fields and the texts do not say which is named first, so all are told: the engine names one.
"""

import json
import re
from datetime import timedelta

from . import labels
from .registry import Known
from .times import a_day, day_of, instant

ALL = {"station", "courier", "agency", "vehicle", "office", "public"}
KINDS = {
    "bind": {"office", "station", "agency"},
    "transfer": {"office", "station"},
    "collect": {"courier"},
    "receive": {"station", "agency"},
    "precheck": {"station"},
    "fill": {"station"},
    "postcheck": {"station"},
    "load": {"vehicle", "station"},
    "unload": {"vehicle", "station"},
    "deliver": {"courier"},
    "send_inspection": {"office", "station"},
    "inspect": {"agency"},
    "scrap": {"agency", "office", "station"},
    "incident": ALL,
    "missing": {"office", "station"},
    "void": {"office", "agency"},
    "lookup": ALL,
    "home_check": {"courier"},
}
SCAN_ID = re.compile(r"[A-Za-z0-9_.:-]{8,64}", re.ASCII)
AHEAD = timedelta(minutes=5)
ABSENT = object()


def text(value):
    return isinstance(value, str)


def boolean(value):
    return isinstance(value, bool)


def number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def texts(value):
    return isinstance(value, list) and all(map(text, value))


def day(value):
    return succeeds(a_day, value)


def moment(value):
    return succeeds(instant, value)


def one_of(*values):
    return lambda value: text(value) and value in values


def succeeds(read, value):
    try:
        read(value)
    except (ValueError, TypeError):
        return False
    return True


REQUIRED = {
    "bind": {"serial": text, "maker": text, "made": day, "model": text, "owner": text, "inspected": day},
    "transfer": {"to": text},
    "collect": {"customer": text},
    "precheck": {"passed": boolean},
    "fill": {"net_kg": number},
    "postcheck": {"passed": boolean},
    "load": {"vehicle": text},
    "unload": {"vehicle": text},
    "send_inspection": {"agency": text},
    "inspect": {"result": one_of("pass", "fail", "scrap"), "report": text},
    "scrap": {"reason": text},
    "incident": {"kind": one_of("leak", "fire", "explosion", "other")},
    "missing": {"kind": one_of("lost", "stolen")},
    "void": {"scan_id": text, "device": text, "reason": text},
    "home_check": {"customer": text, "result": one_of("ok", "hazard")},
}
OPTIONAL = {
    "bind": {"valve": text, "aliases": texts, "replaces": text},
    "transfer": {"contract": text},
    "collect": {"customer": text, "full": boolean, "id_token": text},
    "receive": {"full": boolean},
    "fill": {"gross_kg": number, "tare_kg": number, "scale": text},
    "load": {"driver": text, "escort": text},
    "unload": {"driver": text, "escort": text},
    "deliver": {"customer": text, "vehicle": text, "id_token": text},
    "inspect": {"next_due": day, "valve": text},
    "home_check": {"customer": text, "id_token": text},
}
HEAD = {"scan_id": lambda v: text(v) and SCAN_ID.fullmatch(v), "time": moment, "device": text}
MAY_BE_ABSENT = {"operator": text, "site": text, "dry_run": boolean, "received": moment}


def parsed(line: bytes) -> dict | None:
    """The JSON object of a line, None where it is none."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def wrong_fields(scan: dict) -> set[str]:
    """The paths of all that has the wrong shape."""
    kind = scan.get("type")
    wrong = wrong_in(scan, HEAD, MAY_BE_ABSENT, "")
    if not text(kind) or kind not in KINDS:
        wrong.add("type")
    if kind == "home_check":
        wrong |= wrong_in(scan, {}, {"label": text}, "")
    elif not (text(scan.get("label")) and labels.CODE.fullmatch(labels.bare(scan["label"]))):
        wrong.add("label")
    if "geo" in scan:
        wrong |= wrong_geo(scan["geo"])
    if "type" not in wrong:
        wrong |= wrong_data(kind, scan.get("data", ABSENT))
    return wrong


def wrong_geo(geo) -> set[str]:
    if not isinstance(geo, dict):
        return {"geo"}
    return wrong_in(geo, {"lon": number, "lat": number}, {"acc_m": number}, "geo.")


def wrong_data(kind: str, data) -> set[str]:
    required = dict(REQUIRED.get(kind, {}))
    if data is ABSENT and not required:
        return set()
    if not isinstance(data, dict):
        return {"data"} | {f"data.{name}" for name in required}
    if kind in {"collect", "home_check"} and "id_token" in data:
        required.pop("customer")
    if kind == "inspect" and data.get("result") == "pass":
        required["next_due"] = day
    return wrong_in(data, required, OPTIONAL.get(kind, {}), "data.")


def wrong_in(thing: dict, required: dict, optional: dict, path: str) -> set[str]:
    missing = {path + name for name in required if name not in thing}
    return missing | {
        path + name for name, right in {**optional, **required}.items() if name in thing and not right(thing[name])
    }


def refused(scan: dict, known: Known) -> set[str]:
    """The fields a scan of the right shape is refused for: too far ahead, no such device, not its kind's to send."""
    time = instant(scan["time"])
    received = instant(scan["received"]) if "received" in scan else time
    wrong = {"time"} if time - received > AHEAD else set()
    device = known.at("device", scan["device"], day_of(time))
    if device is None:
        wrong.add("device")
    elif device["device_kind"] not in KINDS[scan["type"]]:
        wrong.add("type")
    return wrong
