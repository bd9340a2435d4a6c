"""What is kept of one label: its facts before the window, the scans of the window, and what was told of them.

The scans of a cylinder's last 72 h (at most 64) are kept on top of the state before them, so that one that comes out of
order can take its place and the rules run again from there (domain.md 5.3).
"""

from copy import copy
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

from processors.cylinder import Cylinder, Move, Sighting
from processors.model import Answer, AnyScan, Geo, MissingScan, Scan
from processors.packing import Packing
from processors.parameters import Parameters
from processors.rules import HOLDING
from processors.scan_types import MOVES
from processors.times import HOUR

Place = tuple[int, str, str]  # time, device, scan_id: the order of a cylinder's scans


class Told(Struct, array_like=True, frozen=True, gc=False):
    """What a scan was told, where that is more than a plain verdict; the rest of its verdict stands in the scan."""

    decision: Answer
    codes: tuple[str, ...] = ()
    prevented: tuple[str, ...] = ()
    late: bool = False
    condition: tuple[str | bool | None, ...] = ()  # the fields of a Condition, where one was told
    sterner: tuple[str, ...] = ()  # of `codes` those that gave their sterner answer


class Past(Struct, array_like=True, frozen=True, gc=False):
    """A scan that is no fact of the window (a question, one that came too late, a `void`), so that its repeat is known."""

    device: str
    scan_id: str
    body: bytes  # a digest
    told: Told | None = None


class Context(Struct, array_like=True, frozen=True, gc=False):
    """What the registry said of a scan when it was judged."""

    enterprise: str | None = None
    site: str | None = None
    filler: str | None = None
    agency: str | None = None
    place: Geo | None = None  # where it was seen, if that is evidence for rule 3


class Entry(Struct, array_like=True, gc=False):
    """One scan of the window."""

    at: int
    device: str
    scan_id: str
    scan: bytes  # MessagePack, without label and arrival
    offset: int
    clock: int  # the arrival clock at its arrival
    late: bool = False
    told: Told | None = None
    context: Context = Context()
    revision: int = 0
    voided: bool = False

    @property
    def place(self) -> Place:
        return self.at, self.device, self.scan_id

    @property
    def codes(self) -> tuple[str, ...]:
        """The rules it broke, or would have."""
        return (*self.told.codes, *self.told.prevented) if self.told else ()

    @property
    def has_effect(self) -> bool:
        """Whether it moves the state: not where it was taken back, or is under a rule that forbids that."""
        return not self.voided and (self.told is None or HOLDING.isdisjoint(self.codes))


class Standing(Struct, array_like=True, gc=False):
    """An alert of this label: one that waits, or as it was last told."""

    alert_id: str
    code: str
    device: str
    scan_id: str
    status: str  # waiting, suspected, resolved, retracted
    due: int  # until when it waits
    alert: bytes  # as JSON
    since: int = 0  # of a timer: when the time began
    limit: int = 0
    ended: int = 0  # of a timer: when it did


class Awaited(Struct, array_like=True, frozen=True, gc=False):
    """A `void` that came before its scan."""

    device: str
    scan_id: str
    enterprise: str | None


class Ledger(Struct, array_like=True, gc=False):
    """All of one label. `offset` is that of the last scan it includes, in the label's partition of `scans`."""

    offset: int = -1
    base: Cylinder = msgspec.field(default_factory=Cylinder)  # before the window
    entries: list[Entry] = []  # the window, in order
    newest: int = 0
    asked: list[Past] = []
    standing: list[Standing] = []
    awaited: list[Awaited] = []
    retired: int | None = None  # replaced by another label from then on
    alarm: int = 0  # when to look at it next, by the arrival clock; 0 is never. Derived, kept to find its place
    now: Cylinder | None = None  # after all of the window; None until it is asked for
    replaced: list[int] = []  # when labels took its place, in order; `retired` is the first

    @property
    def is_forgotten(self) -> bool:
        """Whether nothing of it need be kept once its alarm has rung: a code that nobody bound, and nobody misses."""
        now = current(self)
        return not now.bound and not now.reported and self.retired is None and not self.awaited

    def entry_of(self, device: str, scan_id: str) -> Entry | None:
        """The scan of the window with these ids."""
        for entry in self.entries:
            if entry.scan_id == scan_id and entry.device == device:
                return entry
        return None

    def past_of(self, device: str, scan_id: str) -> Past | None:
        """The question, or what else is no fact of the window, with these ids."""
        for past in self.asked:
            if past.scan_id == scan_id and past.device == device:
                return past
        return None

    def is_beyond(self, place: Place, parameters: Parameters) -> bool:
        """Whether a place is before the window: too long before the newest, or before the oldest of a full one."""
        if not self.entries:
            return place[0] < self.newest - parameters.window_hours * HOUR
        if place[0] < self.newest - parameters.window_hours * HOUR:
            return True
        return self._facts() >= parameters.window_scans and place < self.entries[0].place

    def ask(self, past: Past, parameters: Parameters) -> None:
        """Remember what is no fact of the window, among the last so many."""
        self.asked = [*self.asked, past][-parameters.window_scans :]

    def _facts(self) -> int:
        """How many scans of the window count: those taken back do not."""
        return sum(not entry.voided for entry in self.entries)

    def make_room(self, parameters: Parameters) -> None:
        """Before a scan is appended: let what leaves the window for it become part of the state before it."""
        if self.entries and self.entries[-1].at < self.newest - parameters.window_hours * HOUR:
            # All of it, as nearly always where a cylinder comes round again: the facts as they stand are that state.
            last = self.entries[-1].at
            self.base, self.entries = copy(current(self)), []
            self.base.retired = self.retired if self.retired is not None and self.retired <= last else None
            self._let_go()
        else:
            self.fold(parameters, room=1)

    def fold(self, parameters: Parameters, room: int = 0) -> None:
        """Let what has left the window become part of the state before it."""
        oldest = self.newest - parameters.window_hours * HOUR
        before, most = len(self.entries), parameters.window_scans - room
        while self.entries and (self.entries[0].at < oldest or (before > most and self._facts() > most)):
            entry = self.entries.pop(0)
            if self.retired is not None and entry.at >= self.retired:
                self.base.retired = self.retired
            apply(self.base, entry, decode(entry))
        if len(self.entries) < before:
            self._let_go()

    def _let_go(self) -> None:
        """Forget alerts of scans that left the window: what was told of them stands, unless something may yet end it."""
        if not self.standing:
            return
        kept = {(entry.device, entry.scan_id) for entry in self.entries}
        reports = set(self.base.reported) | set(current(self).reported)
        first = self.entries[0].at if self.entries else self.newest
        self.standing = [
            one
            for one in self.standing
            if one.status == "waiting"
            or (one.device, one.scan_id) in kept
            or report_id(one) in reports
            or (one.since and (not one.ended or one.ended >= first))
        ]


_encode = msgspec.msgpack.Encoder().encode
_decode: Any = msgspec.msgpack.Decoder(AnyScan).decode


class _LedgerPacking(Packing[Ledger]):
    """Leaves out the facts after the window: they follow from those before it."""

    def pack(self, state: Ledger) -> bytes:
        now, state.now = state.now, None
        try:
            return super().pack(state)
        finally:
            state.now = now


PACKING = _LedgerPacking(Ledger, b"\x03")


def body(scan: Scan) -> bytes:
    """What makes a scan the same as another: all but where it is kept and when it arrived."""
    label, received = scan.label, scan.received
    scan.label, scan.received = "", None
    try:
        return _encode(scan)
    finally:
        scan.label, scan.received = label, received


def digest(scan: Scan) -> bytes:
    """Eight bytes that tell one body from another."""
    return blake2b(body(scan), digest_size=8).digest()


def decode(entry: Entry) -> Scan:
    """The scan of an entry; its label is left empty."""
    scan: Scan = _decode(entry.scan)
    return scan


def report_id(entry: Entry | Standing) -> str:
    """The name under which an open report that it is missing is known."""
    return f"{entry.device}/{entry.scan_id}"


def apply(cylinder: Cylinder, entry: Entry, scan: Scan) -> None:
    """Let a judged scan have its effect on the facts."""
    if entry.voided:
        return
    context = entry.context
    if context.place is not None and "UNKNOWN_LABEL" not in entry.codes:
        cylinder.see(Sighting(entry.device, entry.at, context.place))
    if isinstance(scan, MissingScan):
        cylinder.reported = [*cylinder.reported, report_id(entry)]
    elif cylinder.reported and scan.type in MOVES:
        cylinder.reported = []
    if entry.has_effect:
        suspect = "INSPECTION_RECORD_SUSPECT" in entry.codes
        cylinder.take(scan, move_of(entry, scan), filler=context.filler, suspect=suspect)


def move_of(entry: Entry, scan: Scan) -> Move:
    """Who and where, of a scan."""
    data, context = scan.data, entry.context
    return Move(
        scan.type,
        entry.at,
        entry.device,
        enterprise=context.enterprise,
        operator=scan.operator,
        site=context.site,
        customer=getattr(data, "customer", None) or None,
        vehicle=getattr(data, "vehicle", None) or None,
        agency=context.agency,
        scan_id=entry.scan_id,
        arrived=entry.clock,
    )


def current(ledger: Ledger) -> Cylinder:
    """The facts after all scans of the window."""
    if ledger.now is None:
        ledger.now = state_at(ledger, None)
    return ledger.now


def state_at(ledger: Ledger, place: Place | None) -> Cylinder:
    """A copy of the facts before a place in the window; of None, after all of it."""
    state = copy(ledger.base)
    for entry in ledger.entries:
        if place is not None and entry.place > place:
            break
        apply(state, entry, decode(entry))
    if ledger.retired is not None and (place is None or place[0] >= ledger.retired):
        state.retired = ledger.retired
    return state
