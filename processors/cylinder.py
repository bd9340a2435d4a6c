"""What is known of one cylinder; how a scan changes it is effects.py.

These are the facts that rules look at, and nothing else: what was said of them to whom stands in the ledger (ledger.py).
Lists are replaced and never changed in place, so that a shallow copy is a copy.
"""

from functools import lru_cache

from msgspec import Struct

from processors.model import (
    Geo,
    Inspect,
)
from processors.origins import Origin
from processors.parameters import Parameters
from processors.times import iso_day, years_after


class Move(Struct, array_like=True, frozen=True, gc=False):
    """One change of hands: what, when (instant), and everyone who was named in it."""

    type: str
    at: int
    origin: Origin
    customer: str | None = None
    vehicle: str | None = None
    sent_to: str | None = None  # the agency that a `send_inspection` names
    scan_id: str = ""
    arrived: int = 0  # the arrival clock at its arrival

    @property
    def device(self) -> str:
        return self.origin.device

    @property
    def operator(self) -> str | None:
        return self.origin.operator

    @property
    def enterprise(self) -> str | None:
        return self.origin.enterprise

    @property
    def site(self) -> str | None:
        return self.origin.site

    @property
    def agency(self) -> str | None:
        """The agency it was sent to, or whose device made the scan."""
        return self.sent_to or self.origin.agency


class LastFill(Struct, array_like=True, frozen=True, gc=False):
    at: int
    origin: Origin

    @property
    def enterprise(self) -> str | None:
        """That filled it: its site's, which may be another than the scan's."""
        return self.origin.filler


class Sighting(Struct, array_like=True, frozen=True, gc=False):
    """A scan that says where the cylinder was: evidence for rule 3."""

    origin: Origin
    at: int
    geo: Geo

    @property
    def device(self) -> str:
        return self.origin.device


class Precheck(Struct, array_like=True, frozen=True, gc=False):
    """A check before filling: the latest of its site since the last fill (rule 15)."""

    site: str | None
    at: int
    passed: bool


class Scrapping(Struct, array_like=True, frozen=True, gc=False):
    """The scan that scrapped it, so that it can be taken back."""

    device: str
    scan_id: str
    enterprise: str | None
    at: int = 0


class Cylinder(Struct, array_like=True, gc=False):
    """One label's facts, at one place in the order of its scans."""

    serial: str | None = None  # None: the label was never bound
    maker: str = ""
    model: str = ""
    owner: str = ""
    made: int = 0
    inspected: int = 0  # as its `bind` said
    next_due: int = 0  # as its last passed inspection said
    extended: int = 0  # the latest due day a passed inspection gave: it may move the end of life
    valve: str | None = None
    state: str = "in_service"
    full: bool = False
    failed: bool = False
    scrapped: bool = False
    last_fill: LastFill | None = None
    moves: list[Move] = []
    to_agency: bool = False  # on its way to an inspection: since a `send_inspection`
    # The latest sighting, and the latest by another device than that: whoever scans next, one of them is another's.
    sightings: list[Sighting] = []
    reported: list[str] = []  # open reports that it is missing: the ids of their alerts
    prechecks: list[Precheck] = []  # since the last fill, the latest of each site
    postcheck: bool | None = None  # the latest since the last fill
    retired: int | None = None  # replaced by another label from then on
    missed: bool = False  # reported missing since its last move
    transferred: int = 0  # when a `transfer` last had effect
    examined: int = 0  # when an `inspect` last had effect
    scrapping: Scrapping | None = None
    replaces: str | None = None  # the label that its `bind` put out of use
    bound_at: int = 0  # when, if it did

    @property
    def bound(self) -> bool:
        """Whether a `bind` ever named this label."""
        return self.serial is not None

    @property
    def is_good(self) -> bool:
        """Whether it is in good standing: bound, in the world, and passed its last inspection."""
        return self.serial is not None and not self.scrapped and self.retired is None and not self.failed

    @property
    def nowhere(self) -> bool:
        """Whether it is out of the world: scrapped, or under another label."""
        return self.scrapped or self.retired is not None

    @property
    def holder(self) -> str | None:
        """The second key that has it now: the customer or the vehicle its last move brought it to."""
        move = self.last_move
        if move is None or self.nowhere:
            return None
        if move.type == "deliver":
            return f"customer/{move.customer}" if move.customer else None
        return f"vehicle/{move.vehicle}" if move.type == "load" else None

    @property
    def last_move(self) -> Move | None:
        """Where it is: its last move left it there."""
        return self.moves[-1] if self.moves else None

    def due(self, parameters: Parameters) -> int:
        """The last good day before its next inspection (rules 6 to 8)."""
        return self.next_due or years_after(self.inspected, parameters.inspection_years)

    def end_of_life(self, life_years: int, parameters: Parameters) -> int:
        """The last good day of its design life (rule 5)."""
        return _end_of_life(
            self.made,
            self.inspected,
            self.extended,
            life_years,
            parameters.life_years_at_most,
            parameters.inspection_years,
        )

    def condition(self, life_years: int, parameters: Parameters) -> tuple[str | bool | None, ...]:
        """What a `lookup` or `precheck` hears: the fields of a Condition."""
        state = "scrapped" if self.nowhere else "failed" if self.failed else self.state
        end = self.end_of_life(life_years, parameters)
        return state, self.full, self.owner, iso_day(self.due(parameters)), iso_day(end)

    def see(self, sighting: Sighting) -> None:
        """Remember where it was seen."""
        device = sighting.origin.device
        for seen in self.sightings:
            if seen.origin.device != device:
                self.sightings = [sighting, seen]
                return
        self.sightings = [sighting]

    def examine(self, data: Inspect, move: Move) -> None:
        """Let an inspection that has effect say how long it is good, or that it is not."""
        self.examined = move.at
        self.valve = data.valve or self.valve
        match data.result:
            case "scrap":
                self.scrap(move)
            case "fail":
                self.failed = True
            case "pass" if data.next_due is not None:
                self.failed = False
                self.next_due = data.next_due.toordinal()
                self.extended = max(self.extended, self.next_due)

    def scrap(self, move: Move) -> None:
        """Out of the world, by that scan."""
        self.scrapped, self.scrapping = True, Scrapping(move.device, move.scan_id, move.enterprise, move.at)


@lru_cache(1 << 14)  # asked for two or three times a day of each cylinder that goes round
def _end_of_life(made: int, inspected: int, extended: int, life: int, at_most: int, between_inspections: int) -> int:
    end = years_after(made, life)
    latest = years_after(made, at_most)
    extended = max(extended, years_after(inspected, between_inspections))
    return min(max(end, extended), max(end, latest))
