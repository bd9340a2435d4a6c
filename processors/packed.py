"""A ledger at rest: the bytes that memory and the changelog keep of a label, 80 for the facts and 30 for a kept scan.

A city has three million cylinders and looks at a few hundred a second, so that nearly all of them are bytes. A packed
ledger is a format byte, the alarm (8 bytes, read without the rest), and a MessagePack array. Names that repeat are the
number of their origin (origins.py); days count from 1970; instants from the beginning of the window, as an int in
milliseconds, or a float in seconds where they are no whole ones. What the window holds is packed once, when it arrives:
a scan in order appends its own bytes to those of the ones before.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from itertools import chain
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import astuple

from processors.cylinder import Cylinder, LastFill, Move, Precheck, Scrapping, Sighting
from processors.ledger import Awaited, Entry, Ledger, Past, Standing, Told, let_count
from processors.model import Answer, AnyScan, Bind, Geo, Inspect, Scan
from processors.origins import Numbered, Origin
from processors.packed_alerts import packed_standing, unpacked_standing
from processors.packing import alarm_of, opened, sealed
from processors.times import SECOND, SHANGHAI

FORMAT = b"\x04"

# Numbers stand for these: add at the end alone.
_KINDS = (
    "bind", "transfer", "collect", "receive", "precheck", "fill", "postcheck", "load", "unload", "deliver",
    "send_inspection", "inspect", "scrap", "incident", "missing",
)  # fmt: skip
_STATES = ("in_service", "with_courier", "on_vehicle", "at_customer", "at_agency")
_ANSWER: tuple[Answer, ...] = ("allow", "warn", "deny")
_ANSWERS = {answer: number for number, answer in enumerate(_ANSWER)}
_KIND = {kind: number for number, kind in enumerate(_KINDS)}
_STATE = {state: number for number, state in enumerate(_STATES)}
_SCANS: dict[str, Any] = {str(one.__struct_config__.tag): one for one in AnyScan.__args__}
_DATA: dict[str, Any] = {kind: _SCANS[kind].__annotations__["data"] for kind in _KINDS}

_LATE, _SEEN, _VOIDED = 1, 2, 4
_FULL, _FAILED, _SCRAPPED, _TO_AGENCY, _MISSED = 1, 2, 4, 8, 16
_DAY_ZERO = date(1970, 1, 1).toordinal()
_DEGREES = 10_000_000  # GPS gives no more than seven decimals

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode
_decode_raw = msgspec.msgpack.Decoder(tuple[int, int | float, Raw, Raw, Raw]).decode
_decode_bind = msgspec.msgpack.Decoder(Bind).decode
_decode_inspect = msgspec.msgpack.Decoder(Inspect).decode
_NO_REST = b"\x90"
_FIVE = b"\x95"
_LISTS = [bytes((0x90 | count,)) for count in range(16)]


class Packed:
    """A ledger's state before the window and the scans of it, at rest."""

    __slots__ = ("base", "began", "count", "entries", "first", "label", "last", "packing")

    def __init__(
        self, packing: "LedgerPacking", label: str, began: int, base: bytes, entries: bytes, count: int, last: int
    ) -> None:
        """`began` is the instant that times are counted from, and that of the first entry, if there is any."""
        self.packing = packing
        self.label = label
        self.began = self.first = began
        self.base = base
        self.entries = entries
        self.count = count
        self.last = last

    def add(self, entry: Entry) -> None:
        """One more, at the end."""
        flags = (_LATE if entry.late else 0) | (_SEEN if entry.seen else 0) | (_VOIDED if entry.voided else 0)
        self._add(entry.scan, entry.at, entry.origin, entry.offset, entry.clock, flags, entry.told, entry.revision)

    def add_plain(
        self, scan: Scan, at: int, origin: Origin, offset: int, clock: int, told: Told | None, *, seen: bool
    ) -> None:
        """The same of a scan in order, without an entry made for it; arguments as an entry's."""
        self._add(scan, at, origin, offset, clock, _SEEN if seen else 0, told, 0)

    def _add(
        self, scan: Scan, at: int, origin: Origin, offset: int, clock: int, flags: int, told: Told | None, revision: int
    ) -> None:
        self.entries += self.packing.entry(scan, at - self.began, origin, offset, clock - at, flags, told, revision)
        self.count += 1
        self.last = at

    def may_hold(self, device: str, scan_id: str) -> bool:
        """Whether a scan with these ids may be among them: False is sure. One of another device may look the same."""
        return self.packing.packed_id(scan_id, device) in self.entries

    def fold(self, oldest: float) -> None:
        """Let the scans from before an instant, of which one is left, become part of the state before the window."""
        packing, began = self.packing, self.began
        _, *facts = _decode(self.base)
        base = packing.facts(began, *facts)
        entries: list[list[Any]] = _decode(_list(self.count) + self.entries)
        gone = 0
        while began + _long(entries[gone][1]) < oldest:
            packing.let_count(self.label, began, base, *entries[gone])
            gone += 1
        kept = entries[gone:]
        self.began = self.first = began + _long(kept[0][1])
        for entry in kept:
            entry[1] = _span(began + _long(entry[1]) - self.began)
        self.base, self.entries, self.count = packing.base(base, self.began), b"".join(map(_encode, kept)), len(kept)

    def opened(self) -> tuple[Cylinder, list[Entry]]:
        """Both, unpacked."""
        scanned = self.packing.scanned
        entries = [scanned(self.label, self.began, *entry) for entry in _decode(_list(self.count) + self.entries)]
        began, *facts = _decode(self.base)
        return self.packing.facts(began, *facts), entries


class LedgerPacking:
    """Packs the ledgers of one partition."""

    def __init__(self) -> None:
        self.origins = Numbered(b"@origin/", Origin)  # no label is spelled so
        self.words = Numbered(b"@word/", str)
        self._named, self._by = "", ""  # the scan_id taken apart last, and its device
        self._name: Any = ""

    def fresh(self) -> list[tuple[bytes, bytes]]:
        """The records of origins and words that are new, to be kept before what names them."""
        return [*self.origins.fresh(), *self.words.fresh()]

    def known(self) -> Iterator[tuple[bytes, bytes]]:
        """The records of all origins and words so far."""
        return chain(self.origins.known(), self.words.known())

    def learn(self, records: dict[bytes, bytes]) -> None:
        """Take the records of origins and words out of those of a partition. Raises ValueError where one is missing."""
        self.origins.learn(records)
        self.words.learn(records)

    def pack(self, label: str, ledger: Ledger) -> bytes:
        """The ledger in its packed form, but for the facts after the window, which follow from those before it."""
        kept = ledger.packed
        if not isinstance(kept, Packed):
            entries = ledger.entries
            began = entries[0].at if entries else ledger.newest
            kept = Packed(self, label, began, self.base(ledger.base, began), b"", 0, began)
            for entry in entries:
                kept.add(entry)
            ledger.packed = kept
        rest = _NO_REST
        if ledger.asked or ledger.standing or ledger.awaited or ledger.replaced or ledger.closed:
            told = [packed_standing(one, kept.began) for one in ledger.standing]
            rest = _encode(
                _shorn(
                    (
                        told or None, ledger.asked or None, ledger.awaited or None, ledger.replaced or None,
                        ledger.closed or None,
                    )
                )
            )  # fmt: skip
        since = ledger.newest - kept.began
        numbers = _encode((ledger.offset, since // 1000 if since % 1000 == 0 else since / SECOND))
        # One array of five, put together from what is encoded already.
        return b"".join(
            (
                sealed(FORMAT, ledger.alarm), _FIVE, numbers[1:], kept.base,
                _LISTS[kept.count] if kept.count < 16 else _list(kept.count), kept.entries, rest,
            )
        )  # fmt: skip

    def unpack(self, label: str, packed: bytes) -> Ledger:
        """The ledger from its packed form. Raises ValueError for a format of another version."""
        offset, newest, base, window, rest = _decode_raw(opened(packed, FORMAT, "Ledger"))
        began, *facts = _decode(base)
        ledger = Ledger(offset, newest=began + _long(newest), alarm=alarm_of(packed))
        if len(rest) > 1:
            ledger.asked, ledger.standing, ledger.awaited, ledger.replaced, ledger.closed = self._rest(
                label, began, *_decode(rest)
            )
            ledger.retired = ledger.replaced[0][0] if ledger.replaced else None
        now = self.facts(began, *facts)
        entries = _decode(window)
        for entry in entries:
            self.let_count(label, began, now, *entry)
        if ledger.retired is not None:
            now.retired = ledger.retired
        ledger.now = now
        count = len(entries)
        last = began + _long(entries[-1][1]) if entries else began
        ledger.shut(Packed(self, label, began, bytes(base), bytes(window)[len(_list(count)) :], count, last))
        return ledger

    def _rest(
        self,
        label: str,
        began: int,
        told: Any = None,
        asked: Any = None,
        awaited: Any = None,
        replaced: Any = None,
        closed: Any = None,
    ) -> tuple[list[Past], list[Standing], list[Awaited], list[tuple[int, str]], int]:
        return (
            msgspec.convert(asked or [], list[Past]),
            [unpacked_standing(label, began, one) for one in told or ()],
            [Awaited(*one) for one in awaited or ()],
            # A state written before two labels of one moment were told apart holds the moment alone.
            [(one, "") if isinstance(one, int) else (one[0], one[1]) for one in replaced or ()],
            closed or 0,
        )

    def entry(
        self, scan: Scan, since: int, origin: Origin, offset: int, waited: int, flags: int, told: Told | None,
        revision: int,
    ) -> bytes:  # fmt: skip
        """One of the window: `since` its beginning, and `waited` from there to its arrival (µs)."""
        kind, geo = scan.type, scan.geo
        fields: tuple[Any, ...] = (
            _KIND[kind], since // 1000 if since % 1000 == 0 else since / SECOND, self.origins.number(origin),
            self._id(scan.scan_id, scan.device), offset, waited // 1000 if waited % 1000 == 0 else waited / SECOND,
            flags, _PACKED_DATA[kind](scan.data),
        )  # fmt: skip
        if told is not None or revision:
            said = None if told is None else self._said(told)
            return _encode((*fields, None if geo is None else _place(geo), revision, said))
        return _encode(fields if geo is None else (*fields, _place(geo)))

    def let_count(
        self, label: str, began: int, now: Cylinder, kind: int, at: Any, origin: Any, scan_id: Any, offset: int,  # noqa: ARG002
        clock: Any, flags: int, data: Any, geo: Any = None, revision: int = 0, told: Any = None,  # noqa: ARG002
    ) -> None:  # fmt: skip
        """Let an entry have its effect on the facts, as `ledger.apply` of the same unpacked."""
        if flags & _VOIDED:
            return
        name, known, when = _KINDS[kind], self.origins.of(origin), began + _long(at)
        where = None if not flags & _SEEN else known.place if geo is None else _geo(*geo)
        codes = (
            ()
            if told is None
            else (*(told[1] or () if len(told) > 1 else ()), *(told[2] or () if len(told) > 2 else ()))
        )
        let_count(
            now, label, name, self._data(name, data), when, known, where, codes, self._id_of(scan_id), when + _long(clock)
        )  # fmt: skip

    def _data(self, name: str, data: Any) -> Any:
        """What a scan said beyond the common fields."""
        if name == "bind":
            return _decode_bind(data)
        return _decode_inspect(data) if name == "inspect" else _DATA[name](*data)

    def scanned(
        self, label: str, began: int, kind: int, at: Any, origin: Any, scan_id: Any, offset: int, clock: Any, flags: int,
        data: Any, geo: Any = None, revision: int = 0, told: Any = None,
    ) -> Entry:  # fmt: skip
        """One of the window, as it was."""
        name = _KINDS[kind]
        known = self.origins.of(origin)
        when = began + _long(at)
        scan: Scan = _SCANS[name](
            scan_id=self._id_of(scan_id), label=label, time=_moment(when), device=known.device, operator=known.operator,
            site=known.named, geo=None if geo is None else _geo(*geo), data=self._data(name, data),
        )  # fmt: skip
        return Entry(
            when, scan, known, offset, when + _long(clock), bool(flags & _LATE), bool(flags & _SEEN),
            None if told is None else self._told(*told), revision, bool(flags & _VOIDED),
        )  # fmt: skip

    def packed_id(self, scan_id: str, device: str) -> bytes:
        """A scan_id as an entry has it."""
        return _encode(self._id(scan_id, device))

    def _id(self, scan_id: str, device: str) -> Any:
        """A scan_id; of one that counts, as most do, its beginning's number, the count and how many digits that has.

        Of one scan it is asked for twice, whether it is known and then to be kept.
        """
        if self._named is not scan_id or self._by is not device:
            self._named, self._by, self._name = scan_id, device, self._apart(scan_id, device)
        return self._name

    def _apart(self, scan_id: str, device: str) -> Any:
        beginning = scan_id.rstrip("0123456789")
        digits = len(scan_id) - len(beginning)
        if 0 < digits < 16 and beginning[:-1] in device:  # else each might begin otherwise, and all be kept for ever
            return self.words.number(beginning), int(scan_id[-digits:]), digits
        return scan_id

    def _id_of(self, packed: Any) -> str:
        if isinstance(packed, str):
            return packed
        beginning, count, digits = packed
        return f"{self.words.of(beginning)}{count:0{digits}d}"

    def _said(self, told: Told) -> tuple[Any, ...]:
        condition: tuple[Any, ...] | None = None
        if told.condition:
            state, full, owner, *days = told.condition
            known = None if owner is None else self.words.number(str(owner))
            condition = (state, full, known, *(None if day is None else _day_of(str(day)) for day in days))
        return _shorn(
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
            known = None if owner is None else self.words.of(owner)
            said = (state, full, known, *(None if day is None else _iso_day(day) for day in days))
        return Told(
            _ANSWER[decision], tuple(codes or ()), tuple(prevented or ()), bool(late), said, tuple(sterner or ())
        )

    def base(self, facts: Cylinder, began: int) -> bytes:
        """The facts before the window."""
        number = self.origins.number
        flags = (
            (_FULL if facts.full else 0)
            | (_FAILED if facts.failed else 0)
            | (_SCRAPPED if facts.scrapped else 0)
            | (_TO_AGENCY if facts.to_agency else 0)
            | (_MISSED if facts.missed else 0)
        )
        fill = facts.last_fill
        moves = [
            _shorn(
                (
                    _KIND[move.type],
                    _span(began - move.at),
                    number(move.origin),
                    move.customer,
                    None if move.vehicle is None else self.words.number(move.vehicle),
                    move.sent_to,
                )
            )
            for move in facts.moves
        ]
        last = facts.last_move
        return _encode(
            _shorn(
                (
                    began,
                    facts.serial,
                    self.words.number(facts.maker),
                    self.words.number(facts.model),
                    self.words.number(facts.owner),
                    *(_days(facts.made), _days(facts.inspected), _days(facts.next_due), _days(facts.extended)),
                    _STATE[facts.state],
                    flags,
                    None if fill is None else self._filled(fill, facts.moves, began),
                    moves,
                    None if last is None else (self._id(last.scan_id, last.device), _span(last.arrived - last.at)),
                    [
                        (number(one.origin), _since(one.at, facts.moves, began), self._seen(one))
                        for one in facts.sightings
                    ],
                    [(one.site, _span(began - one.at), one.passed) for one in facts.prechecks] or None,
                    facts.postcheck,
                    facts.valve,
                    facts.reported or None,
                    facts.retired,
                    facts.transferred or None,
                    facts.examined or None,
                    facts.scrapping,
                    facts.replaces,
                    facts.bound_at or None,
                )
            )
        )

    def _filled(self, fill: LastFill, moves: list[Move], began: int) -> Any:
        """The move that it was, if that is known still."""
        for number in range(-1, -1 - len(moves), -1):
            if moves[number].at == fill.at and moves[number].origin == fill.origin:
                return number
        return _span(began - fill.at), self.origins.number(fill.origin)

    def _last_fill(self, packed: Any, moves: list[Move], began: int) -> LastFill:
        if isinstance(packed, int):
            return LastFill(moves[packed].at, moves[packed].origin)
        return LastFill(began - _long(packed[0]), self.origins.of(packed[1]))

    def _seen(self, sighting: Sighting) -> tuple[float, ...] | None:
        return None if sighting.geo == sighting.origin.place else _place(sighting.geo)

    def facts(
        self, began: int, serial: str | None = None, maker: Any = "", model: Any = "", owner: Any = "", made: Any = None,
        inspected: Any = None, next_due: Any = None, extended: Any = None, state: int = 0, flags: int = 0,
        fill: Any = None, moves: Iterable[Any] = (), last: Any = None, sightings: Iterable[Any] = (),
        prechecks: Any = None, postcheck: bool | None = None, valve: str | None = None, reported: Any = None,
        retired: int | None = None, transferred: int | None = None, examined: int | None = None, scrapping: Any = None,
        replaces: str | None = None, bound_at: int | None = None,
    ) -> Cylinder:  # fmt: skip
        """The facts before the window."""
        of, word = self.origins.of, self.words.of
        hands = [self._hand(began, *move) for move in moves]
        if last is not None:
            scan_id, arrived = last
            moved = hands[-1]
            hands[-1] = Move(
                moved.type, moved.at, moved.origin, moved.customer, moved.vehicle, moved.sent_to, self._id_of(scan_id),
                moved.at + _long(arrived),
            )  # fmt: skip
        seen = []
        for origin, at, place in sightings:
            known = of(origin)
            where = known.place if place is None else _geo(*place)
            assert where is not None
            seen.append(Sighting(known, _moment_of(at, hands, began), where))
        return Cylinder(
            serial=serial, maker=word(maker), model=word(model), owner=word(owner),
            made=_ordinal(made), inspected=_ordinal(inspected),
            next_due=_ordinal(next_due), extended=_ordinal(extended), valve=valve, state=_STATES[state],
            full=bool(flags & _FULL), failed=bool(flags & _FAILED), scrapped=bool(flags & _SCRAPPED),
            last_fill=None if fill is None else self._last_fill(fill, hands, began),
            moves=hands, to_agency=bool(flags & _TO_AGENCY), sightings=seen, reported=reported or [],
            prechecks=[Precheck(site, began - _long(at), passed) for site, at, passed in prechecks or ()],
            postcheck=postcheck, retired=retired, missed=bool(flags & _MISSED), transferred=transferred or 0,
            examined=examined or 0, scrapping=None if scrapping is None else Scrapping(*scrapping), replaces=replaces,
            bound_at=bound_at or 0,
        )  # fmt: skip

    def _hand(
        self,
        began: int,
        kind: int,
        at: Any,
        origin: Any,
        customer: Any = None,
        vehicle: Any = None,
        sent_to: Any = None,
    ) -> Move:
        on = None if vehicle is None else self.words.of(vehicle)
        return Move(_KINDS[kind], began - _long(at), self.origins.of(origin), customer, on, sent_to)


def _packed_data(kind: str) -> Callable[[Any], Any]:
    """How what a scan of that type said beyond the common fields is packed: without what says nothing at its end."""
    if kind in ("bind", "inspect"):
        return _encode
    if kind in ("precheck", "postcheck"):
        return lambda data: (data.passed,)
    if kind == "receive":
        return lambda data: (True,) if data.full else ()
    return lambda data: _shorn(astuple(data), kind == "collect")


_PACKED_DATA = {kind: _packed_data(kind) for kind in _KINDS}


def _since(at: int, moves: list[Move], began: int) -> int | float:
    """A moment before the window: the number of the move that was then (-1 is the last), if there is one."""
    for number in range(-1, -1 - len(moves), -1):
        if moves[number].at == at:
            return number
    span = _span(began - at)
    return span if span >= 0 else float(began - at) / SECOND


def _moment_of(since: int | float, moves: list[Move], began: int) -> int:
    return moves[since].at if isinstance(since, int) and since < 0 else began - _long(since)


def _list(count: int) -> bytes:
    """The head of a MessagePack array of so many."""
    if count < 16:
        return bytes((0x90 | count,))
    return b"\xdc" + count.to_bytes(2, "big")


def _shorn(fields: tuple[Any, ...], of_false: bool = False) -> tuple[Any, ...]:
    """Without the fields at the end that say nothing: None, and where it is what a field is else, False."""
    end = len(fields)
    while end and (fields[end - 1] is None or (of_false and fields[end - 1] is False)):
        end -= 1
    return fields[:end]


def _span(microseconds: int) -> int | float:
    return microseconds // 1000 if microseconds % 1000 == 0 else microseconds / SECOND


def _long(span: int | float) -> int:
    return span * 1000 if isinstance(span, int) else round(span * SECOND)


def _days(ordinal: int) -> int | None:
    return ordinal - _DAY_ZERO if ordinal else None


def _ordinal(days: int | None) -> int:
    return 0 if days is None else days + _DAY_ZERO


def _day_of(day: str) -> int:
    return date.fromisoformat(day).toordinal() - _DAY_ZERO


def _iso_day(days: int) -> str:
    return date.fromordinal(days + _DAY_ZERO).isoformat()


def _place(geo: Geo) -> tuple[float, ...]:
    """Its degrees as ints where that is the same."""
    lon, lat = round(geo.lon * _DEGREES), round(geo.lat * _DEGREES)
    accuracy = int(geo.acc_m) if geo.acc_m.is_integer() and geo.acc_m < 1 << 53 else geo.acc_m
    if lon / _DEGREES == geo.lon and lat / _DEGREES == geo.lat:
        return lon, lat, accuracy
    return geo.lon, geo.lat, accuracy


def _geo(lon: float, lat: float, accuracy: float) -> Geo:
    if isinstance(lon, int):
        return Geo(lon / _DEGREES, lat / _DEGREES, float(accuracy))
    return Geo(lon, lat, float(accuracy))


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at // SECOND, SHANGHAI).replace(microsecond=at % SECOND)
