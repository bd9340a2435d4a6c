"""What may enter: the one gate that the gateway and `pingliu judge` share.

A scan passes or it is a `Reject` with the field's path and a reason; nothing is guessed and nothing is repaired.
"""

import re
from collections.abc import Callable, Sequence
from operator import attrgetter

import msgspec

from processors.labels import bare, is_code
from processors.model import (
    AnyScan,
    BindScan,
    CollectScan,
    HomeCheckScan,
    InspectScan,
    Reject,
    Retired,
    Scan,
    Tick,
    decode_array,
    decode_between,
    decode_scan,
    decode_scans,
)
from processors.parameters import Schedule
from processors.registry import Device, Registry
from processors.reject import explain
from processors.scan_types import SENDERS
from processors.times import MINUTE, day_of, instant
from processors.written import TIME_WANTED, are_strict, are_whole, is_strict

_SCAN_ID = re.compile(rb'"scan_id"\s*:\s*"([A-Za-z0-9_.:-]{8,64})"')

_BETWEEN = (b'{"type":"tick"', b'{"type":"retired"')


# What `_beyond_types` asks of these is their label alone.
_PLAIN = {scan for scan in AnyScan.__args__ if scan.type not in ("bind", "inspect", "collect", "home_check")}
_label = attrgetter("label")

CODE_WANTED = "wanted: a label, its Digital Link, or a legacy code of 4 to 40 of 0-9 A-Z a-z -"


def parse(raw: bytes | msgspec.Raw) -> Scan | Reject:
    """A scan from its JSON, its label made bare; or what is wrong with it."""
    try:
        scan: Scan = decode_scan(raw)
    except msgspec.MsgspecError as error:
        return explain(error, scan_id_of(raw))
    except UnicodeDecodeError:
        return Reject("", "not JSON: not UTF-8", None)
    if not is_strict(raw, b"time"):
        return Reject("time", TIME_WANTED, scan.scan_id)
    if scan.received is not None and not is_strict(raw, b"received"):
        return Reject("received", TIME_WANTED, scan.scan_id)
    return _checked(scan)


def parse_all(raws: Sequence[bytes]) -> list[Scan | Reject]:
    """`parse` of many at once, which nearly always are fit."""
    found: list[Scan | Reject] | None = _all_fit(raws)
    return [parse(raw) for raw in raws] if found is None else found


def parse_array(body: bytes) -> list[Scan | Reject] | None:
    """As `parse` of each scan of a JSON array, in one call; None where one may be no scan."""
    return _all_of(decode_array, body)


def read(raw: bytes) -> Scan | Tick | Retired | Reject:
    """A record of the `scans` topic: as `parse`, and what stands between the scans."""
    if raw[:20].replace(b" ", b"").startswith(_BETWEEN):
        try:
            between: Tick | Retired = decode_between(raw)
        except msgspec.MsgspecError as error:
            return explain(error)
        return between
    return parse(raw)


def read_all(records: Sequence[bytes]) -> list[Scan | Tick | Retired | Reject]:
    """`read` of many at once, which nearly always are fit: decoded in one call, and looked at for their times in two."""
    scans = [raw for raw in records if not raw.startswith(_BETWEEN)]
    found = _all_fit(scans)
    if found is None:
        return [read(raw) for raw in records]
    if len(scans) == len(records):
        return [*found]
    fit = iter(found)
    return [read(raw) if raw.startswith(_BETWEEN) else next(fit) for raw in records]


def _all_fit(lines: Sequence[bytes]) -> list[Scan | Reject] | None:
    """As `parse` of each; None where one may be no scan."""
    if not are_whole(lines):
        return None
    found = _all_of(decode_scans, b"\n".join(lines))
    return found if found is not None and len(found) == len(lines) else None


def _all_of(decode: Callable[[bytes], Sequence[Scan]], together: bytes) -> list[Scan | Reject] | None:
    if not are_strict(together, b"time", b"received"):
        return None
    try:
        scans = decode(together)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    are_codes = _surely_codes(list(map(_label, scans)))
    return [scan if are_codes and type(scan) in _PLAIN else _checked(scan) for scan in scans]


def _surely_codes(labels: list[str]) -> bool:
    """Whether all labels are codes and bare, as nearly always. False says nothing."""
    whole, lengths = "".join(labels), {*map(len, labels)}
    return whole.isalnum() and whole.isascii() and min(lengths) >= 4 and max(lengths) <= 40


def _checked(scan: Scan) -> Scan | Reject:
    wrong = _beyond_types(scan)
    return Reject(*wrong, scan.scan_id) if wrong else scan


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
