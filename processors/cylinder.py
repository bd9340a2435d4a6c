"""What is known of one cylinder, and how a scan changes it (the table of scan types in contract.md, as code).

State is one live struct a label, changed in place. Its packed form is MessagePack arrays behind a format byte, so that a
field may only ever be added at the end.
"""

import msgspec
from msgspec import Struct

from processors.model import (
    Answer,
    BindScan,
    CollectScan,
    Condition,
    DeliverScan,
    FillScan,
    Geo,
    InspectScan,
    LoadScan,
    ReceiveScan,
    Scan,
    ScrapScan,
    SendInspectionScan,
    TransferScan,
    UnloadScan,
)
from processors.parameters import Parameters
from processors.scan_types import MOVES
from processors.times import HOUR, iso_day, years_after

FORMAT = b"\x01"
_ENDS_WAY_TO_AGENCY = frozenset({"inspect", "collect", "fill", "deliver"})
MOVES_KEPT = 5  # an incident's alert carries the last five (rule 36)


class Move(Struct, array_like=True, frozen=True, gc=False):
    """One change of hands: what, when (instant), and everyone who was named in it."""

    type: str
    at: int
    device: str
    enterprise: str | None = None
    operator: str | None = None
    site: str | None = None
    customer: str | None = None
    vehicle: str | None = None
    agency: str | None = None


class LastFill(Struct, array_like=True, frozen=True, gc=False):
    at: int
    site: str | None
    enterprise: str | None


class Sighting(Struct, array_like=True, frozen=True, gc=False):
    """A scan that says where the cylinder was: evidence for rule 3."""

    device: str
    at: int
    geo: Geo


class Told(Struct, array_like=True, frozen=True, gc=False):
    """What a scan was told, where that is more than a plain verdict; the rest of its verdict stands in the scan."""

    decision: Answer
    codes: tuple[str, ...] = ()
    prevented: tuple[str, ...] = ()
    late: bool = False
    condition: tuple[str | bool | None, ...] = ()  # the fields of a Condition, where one was told
    sterner: tuple[str, ...] = ()  # of `codes` those that gave their sterner answer


class Past(Struct, array_like=True, frozen=True, gc=False):
    """A scan already judged, so that its repeat is recognised. `told` of None is a plain verdict."""

    device: str
    scan_id: str
    digest: bytes
    at: int
    told: Told | None = None


class Cylinder(Struct, array_like=True, gc=False):
    """One label's state. `offset` is that of the last scan it includes, in the label's partition of `scans`."""

    offset: int = -1
    serial: str | None = None  # None: the label was never bound
    maker: str = ""
    model: str = ""
    owner: str = ""
    made: int = 0
    due: int = 0
    extended: int = 0  # the latest due day a passed inspection gave: it may move the end of life
    valve: str | None = None
    state: str = "in_service"
    full: bool = False
    failed: bool = False
    scrapped: bool = False
    last_fill: LastFill | None = None
    moves: list[Move] = []
    past: list[Past] = []
    newest: int = 0  # the time of the newest scan in `past`
    to_agency: bool = False  # on its way to an inspection: since a `send_inspection`
    # The latest sighting, and the latest by another device than that: whoever scans next, one of them is another's.
    sightings: list[Sighting] = []
    reported: list[bytes] = []  # open reports that it is missing: their alerts, as JSON
    asked: list[Past] = []  # `lookup` and `dry_run`: answers, which push no fact out of `past`

    @property
    def bound(self) -> bool:
        """Whether a `bind` ever named this label."""
        return self.serial is not None

    @property
    def last_move(self) -> Move | None:
        """Where it is: its last move left it there."""
        return self.moves[-1] if self.moves else None

    def repeat_of(self, scan: Scan) -> Past | None:
        """The earlier arrival of the same (`device`, `scan_id`), if it is still remembered."""
        for past in (*self.past, *self.asked):
            if past.scan_id == scan.scan_id and past.device == scan.device:
                return past
        return None

    def remember_question(self, past: Past, parameters: Parameters) -> None:
        """Keep a question among the last so many."""
        self.asked = [*self.asked, past][-parameters.window_scans :]

    def remember(self, past: Past, parameters: Parameters) -> None:
        """Keep a fact within the window: so many hours before the newest, and at most so many."""
        self.past.append(past)
        self.newest = max(self.newest, past.at)
        oldest = self.newest - parameters.window_hours * HOUR
        if self.past[0].at < oldest or len(self.past) > parameters.window_scans:
            self.past = [kept for kept in self.past if kept.at >= oldest][-parameters.window_scans :]

    def end_of_life(self, life_years: int, parameters: Parameters) -> int:
        """The last good day of its design life (rule 5)."""
        end = years_after(self.made, life_years)
        latest = years_after(self.made, parameters.life_years_at_most)
        return min(max(end, self.extended), max(end, latest))

    def condition(self, life_years: int, parameters: Parameters) -> Condition:
        """What a `lookup` or `precheck` hears."""
        return Condition(
            state="scrapped" if self.scrapped else "failed" if self.failed else self.state,
            full=self.full,
            owner=self.owner,
            next_inspection=iso_day(self.due),
            end_of_life=iso_day(self.end_of_life(life_years, parameters)),
        )

    def see(self, sighting: Sighting) -> None:
        """Remember where it was seen."""
        other = next((seen for seen in self.sightings if seen.device != sighting.device), None)
        self.sightings = [sighting] if other is None else [sighting, other]

    def take(self, scan: Scan, move: Move, parameters: Parameters, *, suspect: bool = False) -> None:
        """Let a scan have its effect. `move` says who and where, whether or not the scan counts as a move.

        A `suspect` inspection (rule 10) that passes renews and clears nothing.
        """
        before = self.last_move
        match scan:
            case BindScan():
                self._bind(scan, parameters)
            case TransferScan():
                self.owner = scan.data.to
            case CollectScan():
                self.state, self.full = "with_courier", scan.data.full
            case ReceiveScan():
                self.state = "at_agency" if move.agency else "in_service"
                self.full = scan.data.full or (self.full and not (before is not None and before.type == "deliver"))
            case FillScan():
                self.state, self.full = "in_service", True
                self.last_fill = LastFill(move.at, move.site, move.enterprise)
            case LoadScan():
                self.state = "on_vehicle"
            case UnloadScan():
                self.state = "in_service"
            case DeliverScan():
                self.state, self.full = "at_customer", False
            case SendInspectionScan():
                self.state, self.to_agency = "at_agency", True
            case InspectScan():
                self._inspect(scan, suspect=suspect)
            case ScrapScan():
                self.scrapped = True
        if scan.type in MOVES:
            self.moves = [*self.moves, move][-MOVES_KEPT:]
        if scan.type in _ENDS_WAY_TO_AGENCY:
            self.to_agency = False

    def _bind(self, scan: BindScan, parameters: Parameters) -> None:
        if self.bound:  # the same cylinder again changes nothing (rule 2)
            return
        data = scan.data
        self.serial, self.maker, self.model, self.owner, self.valve = (
            data.serial, data.maker, data.model, data.owner, data.valve,
        )  # fmt: skip
        self.made = data.made.toordinal()
        self.due = self.extended = years_after(data.inspected.toordinal(), parameters.inspection_years)
        self.state, self.full = "in_service", False

    def _inspect(self, scan: InspectScan, *, suspect: bool) -> None:
        self.full = False
        self.valve = scan.data.valve or self.valve
        match scan.data.result:
            case "scrap":
                self.scrapped = True
            case "fail":
                self.failed = True
            case "pass":
                self.state = "in_service"
                if suspect or scan.data.next_due is None:
                    return
                self.failed = False
                self.due = scan.data.next_due.toordinal()
                self.extended = max(self.extended, self.due)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Cylinder).decode


def pack(cylinder: Cylinder) -> bytes:
    """The state as the changelog keeps it."""
    return FORMAT + _encode(cylinder)


def unpack(packed: bytes) -> Cylinder:
    """The state from its packed form. Raises ValueError for a format of another version."""
    if packed[:1] != FORMAT:
        raise ValueError(f"cylinder state of format {packed[:1]!r}, this version reads {FORMAT!r}")
    return _decode(memoryview(packed)[1:])
