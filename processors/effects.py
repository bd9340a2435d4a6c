"""How a scan changes a cylinder: the table of scan types in contract.md, as code.

The types that nearly all scans have say, beyond who and where, whether something is full or passed, and who else was in
it. What they say is taken by its place among the fields of their data, which is the same in a scan that was decoded and
in one that was packed (packed_scans.py), so that neither has to be made into the other.
"""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from processors.cylinder import Cylinder, LastFill, Move, Precheck
from processors.model import AnyScan, Bind, Inspect
from processors.origins import Origin
from processors.scan_types import MOVES

# An inspection ends it too.
_ENDS_WAY_TO_AGENCY = frozenset({"collect", "fill", "deliver"})
MOVES_KEPT = 5  # an incident's alert carries the last five (rule 36)
_PRECHECKS_KEPT = 8  # of so many sites; a cylinder between two fills is checked at one

_NOWHERE = 9  # no data has so many fields


def take(
    it: Cylinder, label: str, kind: str, data: Any, at: int, origin: Origin, scan_id: str, clock: int,
    *, suspect: bool = False,
) -> None:  # fmt: skip
    """Let a scan of any type have its effect. A `suspect` inspection (rule 10) that passes renews and clears nothing."""
    plain = PLAIN.get(kind)
    if plain is not None:
        take_plain(it, plain, astuple(data), at, origin, scan_id, clock)
        return
    move = Move(kind, at, origin, scan_id=scan_id, arrived=clock)  # who and where: none of these types moves it
    if kind == "bind":
        _bind(it, label, data, at)
    elif kind == "inspect":
        _inspected(it, data, move, suspect=suspect)
    elif kind == "transfer":
        it.owner, it.transferred = data.to, at
    elif kind == "scrap":
        it.scrap(move)
    elif kind == "missing":
        it.missed = True


def take_plain(
    it: Cylinder, plain: "Plain", fields: Sequence[Any], at: int, origin: Origin, scan_id: str, clock: int
) -> None:
    """The same of a plain type; `fields` are those of its data, those left out at the end that say nothing."""
    count = len(fields)
    plain.effect(it, plain.said < count and fields[plain.said], at, origin)
    if plain.is_move:
        move = Move(
            plain.kind, at, origin,
            (fields[plain.customer] or None) if plain.customer < count else None,
            (fields[plain.vehicle] or None) if plain.vehicle < count else None,
            fields[plain.agency] if plain.agency < count else None,
            scan_id, clock,
        )  # fmt: skip
        it.moves = [*it.moves[1 - MOVES_KEPT :], move]
        it.missed = False
    if plain.ends_way:
        it.to_agency = False


class Plain(Struct, frozen=True, gc=False):
    """A plain type of scan: its effect, and the places in its data of what it says (`_NOWHERE`: it does not)."""

    kind: str
    effect: Callable[[Cylinder, bool, int, Origin], None]
    is_move: bool
    ends_way: bool
    said: int  # whether it is full, or passed
    customer: int
    vehicle: int
    agency: int


def _collect(it: Cylinder, full: bool, at: int, origin: Origin) -> None:  # noqa: ARG001 - every effect is asked alike
    it.state, it.full = "with_courier", full


def _receive(it: Cylinder, full: bool, at: int, origin: Origin) -> None:  # noqa: ARG001
    moves = it.moves
    it.state = "at_agency" if origin.agency else "in_service"
    it.full = full or (it.full and not (moves and moves[-1].type == "deliver"))


def _precheck(it: Cylinder, passed: bool, at: int, origin: Origin) -> None:
    site = origin.site
    others = [check for check in it.prechecks if check.site != site]
    it.prechecks = [*others, Precheck(site, at, passed)][-_PRECHECKS_KEPT:]


def _fill(it: Cylinder, said: bool, at: int, origin: Origin) -> None:  # noqa: ARG001
    it.state, it.full = "in_service", True
    it.last_fill = LastFill(at, origin)
    it.prechecks, it.postcheck = [], None


def _postcheck(it: Cylinder, passed: bool, at: int, origin: Origin) -> None:  # noqa: ARG001
    it.postcheck = passed


def _load(it: Cylinder, said: bool, at: int, origin: Origin) -> None:  # noqa: ARG001
    it.state = "on_vehicle"


def _unload(it: Cylinder, said: bool, at: int, origin: Origin) -> None:  # noqa: ARG001
    it.state = "in_service"


def _deliver(it: Cylinder, said: bool, at: int, origin: Origin) -> None:  # noqa: ARG001
    it.state, it.full = "at_customer", False


def _send_inspection(it: Cylinder, said: bool, at: int, origin: Origin) -> None:  # noqa: ARG001
    it.state, it.to_agency = "at_agency", True


_PLAIN_EFFECTS = {
    "collect": _collect,
    "receive": _receive,
    "precheck": _precheck,
    "fill": _fill,
    "postcheck": _postcheck,
    "load": _load,
    "unload": _unload,
    "deliver": _deliver,
    "send_inspection": _send_inspection,
}


def _plain(kind: str, effect: Callable[[Cylinder, bool, int, Origin], None]) -> Plain:
    (data,) = (scan.__annotations__["data"] for scan in AnyScan.__args__ if scan.type == kind)
    fields = data.__struct_fields__

    def place(*names: str) -> int:
        return next((fields.index(name) for name in names if name in fields), _NOWHERE)

    return Plain(
        kind, effect, kind in MOVES, kind in _ENDS_WAY_TO_AGENCY, place("full", "passed"), place("customer"),
        place("vehicle"), place("agency"),
    )  # fmt: skip


# No other type of scan names a label, a code or another scan beyond its own.
PLAIN = {kind: _plain(kind, effect) for kind, effect in _PLAIN_EFFECTS.items()}


def _bind(it: Cylinder, label: str, data: Bind, at: int) -> None:
    if it.bound:  # the same cylinder again changes nothing (rule 2)
        return
    it.serial, it.maker, it.model, it.owner, it.valve = data.serial, data.maker, data.model, data.owner, data.valve
    it.made = data.made.toordinal()
    it.inspected = data.inspected.toordinal()
    it.state, it.full = "in_service", False
    if data.replaces and data.replaces != label:
        it.replaces, it.bound_at = data.replaces, at


def _inspected(it: Cylinder, data: Inspect, move: Move, *, suspect: bool) -> None:
    it.full = it.to_agency = False
    if data.result == "pass":
        it.state = "in_service"
    if not suspect or data.result != "pass":
        it.examine(data, move)
