"""The way that nearly every scan takes: the newest of its cylinder, in time, and in order. It breaks no rule.

Nothing is told of it, so nothing is to be compared, revised, retracted or told to wait: it is looked at, has its effect,
and joins the window. Whatever else is so, or may be, goes the long way (judge.py), which comes to the same: a test sends
every history both ways.
"""

from processors.arrival import Judgement, moved
from processors.due import next_alarm
from processors.findings import look, told_of, verdict_of
from processors.ledger import Entry, Ledger, apply, current
from processors.model import Scan
from processors.parameters import Schedule
from processors.registry import Registry
from processors.rules.case import Case

# No other type of scan names a label, a code or another scan beyond its own.
PLAIN = frozenset(
    {"collect", "receive", "precheck", "fill", "postcheck", "load", "unload", "deliver", "send_inspection"}
)


def in_order(
    ledger: Ledger, scan: Scan, at: int, offset: int, clock: int, registry: Registry, schedule: Schedule
) -> Judgement | None:
    """What came of a scan of a PLAIN type that is not late; None where it must go the long way, and nothing has changed.

    Arguments as `judge`; `at` is the instant of the scan.
    """
    if scan.dry_run or at <= ledger.newest or ledger.standing or ledger.awaited or ledger.retired is not None:
        return None
    state = current(ledger)
    if not state.bound or state.reported:
        return None
    case = Case(scan, at, state, registry, schedule)
    if look(case):
        return None
    told = told_of(case, [], late=False)
    had = state.holder
    entry = Entry(at, scan, case.origin, offset, clock, False, case.sighting is not None, told)
    ledger.newest = at
    ledger.make_room(case.parameters)
    apply(state, entry)
    ledger.entries.append(entry)
    if ledger.known is not None:
        ledger.known[scan.device, scan.scan_id] = entry
    ledger.alarm = next_alarm(ledger, clock, schedule)
    return Judgement(
        None if told is None else verdict_of(scan, at, told), changed=True, moved=moved(had, state.holder, scan)
    )
