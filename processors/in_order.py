"""The way that nearly every scan takes: the newest of its cylinder, in time, and in order. It breaks no rule.

Nothing is told of it, so nothing is to be compared, revised, retracted or told to wait: it is looked at, has its effect,
and joins the window. Whatever else is so, or may be, goes the long way (judge.py), which comes to the same: a test sends
every history both ways.
"""

from processors.arrival import Judgement, moved
from processors.due import first_timer
from processors.findings import told_of, verdict_of
from processors.ledger import Ledger, current, made_move
from processors.model import Scan
from processors.parameters import Schedule
from processors.registry import Registry
from processors.rules import FOR_GOOD
from processors.rules.case import Case
from processors.scan_types import MOVES

# No other type of scan names a label, a code or another scan beyond its own.
PLAIN = frozenset(
    {"collect", "receive", "precheck", "fill", "postcheck", "load", "unload", "deliver", "send_inspection"}
)

_UNSAID = Judgement(None, changed=True)


def in_order(
    ledger: Ledger, scan: Scan, at: int, offset: int, clock: int, registry: Registry, schedule: Schedule
) -> Judgement | None:
    """What came of a scan of a PLAIN type that is not late; None where it must go the long way, and nothing has changed.

    Arguments as `judge`; `at` is the instant of the scan.
    """
    if at <= ledger.newest or scan.dry_run or ledger.standing or ledger.awaited:
        return None
    if ledger.may_know(scan.device, scan.scan_id):
        return None
    state = ledger.now or current(ledger)
    if not state.is_good or state.reported:
        return None
    case = Case(scan, at, state, registry, schedule)
    kind = scan.type
    for judges in FOR_GOOD[kind]:
        if judges(case) is not None:
            return None
    told = told_of(case, [], late=False) if kind == "precheck" else None
    had = state.holder if kind in MOVES else None
    sighting, origin, data = case.sighting, case.origin, scan.data
    scan.received = None  # it is said; what is kept of it, and handed on, is the clock
    ledger.newest = at
    ledger.make_room(case.parameters)
    if sighting is not None:
        state.see(sighting)
    state.take(scan.label, kind, data, made_move(kind, at, origin, data, scan.scan_id, clock))
    ledger.append(scan, at, origin, offset, clock, told, seen=sighting is not None)
    if kind not in MOVES:
        return _UNSAID if told is None else Judgement(verdict_of(scan, at, told), changed=True)
    ledger.alarm = first_timer(state, schedule)  # nothing else begins or ends a time
    news = moved(had, state.holder, scan)
    return Judgement(None, changed=True, moved=news) if news else _UNSAID
