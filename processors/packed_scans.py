"""The scans of a window at rest, 30 bytes each: packed once, when one arrives, and appended to those before."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import astuple

from processors.cylinder import Cylinder
from processors.ledger import Entry, Told, let_count
from processors.model import Answer, AnyScan, Bind, Check, Collect, Deliver, Geo, Inspect, Load, Receive, Scan
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
        return self.scan(
            scan.type, scan.data, scan.scan_id, scan.device, scan.geo, since, entry.origin, entry.offset, waited, flags,
            entry.told, entry.revision,
        )  # fmt: skip

    def scan(
        self, kind: str, data: Any, scan_id: str, device: str, geo: Geo | None, since: int, origin: Origin, offset: int,
        waited: int, flags: int, told: Told | None, revision: int = 0,
    ) -> bytes:  # fmt: skip
        """The same of what it is made from; `waited`: until it arrived (µs)."""
        number: Any = self._origin_numbers.get(origin)
        if number is None:
            number = self._names.origins.number(origin)
        fields: tuple[Any, ...] = (
            KIND[kind], since / SECOND if since % 1000 else since // 1000, number, self._names.scan_id(scan_id, device),
            offset, waited / SECOND if waited % 1000 else waited // 1000, flags, _PACKED_DATA[kind](data),
        )  # fmt: skip
        if told is not None or revision:
            said = None if told is None else self._said(told)
            return _encode((*fields, None if geo is None else place(geo), revision, said))
        return _encode(fields if geo is None else (*fields, place(geo)))

    def let_count(
        self, label: str, began: int, now: Cylinder, kind: int, at: Any, origin: Any, scan_id: Any, offset: int,  # noqa: ARG002
        clock: Any, flags: int, data: Any, geo: Any = None, revision: int = 0, told: Any = None,  # noqa: ARG002
    ) -> None:  # fmt: skip
        """Let an entry have its effect on the facts, as `ledger.apply` of the same unpacked."""
        if flags & _VOIDED:
            return
        name, known, when = KINDS[kind], self._names.origins.of(origin), began + long(at)
        where = None if not flags & SEEN else known.place if geo is None else geo_of(*geo)
        codes = (
            ()
            if told is None
            else (*(told[1] or () if len(told) > 1 else ()), *(told[2] or () if len(told) > 2 else ()))
        )
        let_count(
            now, label, name, self._data(name, data), when, known, where, codes, self._names.scan_id_of(scan_id),
            when + long(clock),
        )  # fmt: skip

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


# How what a scan of a type said beyond the common fields is packed: without what says nothing at its end.


def _checked(data: Check) -> tuple[Any, ...]:
    return (data.passed,)


def _received(data: Receive) -> tuple[Any, ...]:
    return (True,) if data.full else ()


def _collected(data: Collect) -> tuple[Any, ...]:
    return astuple(data) if data.full else shorn((data.customer, data.id_token, data.id_number))


def _loaded(data: Load) -> tuple[Any, ...]:
    return astuple(data) if data.escort is not None else shorn(astuple(data))


def _delivered(data: Deliver) -> tuple[Any, ...]:
    return astuple(data) if data.vehicle is not None else shorn(astuple(data))


def _others(data: Any) -> tuple[Any, ...]:
    return shorn(astuple(data))


_PACKED_DATA: dict[str, Callable[[Any], Any]] = dict.fromkeys(KINDS, _others) | {
    "bind": _encode, "inspect": _encode, "precheck": _checked, "postcheck": _checked, "receive": _received,
    "collect": _collected, "load": _loaded, "unload": _loaded, "deliver": _delivered,
}  # fmt: skip
