"""Ledger, scan, registry → ledger, verdict, alerts. The heart: everything else brings scans here or carries answers away.

Pure: the same ledger, scan, registry and arrival clock give the same judgement, live, in a replay and in a back-test. A scan
that comes in order, as nearly all do, is judged on the facts as they stand; what comes out of order is `late.py`'s.
"""

from msgspec.structs import replace

from processors import late
from processors.arrival import Arrival, Judgement
from processors.findings import is_late, look, told_of, verdict_of
from processors.in_order import PLAIN, in_order
from processors.ledger import Entry, Ledger, Past, current, digest, state_at
from processors.model import LookupScan, Reject, Scan, VoidScan
from processors.origins import Origin
from processors.parameters import Schedule
from processors.registry import Registry
from processors.repeats import is_same
from processors.rules.case import Case
from processors.times import day_of, instant

CONFLICT = "was used before for another scan of this device (HISTORY_CONFLICT)"


def refused(ledger: Ledger | None, scan: Scan, registry: Registry) -> Reject | None:
    """Why a scan is none, for its label's history: then no time passes by it, and it leaves no trace."""
    if ledger is None:
        return None
    known = ledger.known_as(scan.device, scan.scan_id)
    if known is not None:
        return None if is_same(known, scan) else Reject("scan_id", CONFLICT, scan.scan_id)
    if isinstance(scan, VoidScan) and not late.may_take_back(ledger, scan, registry):
        return Reject("data.device", "belongs to another enterprise: only its own may take a scan back", scan.scan_id)
    return None


def judge(ledger: Ledger, scan: Scan, offset: int, clock: int, registry: Registry, schedule: Schedule) -> Judgement:
    """Judge one scan of a label and let it have its effect.

    `clock` is the arrival clock (instant): the latest `received` of the scan's partition, this scan included. What fell
    due before it has been told (due.py), and it is not `refused`. A repeat changes nothing and gets its verdict as it
    now stands. `offset` is where the scan stands in its log.
    """
    at = instant(scan.time)
    known = ledger.known_as(scan.device, scan.scan_id)
    if known is not None:
        return Judgement(replace(verdict_of(scan, at, known.told), duplicate=True))
    parameters = schedule.on(day_of(at))
    is_old = is_late(scan, at, parameters)
    scan.received = None  # it is said; what is kept of it, and handed on, is the clock
    if scan.type in PLAIN:
        judgement = in_order(ledger, scan, at, offset, clock, registry, schedule, late=is_old)
        if judgement is not None:
            return judgement
    entry = Entry(at, scan, Origin(scan.device), offset, clock, late=is_old)
    arrival = Arrival(scan.label, (scan, entry), ledger, clock, registry, schedule)
    if scan.dry_run or isinstance(scan, LookupScan):
        return _ask(arrival)
    if isinstance(scan, VoidScan):
        return late.take_back(arrival, scan)
    entry.voided = bool(ledger.awaited) and late.was_taken_back(arrival)
    if ledger.is_beyond(entry.place, parameters):
        return late.keep(arrival)
    if not entry.voided:
        ledger.newest = max(ledger.newest, at)
    # What ended as another label took this one's place must be met on the way.
    if ledger.retired is not None or (ledger.entries and entry.place < ledger.entries[-1].place):
        return late.insert(arrival)
    return _append(arrival)


def _append(arrival: Arrival) -> Judgement:
    """The scan is the newest: it is judged on the facts as they stand."""
    ledger, entry = arrival.ledger, arrival.entry
    ledger.make_room(arrival.parameters)
    walk = arrival.walk(current(ledger))
    walk.step(entry, arrival.scan, judge=True, arrives=True)
    walk.settle()
    ledger.entries.append(entry)
    return arrival.answer(entry.told, walk)


def _ask(arrival: Arrival) -> Judgement:
    """A question: answered from the facts at its time, and no fact itself."""
    ledger, entry, scan = arrival.ledger, arrival.entry, arrival.scan
    beyond = ledger.is_beyond(entry.place, arrival.parameters)
    is_newest = not ledger.entries or entry.place > ledger.entries[-1].place
    state = current(ledger) if beyond or (is_newest and ledger.retired is None) else state_at(ledger, entry.place)
    case = Case.of(scan, entry.at, state, arrival.registry, arrival.schedule)
    told = told_of(case, [] if beyond else look(case), entry.late)
    ledger.ask(Past(entry.device, entry.scan_id, digest(scan), told, case.enterprise_id), arrival.parameters)
    return arrival.answer(told)
