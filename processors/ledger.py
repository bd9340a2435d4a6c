"""What is kept of one label: its facts before the window, the scans of the window, and what was told of them.

The scans of a cylinder's last 72 h (at most 64) are kept on top of the state before them, so that one that comes out of
order can take its place and the rules run again from there (domain.md 5.3).
"""

from copy import copy
from hashlib import blake2b
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from processors.cylinder import Cylinder, Move, Sighting
from processors.effects import take
from processors.model import Answer, Geo, Scan
from processors.origins import Origin
from processors.parameters import Parameters
from processors.rules import HOLDING
from processors.scan_types import MOVES
from processors.times import HOUR

_WITH_VEHICLE = frozenset({"load", "unload", "deliver"})

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
    enterprise: str | None = None  # whose device made it, and who may take it back


class Entry(Struct, gc=False):
    """One scan of the window."""

    at: int
    scan: Scan
    origin: Origin
    offset: int
    clock: int  # the arrival clock at its arrival
    late: bool = False
    seen: bool = False  # whether it is evidence of where the cylinder was (rule 3)
    told: Told | None = None
    revision: int = 0
    voided: bool = False

    @property
    def device(self) -> str:
        return self.scan.device

    @property
    def scan_id(self) -> str:
        return self.scan.scan_id

    @property
    def where(self) -> Geo | None:
        """Where the cylinder was, if this is evidence of it (rule 3)."""
        return (self.scan.geo or self.origin.place) if self.seen else None

    @property
    def place(self) -> Place:
        return self.at, self.scan.device, self.scan.scan_id

    @property
    def codes(self) -> tuple[str, ...]:
        """The rules it broke, or would have."""
        return (*self.told.codes, *self.told.prevented) if self.told else ()

    @property
    def has_effect(self) -> bool:
        """Whether it moves the state: not where it was taken back, or is under a rule that forbids that."""
        return not self.voided and HOLDING.isdisjoint(self.codes)


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


class Window(Protocol):
    """A ledger's state before the window and the scans of it, packed (packed.py): what a scan in order only adds to."""

    @property
    def count(self) -> int:
        """How many scans."""

    @property
    def first(self) -> int:
        """When the first of them was, if there is any."""

    @property
    def last(self) -> int:
        """When the last of them was, if there is any."""

    def add(self, entry: Entry) -> None:
        """One more, at the end."""

    def add_plain(
        self, kind: str, fields: tuple[Any, ...], scan_id: str, device: str, geo: Geo | None, at: int, origin: Origin,
        offset: int, clock: int, late: bool, seen: bool, told: Told | None,
    ) -> None:  # fmt: skip
        """The same of a scan in order, without an entry made for it; arguments as an entry's and its scan's.

        `fields` are those of what it said.
        """

    @property
    def ids(self) -> set[str]:
        """The scan_id of each, and perhaps of more."""

    def fold(self, oldest: float) -> None:
        """Let the scans from before an instant, of which one is left, become part of the state before the window."""

    def opened(self) -> tuple[Cylinder, list[Entry]]:
        """Both, unpacked."""


class Awaited(Struct, array_like=True, frozen=True, gc=False):
    """A `void` that came before its scan."""

    device: str
    scan_id: str
    enterprise: str | None


class Ledger(Struct, gc=False):
    """All of one label. `offset` is that of the last scan it includes, in the label's partition of `scans`."""

    offset: int = -1
    base: Cylinder = msgspec.field(default_factory=Cylinder)  # before the window
    entries: list[Entry] = []  # the window, in order
    newest: int = 0  # when the newest scan was that counts, or counted before it was taken back
    asked: list[Past] = []
    standing: list[Standing] = []
    awaited: list[Awaited] = []
    retired: int | None = None  # replaced by another label from then on
    alarm: int = 0  # when to look at it next, by the arrival clock; 0 is never. Derived, kept to find its place
    now: Cylinder | None = None  # after all of the window; None until it is asked for
    replaced: list[tuple[int, str]] = []  # when labels took its place, and which, in order; `retired` is the first
    packed: Window | None = None  # `base` and `entries` as they are packed; None where they have changed since
    known: dict[tuple[str, str], "Entry | Past"] | None = None  # its scans by device and scan_id, once asked for
    closed: int = 0  # what was made before then stays beyond the window; 0 where the newest scan alone says what is
    is_quiet: bool = False  # known to be as a scan in order wants it (in_order.py); only the long way may change that
    is_open: bool = True  # else there are no `base` and `entries` before `unpack`: a scan in order needs neither

    def shut(self, packed: Window) -> None:
        """Leave `base` and `entries` packed until `unpack`."""
        self.now = current(self)
        self.packed, self.known, self.is_open = packed, None, False
        del self.base, self.entries

    def unpack(self) -> None:
        """Have `base` and `entries` at hand, to be looked at.

        Not by themselves when they are asked for: a class that can do that is asked by Python at each of its fields, which
        cost 56 ns for each of some 25 that a scan reads.
        """
        if not self.is_open:
            assert self.packed is not None
            self.base, self.entries = self.packed.opened()
            self.is_open = True

    def open(self) -> None:
        """They may change from now on, as all else may: unpacked, and to be packed anew."""
        self.unpack()
        self.packed, self.is_quiet = None, False

    def append(self, entry: Entry) -> None:
        """A scan in order joins the window."""
        if self.packed is not None:
            self.packed.add(entry)
        if self.is_open:
            self.entries.append(entry)
            if self.known is not None:
                self.known[entry.device, entry.scan_id] = entry

    def may_know(self, device: str, scan_id: str) -> bool:
        """Whether a scan, a question, or what else is no fact of it may have these ids; False is sure."""
        packed = self.packed
        if packed is not None and not self.asked and scan_id not in packed.ids:
            return False
        return self.known_as(device, scan_id) is not None

    @property
    def last(self) -> int:
        """When the last scan of the window was, whether it counts or was taken back; of an empty one some time before it."""
        if self.packed is not None:
            return self.packed.last
        return self.entries[-1].at if self.entries else 0

    @property
    def is_forgotten(self) -> bool:
        """Whether nothing of it need be kept once its alarm has rung: a code that nobody bound, and nobody misses."""
        now = current(self)
        return not now.bound and not now.reported and self.retired is None and not self.awaited

    def known_as(self, device: str, scan_id: str) -> Entry | Past | None:
        """The scan of the window, the question, or what else is no fact of it, with these ids."""
        if self.known is None:
            self.unpack()
            self.known = {(past.device, past.scan_id): past for past in self.asked}
            for entry in self.entries:
                self.known[entry.device, entry.scan_id] = entry
        return self.known.get((device, scan_id))

    def entry_of(self, device: str, scan_id: str) -> Entry | None:
        """The scan of the window with these ids."""
        found = self.known_as(device, scan_id)
        return found if isinstance(found, Entry) else None

    def is_beyond(self, place: Place, parameters: Parameters) -> bool:
        """Whether a place is before the window: too long before the newest, or before the oldest of a full one."""
        if place[0] < max(self.newest - parameters.window_hours * HOUR, self.closed):
            return True
        return self._facts() >= parameters.window_scans and place < self._first_fact().place

    def close(self, parameters: Parameters) -> None:
        """Before a scan of the window is taken back: what is beyond a full one stays so.

        It would reach further back without that scan, but what has left it is part of the state before it for good. So it
        is with the newest scan, which stays `newest`.
        """
        if self._facts() >= parameters.window_scans:
            self.closed = max(self.closed, self._first_fact().at)

    def ask(self, past: Past, parameters: Parameters) -> None:
        """Remember what is no fact of the window, among the last so many."""
        self.asked = [*self.asked, past][-parameters.window_scans :]
        self.known = None

    def _facts(self) -> int:
        """How many scans of the window count: those taken back do not."""
        return sum(not entry.voided for entry in self.entries)

    def _first_fact(self) -> Entry:
        return next(entry for entry in self.entries if not entry.voided)

    def make_room(self, parameters: Parameters) -> None:
        """Before a scan is appended: let what leaves the window for it become part of the state before it."""
        oldest = self.newest - parameters.window_hours * HOUR
        kept = self.packed  # then it is known to be wanted (in_order.py)
        if (
            kept is None
            and self.entries
            and self.entries[0].at >= oldest
            and len(self.entries) < parameters.window_scans
        ):
            return
        last = kept.last if kept is not None else self.entries[-1].at if self.entries else oldest
        if last < oldest:
            # All of it, as nearly always where a cylinder comes round again: the facts as they stand are that state.
            self.base, self.entries, self.is_open = copy(current(self)), [], True
            self.base.retired = self.retired if self.retired is not None and self.retired <= last else None
            self.known = self.packed = None
            self.closed = 0
            self._let_go(oldest)
        elif kept is not None and not self.is_open and kept.count < parameters.window_scans and not self.standing:
            kept.fold(oldest)
        else:
            self.fold(parameters, room=1)

    def fold(self, parameters: Parameters, room: int = 0) -> None:
        """Let what has left the window become part of the state before it."""
        self.unpack()
        oldest = self.newest - parameters.window_hours * HOUR
        if self.entries and self.entries[0].at >= oldest and len(self.entries) <= parameters.window_scans - room:
            return
        before, most = len(self.entries), parameters.window_scans - room
        while self.entries and (self.entries[0].at < oldest or (before > most and self._facts() > most)):
            entry = self.entries.pop(0)
            if self.retired is not None and entry.at >= self.retired:
                self.base.retired = self.retired
            apply(self.base, entry)
        if len(self.entries) < before:
            self.known = self.packed = None
            is_full = self._facts() >= parameters.window_scans
            self._let_go(self._first_fact().at if is_full else max(oldest, self.closed))

    def _let_go(self, oldest: float) -> None:
        """Forget alerts of scans that left the window: what was told of them stands, unless something may yet end it.

        Or have ended it sooner: `oldest` is the instant from which on scans may take their place.

        A time that ended as the cylinder left the world may run on: whatever took it out may be taken back at any time.
        """
        if not self.standing:
            return
        scrapping = self.base.scrapping
        left = {self.base.retired, scrapping.at if scrapping else None}
        kept = {(entry.device, entry.scan_id) for entry in self.entries}
        reports = set(self.base.reported) | set(current(self).reported)
        self.standing = [
            one
            for one in self.standing
            if one.status == "waiting"
            or (one.device, one.scan_id) in kept
            or report_id(one) in reports
            or (one.since and (not one.ended or one.ended >= oldest or one.ended in left))
        ]


def body(scan: Scan) -> tuple[Any, ...]:
    """What makes a scan the same as another: all but where it is kept and when it arrived."""
    return type(scan), scan.scan_id, scan.device, scan.time, scan.operator, scan.site, scan.geo, scan.dry_run, scan.data


_encode = msgspec.msgpack.Encoder().encode


def digest(scan: Scan) -> bytes:
    """Eight bytes that tell one body from another."""
    return blake2b(_encode((scan.type, body(scan)[1:])), digest_size=8).digest()


def report_id(entry: Entry | Standing) -> str:
    """The name under which an open report that it is missing is known."""
    return f"{entry.device}/{entry.scan_id}"


def apply(cylinder: Cylinder, entry: Entry) -> None:
    """Let a judged scan have its effect on the facts."""
    if not entry.voided:
        scan = entry.scan
        let_count(
            cylinder, scan.label, scan.type, scan.data, entry.at, entry.origin, entry.where, entry.codes, scan.scan_id,
            entry.clock,
        )  # fmt: skip


def let_count(
    cylinder: Cylinder, label: str, kind: str, data: Any, at: int, origin: Origin, where: Geo | None,
    codes: tuple[str, ...], scan_id: str, clock: int,
) -> None:  # fmt: skip
    """The same, of what a scan and its judging come to; `codes` are the rules it broke, or would have."""
    if where is not None and (not codes or "UNKNOWN_LABEL" not in codes):
        cylinder.see(Sighting(origin, at, where))
    if kind == "missing":
        cylinder.reported = [*cylinder.reported, f"{origin.device}/{scan_id}"]
    elif cylinder.reported and kind in MOVES:
        cylinder.reported = []
    if not codes or HOLDING.isdisjoint(codes):
        suspect = "INSPECTION_RECORD_SUSPECT" in codes
        take(cylinder, label, kind, data, at, origin, scan_id, clock, suspect=suspect)


def move_of(entry: Entry) -> Move:
    """Who and where, of a scan."""
    scan, data = entry.scan, entry.scan.data
    customer = vehicle = agency = None
    if scan.type in _WITH_VEHICLE:
        vehicle = data.vehicle or None
        if scan.type == "deliver":
            customer = data.customer or None
    elif scan.type == "collect":
        customer = data.customer or None
    elif scan.type == "send_inspection":
        agency = data.agency
    return Move(scan.type, entry.at, entry.origin, customer, vehicle, agency, scan.scan_id, entry.clock)


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
        apply(state, entry)
    if ledger.retired is not None and (place is None or place[0] >= ledger.retired):
        state.retired = ledger.retired
    return state
