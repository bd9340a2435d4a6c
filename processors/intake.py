"""What may enter: the one gate that the gateway and `pingliu judge` share.

A scan passes or it is a `Reject` with the field's path and a reason; nothing is guessed and nothing is repaired.
"""

import re

import msgspec

from processors.labels import bare, is_code
from processors.model import (
    BindScan,
    CollectScan,
    HomeCheckScan,
    InspectScan,
    Reject,
    Retired,
    Scan,
    Tick,
    decode_between,
    decode_scan,
)
from processors.parameters import Schedule
from processors.registry import Device, Registry
from processors.reject import explain
from processors.scan_types import SENDERS
from processors.times import MINUTE, day_of, instant

_SCAN_ID = re.compile(rb'"scan_id"\s*:\s*"([A-Za-z0-9_.:-]{8,64})"')

_BETWEEN = (b'{"type":"tick"', b'{"type":"retired"')


class _Written(msgspec.Struct, gc=False):
    """The times of a scan as they are written."""

    time: str
    received: str | None = None


_decode_written = msgspec.json.Decoder(_Written).decode

CODE_WANTED = "wanted: a label, its Digital Link, or a legacy code of 4 to 40 of 0-9 A-Z a-z -"
TIME_WANTED = "wanted: RFC 3339, as 2026-11-23T10:15:30+08:00"


def parse(raw: bytes | msgspec.Raw) -> Scan | Reject:
    """A scan from its JSON, its label made bare; or what is wrong with it."""
    try:
        scan: Scan = decode_scan(raw)
    except msgspec.MsgspecError as error:
        return explain(error, scan_id_of(raw))
    except UnicodeDecodeError:
        return Reject("", "not JSON: not UTF-8", None)
    wrong = _times_beyond_rfc3339(raw) or _beyond_types(scan)
    return Reject(*wrong, scan.scan_id) if wrong else scan


def read(raw: bytes) -> Scan | Tick | Retired | Reject:
    """A record of the `scans` topic: as `parse`, and what stands between the scans."""
    if raw[:20].replace(b" ", b"").startswith(_BETWEEN):
        try:
            between: Tick | Retired = decode_between(raw)
        except msgspec.MsgspecError as error:
            return explain(error)
        return between
    return parse(raw)


def admit(scan: Scan, received: int, registry: Registry, schedule: Schedule) -> Device | Reject:
    """The row of the device that sent the scan, or why it may not come in now. `received` is an instant."""
    at = instant(scan.time)
    if at < 0:
        return Reject("time", "is before 1970", scan.scan_id)
    ahead = schedule.on(day_of(received)).ahead_minutes
    if at - received > ahead * MINUTE:
        return Reject("time", f"is more than {ahead:g} minutes ahead of its arrival", scan.scan_id)
    device = registry.device(scan.device, day_of(at))
    if device is None:
        return Reject("device", "is not in the registry on the day of the scan", scan.scan_id)
    if device.device_kind not in SENDERS[scan.type]:
        return Reject("type", f"a {device.device_kind} device may not send {scan.type}", scan.scan_id)
    return device


def scan_id_of(raw: bytes | msgspec.Raw) -> str | None:
    """The scan_id of a record that does not parse, where one can be seen."""
    found = _SCAN_ID.search(bytes(raw))
    return found[1].decode() if found else None


def _times_beyond_rfc3339(raw: bytes | msgspec.Raw) -> tuple[str, str] | None:
    """What msgspec reads as a time and RFC 3339 does not: `2026-11-23 10:15:30+0800`, for its blank or its offset.

    Read again, 0.6 µs a scan (reading it takes 3): a decoder of its own cannot be given to the type `datetime`.
    """
    written = _decode_written(raw)
    if not _is_rfc3339(written.time):
        return "time", TIME_WANTED
    if written.received is not None and not _is_rfc3339(written.received):
        return "received", TIME_WANTED
    return None


def _is_rfc3339(time: str) -> bool:
    """Of a time that msgspec has read: all else in it is right."""
    return time[10] in "Tt" and (time[-1] in "Zz" or time[-3] == ":")


def _beyond_types(scan: Scan) -> tuple[str, str] | None:
    """What types alone do not say; makes the codes in the scan bare on the way."""
    if isinstance(scan, HomeCheckScan):
        scan.label = ""
    else:
        scan.label = bare(scan.label)
        if not is_code(scan.label):
            return "label", CODE_WANTED
    data = scan.data
    if isinstance(scan, BindScan):
        for place, alias in enumerate(data.aliases):
            if not is_code(alias):
                return f"data.aliases[{place}]", CODE_WANTED
        if data.replaces is not None:
            data.replaces = bare(data.replaces)
            if not is_code(data.replaces):
                return "data.replaces", CODE_WANTED
    elif isinstance(scan, InspectScan):
        if data.result == "pass" and data.next_due is None:
            return "data.next_due", "is missing: a pass names the next inspection date"
    elif isinstance(scan, CollectScan | HomeCheckScan) and not (data.customer or data.id_token or data.id_number):
        return "data.customer", "is missing"
    return None
