"""The way that nearly every scan takes: the newest of its cylinder, in order, and it breaks no rule.

No authority is told of it, so nothing is to be compared, revised, retracted or told to wait: it is looked at, has its
effect, and joins the window. Whatever else is so, or may be, goes the long way (judge.py), which comes to the same: a
test sends every history both ways.

It is the worker's speed, and so it is one long function: a call that is spared is one in a hundred of what it costs. The
fields of a scan are read in one go, for each type of scan is another class, of which Python reads no field fast.
"""

from msgspec import Struct
from msgspec.structs import astuple

from processors import effects
from processors.arrival import Judgement, Moved
from processors.cylinder import Sighting
from processors.effects import Plain, take_plain
from processors.findings import told_of, verdict_of
from processors.ground import Ground, ground_of
from processors.ledger import Entry, Ledger, current
from processors.model import AnyScan, Scan
from processors.parameters import Schedule
from processors.registry import Registry
from processors.rules import FOR_GOOD
from processors.rules.case import Case
from processors.rules.declaration import Judges
from processors.scan_types import MOVES

PLAIN = frozenset(effects.PLAIN)

_UNSAID = Judgement(None, changed=True)
_BRINGING = ("deliver", "load")  # to a customer, or to a vehicle


class _Way(Struct, frozen=True, gc=False):
    """What is done with scans of one type."""

    plain: Plain
    kind: str
    asked: tuple[Judges, ...]  # of each
    by_data: bool  # whether the rules that are asked once read what only such a scan says
    is_move: bool
    is_bringing: bool


_WAYS = {
    scan: _Way(
        effects.PLAIN[scan.type], scan.type, FOR_GOOD[scan.type].each, FOR_GOOD[scan.type].by_data, scan.type in MOVES,
        scan.type in _BRINGING,
    )
    for scan in AnyScan.__args__
    if scan.type in PLAIN
}  # fmt: skip

PLAIN_SCANS = _WAYS.keys()


def in_order(
    ledger: Ledger, scan: Scan, at: int, offset: int, clock: int, registry: Registry, schedule: Schedule,
    *, late: bool = False,
) -> Judgement | None:  # fmt: skip
    """What came of a scan of a PLAIN type; None where it must go the long way, and nothing has changed.

    Arguments as `judge`; `at` is the instant of the scan, and it is `late` by that (`is_late`).
    """
    data, scan_id, _, _, device, operator, site, geo, dry_run, _ = astuple(scan)
    if at <= ledger.newest or dry_run or not (ledger.is_quiet or _falls_quiet(ledger)):
        return None
    if ledger.may_know(device, scan_id) or (ledger.standing and _is_told_of(ledger, device, scan_id)):
        return None
    way, state, fields = _WAYS[type(scan)], current(ledger), astuple(data)
    kind = way.kind
    key = (kind, device, operator, site, state.owner, state.model)
    if way.by_data:
        key = (*key, *fields)
    ground: Ground | None = registry.made_of_rows.get(key)
    if ground is None or not ground.begins <= at < ground.ends or ground.schedule is not schedule:
        ground = ground_of(key, scan, at, state, registry, schedule)
    if not ground.is_met:
        return None
    scene = ground.scene
    origin = scene.origin
    place = geo or origin.place
    sighting = None
    if place is not None and place.acc_m < ground.accuracy and not scene.is_public:
        sighting = Sighting(origin, at, place)
    case = Case(scan, at, state, registry, ground.day, ground.parameters, scene, ground.model, sighting)
    for judges in way.asked:
        if judges(case) is not None:
            return None
    told = told_of(case, [], late) if late or kind == "precheck" else None
    moves = state.moves
    had = state.holder if moves and moves[-1].type in _BRINGING else None
    scan.received = None  # it is said; what is kept of it, and handed on, is the clock
    ledger.newest = at
    kept = ledger.packed
    if kept is None or kept.count >= ground.window_scans or kept.first < at - ground.window:
        ledger.make_room(ground.parameters)
    if sighting is not None:
        state.see(sighting)
    take_plain(state, way.plain, fields, at, origin, scan_id, clock)
    if ledger.is_open:
        ledger.append(Entry(at, scan, origin, offset, clock, late, sighting is not None, told))
    else:
        kept = ledger.packed
        assert kept is not None
        kept.add_plain(kind, fields, scan_id, device, geo, at, origin, offset, clock, late, sighting is not None, told)
    verdict = None if told is None else verdict_of(scan, at, told)
    if not way.is_move:
        return _UNSAID if verdict is None else Judgement(verdict, changed=True)
    span, wait = ground.first_told[state.full]  # nothing else begins or ends a time
    ledger.alarm = max(at + span, clock + wait) if span else 0
    if ledger.standing:
        _wait_on(ledger)
    has = state.holder if way.is_bringing else None
    if verdict is None and had is has is None:
        return _UNSAID
    news: tuple[Moved, ...] = () if had is None or had == has else (Moved(had, False),)
    if has is not None:
        news = (*news, Moved(has, True, scan))  # type: ignore[arg-type] # it is of a type that brings it there
    return Judgement(verdict, changed=True, moved=news)


def _falls_quiet(ledger: Ledger) -> bool:
    """Whether nothing was told of a label or is waited for that a scan in order could change, and its cylinder stands good.

    What was told of other scans stands whatever comes after them; what was told of a time that ran too long does not. Nor
    is what comes after the newest in order where one that was taken back is the last of the window: its place is before it.
    """
    state = current(ledger)
    is_told = state.reported or any(one.since for one in ledger.standing)
    ledger.is_quiet = state.is_good and not (is_told or ledger.awaited) and ledger.last <= ledger.newest
    return ledger.is_quiet


def _is_told_of(ledger: Ledger, device: str, scan_id: str) -> bool:
    """Whether anything stands of a scan with these ids, which may have left the window."""
    return any(one.scan_id == scan_id and one.device == device for one in ledger.standing)


def _wait_on(ledger: Ledger) -> None:
    """What waits to be told rings as before, if it is the first to."""
    moments = [one.due for one in ledger.standing if one.status == "waiting"]
    ledger.alarm = min([*moments, ledger.alarm] if ledger.alarm else moments, default=0)
