"""Scans that come late, out of order, or should not have been (domain.md section 5).

One within the window takes its place and the rules run again from there. One beyond it is history; only slow facts still
count. A `void` takes a scan back: the rules run again as if it had never been.
"""

from copy import copy

from processors.alerts import alert_of
from processors.arrival import Arrival, Judgement, Moved, Replaced, second_key
from processors.cylinder import Cylinder, Sighting
from processors.effects import take
from processors.findings import look, told_of
from processors.labels import has_label_shape
from processors.ledger import Awaited, Entry, Ledger, Past, current, digest, move_of
from processors.model import BindScan, InspectScan, Scan, ScrapScan, TransferScan, VoidScan
from processors.parameters import Schedule
from processors.registry import Registry
from processors.repeats import know_for_good, know_taken_back, would_count_again
from processors.rules.case import Case
from processors.rules.inspection import is_no_record
from processors.rules.labels import unknown_label
from processors.telling import ARRIVED, WAS_TAKEN_BACK
from processors.times import day_of, instant
from processors.walk import again

_AWAITED_KEPT = 64


def insert(arrival: Arrival) -> Judgement:
    """The scan takes its place among those of the window."""
    ledger, entry = arrival.ledger, arrival.entry
    later = (number for number, other in enumerate(ledger.entries) if other.place > entry.place)
    place = next(later, len(ledger.entries))
    ledger.entries.insert(place, entry)
    if entry.voided:  # it was taken back before it came: nothing is judged again for it
        case = Case.of(arrival.scan, entry.at, ledger.base, arrival.registry, arrival.schedule)
        entry.origin, entry.told = case.origin, told_of(case, [], entry.late)
        if would_count_again(entry):
            know_for_good(ledger, entry, arrival.parameters)
        return arrival.answer(entry.told)
    walk = arrival.walk(copy(ledger.base))
    again(walk, ledger, place, entry, arrival.clock, arrival.schedule)
    judgement = arrival.answer(entry.told, walk)
    ledger.fold(arrival.parameters)
    return judgement


def keep(arrival: Arrival) -> Judgement:
    """Beyond the window: history only, but for slow facts, which count from now on, and reports, which alert always."""
    ledger, entry, scan = arrival.ledger, arrival.entry, arrival.scan
    case = Case.of(scan, entry.at, ledger.base, arrival.registry, arrival.schedule)
    entry.origin, entry.seen = case.origin, case.sighting is not None
    told = told_of(case, [], entry.late)
    aliases: list[str] = []
    if not entry.voided:
        always = [(rule, evidence) for rule, evidence in look(case) if rule.always]
        arrival.telling.compare(
            entry, [(alert_of(rule, evidence, case, arrival.clock), 0) for rule, evidence in always]
        )
        if _still_counts(case, ledger):
            _let_count(ledger, entry, scan)
            aliases = (
                [code for code in scan.data.aliases if not has_label_shape(code)] if isinstance(scan, BindScan) else []
            )
    walk = arrival.walk(copy(ledger.base))
    again(walk, ledger, len(ledger.entries), None, arrival.clock, arrival.schedule)
    walk.aliases += aliases
    ledger.ask(Past(entry.device, entry.scan_id, digest(scan), told, case.enterprise_id), arrival.parameters)
    return arrival.answer(told, walk, is_history=True)


def _still_counts(case: Case, ledger: Ledger) -> bool:
    """Whether a slow fact from beyond the window has effect still: none newer of its kind is known."""
    now, base, scan = current(ledger), ledger.base, case.scan
    if ledger.retired is not None and case.at >= ledger.retired:
        return False
    if isinstance(scan, BindScan):
        return not now.bound and unknown_label(case) is None
    if not base.bound or base.scrapped:
        return False
    match scan:
        case TransferScan():
            return case.enterprise_id == base.owner and now.transferred < case.at
        case InspectScan():
            return now.examined < case.at and (scan.data.result != "pass" or is_no_record(case, scan) is None)
        case ScrapScan():
            return not now.scrapped
    return False


def _let_count(ledger: Ledger, entry: Entry, scan: Scan) -> None:
    move = move_of(entry)
    match scan:
        case InspectScan() if _has_moved_since(ledger, entry):  # so that it moves and empties it no more
            ledger.base.examine(scan.data, move)
        case ScrapScan():
            ledger.base.scrap(move)
        case _:
            take(ledger.base, scan.label, scan.type, scan.data, entry.at, entry.origin, scan.scan_id, entry.clock)
    where = entry.where
    if where is not None:
        _let_be_seen(ledger.base, Sighting(entry.origin, entry.at, where))


def _let_be_seen(base: Cylinder, sighting: Sighting) -> None:
    """A slow fact is evidence of where the cylinder was, in its place among what else is known of that (rule 3)."""
    seen, base.sightings = [*base.sightings, sighting], []
    for one in sorted(seen, key=lambda one: (one.at, one.device)):
        base.see(one)


def _has_moved_since(ledger: Ledger, entry: Entry) -> bool:
    last = ledger.base.last_move
    return last is not None and (last.at, last.device, last.scan_id) > entry.place


def may_take_back(ledger: Ledger, scan: VoidScan, registry: Registry) -> bool:
    """Whether a `void` comes from the enterprise or agency whose device made the scan, as far as that is known."""
    ids, own = (scan.data.device, scan.data.scan_id), _enterprise(scan, registry)
    known, scrapping = ledger.known_as(*ids), ledger.base.scrapping
    if known is not None:
        return own is not None and own == (known.origin if isinstance(known, Entry) else known).enterprise
    if scrapping is None or (scrapping.device, scrapping.scan_id) != ids:
        return True
    return own is not None and own == scrapping.enterprise


def take_back(arrival: Arrival, scan: VoidScan) -> Judgement:
    """A `void`: the scan it names should not have been."""
    ledger, target, data = arrival.ledger, _target(arrival.ledger, scan), scan.data
    told = told_of(
        Case.of(scan, arrival.entry.at, current(ledger), arrival.registry, arrival.schedule), [], arrival.entry.late
    )
    own = _enterprise(scan, arrival.registry)
    ledger.ask(Past(scan.device, scan.scan_id, digest(scan), told, own), arrival.parameters)
    scrapping = ledger.base.scrapping
    first, undone = len(ledger.entries), None
    if target is not None:
        if target.voided:
            return arrival.answer(told)
        first = next(number for number, entry in enumerate(ledger.entries) if entry is target)
        # One that has no effect any more had it before it was judged again, and something may have been told of it.
        key = second_key(target.scan) if target.has_effect or target.revision else None
        ledger.close(arrival.parameters)
        target.voided = True
        arrival.telling.cause = target.scan.type, target.at, WAS_TAKEN_BACK
        undone = Moved(key, holds=False, undone=target.offset) if key else None
    elif scrapping is not None and (scrapping.device, scrapping.scan_id) == (data.device, data.scan_id):
        ledger.base.scrapped, ledger.base.scrapping = False, None
        know_taken_back(ledger, scrapping, arrival.parameters)
    elif ledger.known_as(data.device, data.scan_id) is None:
        awaited = Awaited(data.device, data.scan_id, own)
        ledger.awaited = [*ledger.awaited, awaited][-_AWAITED_KEPT:]
    walk = arrival.walk(copy(ledger.base))
    again(walk, ledger, first, None, arrival.clock, arrival.schedule)
    if undone is not None and current(ledger).holder == undone.key:
        undone = Moved(undone.key, holds=True, undone=undone.undone)
    return arrival.answer(told, walk, undone)


def was_taken_back(arrival: Arrival) -> bool:
    """Whether a `void` came before this scan; it has waited for it."""
    ledger, entry = arrival.ledger, arrival.entry
    waited = [one for one in ledger.awaited if (one.device, one.scan_id) == (entry.device, entry.scan_id)]
    if not waited:
        return False
    ledger.awaited = [one for one in ledger.awaited if one not in waited]
    enterprise = _enterprise(arrival.scan, arrival.registry)
    return enterprise is not None and any(one.enterprise == enterprise for one in waited)


def replace_label(replaced: Replaced, ledger: Ledger, clock: int, registry: Registry, schedule: Schedule) -> Judgement:
    """Another label takes this one's place at an instant, after which it is judged as scrapped; or does not after all."""
    at, by, undone = replaced.at, replaced.by, replaced.undone
    if undone and not {(at, by), (at, "")} & {*ledger.replaced}:
        return Judgement(None)
    arrival = Arrival(replaced.label, None, ledger, clock, registry, schedule)
    arrival.telling.cause = "replacement by another label", at, WAS_TAKEN_BACK if undone else ARRIVED
    # Of several labels that took its place the first counts.
    ledger.replaced = sorted({*ledger.replaced} - {(at, by), (at, "")} if undone else {*ledger.replaced, (at, by)})
    retired = ledger.retired = ledger.replaced[0][0] if ledger.replaced else None
    beyond = retired is not None and ledger.is_beyond((retired, "", ""), arrival.parameters)
    ledger.base.retired = retired if beyond else None
    first = len(ledger.entries)
    if not ledger.is_beyond((at, "", ""), arrival.parameters):  # beyond the window it counts from now on
        first = next((number for number, entry in enumerate(ledger.entries) if entry.at >= at), first)
    walk = arrival.walk(copy(ledger.base))
    again(walk, ledger, first, None, arrival.clock, arrival.schedule)
    return arrival.answer(None, walk)


def _target(ledger: Ledger, scan: VoidScan) -> Entry | None:
    return ledger.entry_of(scan.data.device, scan.data.scan_id)


def _enterprise(scan: Scan, registry: Registry) -> str | None:
    device = registry.device(scan.device, day_of(instant(scan.time)))
    return device.enterprise if device else None
