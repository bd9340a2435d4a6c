"""The scans of a window at rest, 30 bytes each: packed once, when one arrives, and appended to those before."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import astuple

from processors.cylinder import Cylinder, Sighting
from processors.effects import PLAIN, take_plain
from processors.ledger import Entry, Told, let_count
from processors.model import Answer, AnyScan, Bind, Geo, Inspect, Scan
from processors.origins import Origin
from processors.packed_names import Names
from processors.packed_values import days_of, geo_of, long, place, shorn, time_of, written
from processors.times import SECOND

# Numbers stand for these: add at the end alone.
KINDS = (
    "bind", "transfer", "collect", "receive", "precheck", "fill", "postcheck", "load", "unload", "deliver",
    "send_inspection", "inspect", "scrap", "incident", "missing",
)  # fmt: skip
KIND = {kind: number for number, kind in enumerate(KINDS)}
_ANSWER: tuple[Answer, ...] = ("allow", "warn", "deny")
_ANSWERS = {answer: number for number, answer in enumerate(_ANSWER)}
_SCANS: dict[str, Any] = {str(one.__struct_config__.tag): one for one in AnyScan.__args__}
_PLAIN = [PLAIN.get(kind) for kind in KINDS]
_WHOLE = ("bind", "inspect")  # what they say is packed with its names
_UNSAID = (None, None, None)  # a place, a revision and a verdict, where an entry ends before them
_DATA: dict[str, Any] = {kind: _SCANS[kind].__annotations__["data"] for kind in KINDS}

LATE, SEEN, _VOIDED = 1, 2, 4

_encode = msgspec.msgpack.Encoder().encode
_decode_bind = msgspec.msgpack.Decoder(Bind).decode
_decode_inspect = msgspec.msgpack.Decoder(Inspect).decode


class ScanPacking:
    """Packs the scans of one partition's windows."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._origin_numbers = names.origins.numbers

    def entry(self, entry: Entry, since: int) -> bytes:
        """An entry, which was so long after its window began (µs)."""
        flags = (LATE if entry.late else 0) | (SEEN if entry.seen else 0) | (_VOIDED if entry.voided else 0)
        scan, waited = entry.scan, entry.clock - entry.at
        fields: Any = _encode(scan.data) if scan.type in _WHOLE else astuple(scan.data)
        return self.scan(
            scan.type, fields, scan.scan_id, scan.device, scan.geo, since, entry.origin, entry.offset, waited, flags,
            entry.told, entry.revision,
        )  # fmt: skip

    def scan(
        self, kind: str, fields: Any, scan_id: str, device: str, geo: Geo | None, since: int, origin: Origin, offset: int,
        waited: int, flags: int, told: Told | None, revision: int = 0,
    ) -> bytes:  # fmt: skip
        """The same of what it is made from; `waited`: until it arrived (µs)."""
        number: Any = self._origin_numbers.get(origin)
        if number is None:
            number = self._names.origins.number(origin)
        packed: tuple[Any, ...] = (
            KIND[kind], since / SECOND if since % 1000 else since // 1000, number, self._names.scan_id(scan_id, device),
            offset, waited / SECOND if waited % 1000 else waited // 1000, flags,
            fields if type(fields) is bytes else _PACKED_FIELDS[kind](fields),
        )  # fmt: skip
        if told is not None or revision:
            said = None if told is None else self._said(told)
            return _encode((*packed, None if geo is None else place(geo), revision, said))
        return _encode(packed if geo is None else (*packed, place(geo)))

    def let_count(self, label: str, began: int, now: Cylinder, entry: list[Any]) -> str:
        """Let an entry have its effect on the facts, as `ledger.apply` of the same unpacked; its scan_id."""
        kind, since, origin, scan_id, _, waited, flags, data = entry[:8]
        geo, _, told = (entry[8], None, None) if len(entry) == 9 else entry[8:] or _UNSAID
        scan_id = self._names.scan_id_of(scan_id)
        if flags & _VOIDED:
            return scan_id
        known, when = self._names.origins.of(origin), began + long(since)
        where = None if not flags & SEEN else known.place if geo is None else geo_of(*geo)
        clock, plain = when + long(waited), _PLAIN[kind]
        if plain is None or now.reported or (told is not None and len(told) > 1):
            codes = () if told is None else tuple(code for some in told[1:3] for code in some or ())
            name = KINDS[kind]
            let_count(now, label, name, self._data(name, data), when, known, where, codes, scan_id, clock)
            return scan_id
        if where is not None:
            now.see(Sighting(known, when, where))
        take_plain(now, plain, data, when, known, scan_id, clock)
        return scan_id

    def scanned(
        self, label: str, began: int, kind: int, at: Any, origin: Any, scan_id: Any, offset: int, clock: Any, flags: int,
        data: Any, geo: Any = None, revision: int = 0, told: Any = None,
    ) -> Entry:  # fmt: skip
        """An entry, as it was."""
        name = KINDS[kind]
        known = self._names.origins.of(origin)
        when = began + long(at)
        scan: Scan = _SCANS[name](
            scan_id=self._names.scan_id_of(scan_id), label=label, time=time_of(when), device=known.device,
            operator=known.operator, site=known.named, geo=None if geo is None else geo_of(*geo),
            data=self._data(name, data),
        )  # fmt: skip
        return Entry(
            when, scan, known, offset, when + long(clock), bool(flags & LATE), bool(flags & SEEN),
            None if told is None else self._told(*told), revision, bool(flags & _VOIDED),
        )  # fmt: skip

    def _data(self, name: str, data: Any) -> Any:
        """What a scan said beyond the common fields."""
        if name == "bind":
            return _decode_bind(data)
        return _decode_inspect(data) if name == "inspect" else _DATA[name](*data)

    def _said(self, told: Told) -> tuple[Any, ...]:
        condition: tuple[Any, ...] | None = None
        if told.condition:
            state, full, owner, *days = told.condition
            known = None if owner is None else self._names.words.number(str(owner))
            condition = (state, full, known, *[None if day is None else days_of(str(day)) for day in days])
        return shorn(
            (
                _ANSWERS[told.decision],
                told.codes or None,
                told.prevented or None,
                told.late or None,
                condition,
                told.sterner or None,
            )
        )

    def _told(
        self, decision: int, codes: Any = None, prevented: Any = None, late: Any = None, condition: Any = None,
        sterner: Any = None,
    ) -> Told:  # fmt: skip
        said: tuple[Any, ...] = ()
        if condition:
            state, full, owner, *days = condition
            known = None if owner is None else self._names.words.of(owner)
            said = (state, full, known, *(None if day is None else written(day) for day in days))
        return Told(
            _ANSWER[decision], tuple(codes or ()), tuple(prevented or ()), bool(late), said, tuple(sterner or ())
        )


# How the fields of what a scan of a type said are packed: without those at the end that say nothing.


def _received(fields: tuple[Any, ...]) -> tuple[Any, ...]:
    return fields if fields[0] else ()


def _collected(fields: tuple[Any, ...]) -> tuple[Any, ...]:
    return fields if fields[-1] else _others(fields[:-1])


def _others(fields: tuple[Any, ...]) -> tuple[Any, ...]:
    if fields[-1] is not None:
        return fields
    if fields.count(None) == len(fields) - 1 and fields[0] is not None:  # as nearly always
        return fields[:1]
    return shorn(fields)


_PACKED_FIELDS: dict[str, Callable[[tuple[Any, ...]], tuple[Any, ...]]] = dict.fromkeys(KINDS, _others) | {
    "receive": _received, "collect": _collected,
}  # fmt: skip
