"""What falls due at a label as time passes: alerts that waited, times that ran too long, codes that nobody ever bound.

Timers are no state of their own: they follow from the last move. What was told of them stands in the ledger.
"""

from functools import cache

from processors.alerts import timer_alert
from processors.cylinder import Cylinder
from processors.ledger import Entry, Ledger, Standing, current, move_of
from processors.model import Alert, decode_alert
from processors.parameters import Parameters, Schedule
from processors.registry import Registry
from processors.rules import BY_CODE, TIMERS, Rule
from processors.rules.declaration import Stay, Wait
from processors.telling import Telling
from processors.times import HOUR, day_of, rfc3339

REPLACED = "replaced by another label"

Timer = tuple[str, int, str, str]  # its rule's code, since when the time runs, and the device and scan_id that began it


def timer_of(one: Standing) -> Timer:
    """The timer that an alert tells of."""
    return one.code, one.since, one.device, one.scan_id


def running(cylinder: Cylinder, schedule: Schedule) -> dict[Timer, tuple[Rule, int, int]]:
    """The timers that run: their rule, when their time is over, and when that is told."""
    return {} if cylinder.nowhere else _begun(cylinder, schedule)


def _begun(cylinder: Cylinder, schedule: Schedule) -> dict[Timer, tuple[Rule, int, int]]:
    """The same, were the cylinder not out of the world."""
    began = cylinder.last_move
    if began is None:
        return {}
    parameters = schedule.on(day_of(began.at))
    soonest = began.arrived + Wait.SHORT.of(parameters)
    return {
        (rule.code, began.at, began.device, began.scan_id): (rule, began.at + limit, max(began.at + told, soonest))
        for rule, limit, told in _spans(began.type, cylinder.full, cylinder.missed, parameters)
    }


@cache
def _spans(move: str, full: bool, missed: bool, parameters: Parameters) -> tuple[tuple[Rule, int, int], ...]:
    """The timers that run after such a move: how long the time may run, and until it is told (µs)."""
    stay, found = Stay(move, full, missed), []
    for rule in TIMERS:
        limit = rule.runs(stay, parameters) if rule.runs else None
        if limit is not None:
            found.append((rule, limit, limit + rule.told_after(parameters)))
    return tuple(found)


def first_told(move: str, parameters: Parameters) -> tuple[tuple[int, int], tuple[int, int]]:
    """Until the first of them is told, of an empty cylinder and of a full one, just moved so and in the world.

    Each from the move, 0 where none runs; and from its arrival at least.
    """
    empty, full = (
        min((span for *_, span in _spans(move, is_full, False, parameters)), default=0) for is_full in (False, True)
    )
    wait = Wait.SHORT.of(parameters)
    return (empty, wait), (full, wait)


class Course:
    """What becomes, on a walk from `state` on, of the times that something was told of, or that only now showed.

    What a told time came to is looked for anew on each walk from before the window, and told where it is another. Only of
    a cylinder that was out of the world before the window, or that an inspection from before it emptied, it stands as it
    was told, until what had ended it falls away.
    """

    def __init__(self, ledger: Ledger, state: Cylinder, schedule: Schedule) -> None:
        self._ledger = ledger
        self._schedule = schedule
        self._is_watched = any(one.since for one in ledger.standing)
        self._runs: set[Timer] = set()
        self._over: dict[Timer, tuple[int, str]] = {}  # when a time that ran ended, and by what
        self._scrapped = state.scrapped
        self._examined = state.examined
        self._left = min(_ways_out(state), default=None)
        if self._is_watched:
            self._runs = set(_begun(state, schedule))

    def note(self, state: Cylinder, at: int, by: str, *, leaves: bool = False) -> None:
        """So the cylinder stands after a scan; or where it `leaves` the world, after that."""
        if not self._is_watched:
            return
        now = set(_begun(state, self._schedule))
        leaves = leaves or state.scrapped != self._scrapped
        for timer in self._runs | now if leaves else self._runs - now:
            self._over.setdefault(timer, (at, by))
        self._runs, self._scrapped = now, state.scrapped

    def judged_again(self, label: str, entry: Entry, telling: Telling, registry: Registry) -> None:
        """The scan that began a time was judged again: what was told of that time may read otherwise.

        Not where it was taken back: who heard of the time hears that it never ran.
        """
        if entry.voided:
            return
        for one in self._ledger.standing:
            if one.limit and (one.device, one.scan_id) == (entry.device, entry.scan_id):
                alert = timer_alert(BY_CODE[one.code], label, move_of(entry), one.limit, telling.clock, registry)
                telling.tell_again(one, alert)

    def settle(self, state: Cylinder, telling: Telling, *, is_whole: bool) -> None:
        """Say what ended, or never ran. `state` is the last; for `is_whole` see `Walk.settle`."""
        if not self._is_watched:
            return
        runs = set() if state.nowhere else self._runs
        first = self._ledger.entries[0].at if self._ledger.entries else telling.clock
        for one in [one for one in self._ledger.standing if one.since and timer_of(one) not in runs]:
            over = self._over.get(timer_of(one))
            if one.status == "shown":  # nothing was told of it
                self._ledger.standing = [other for other in self._ledger.standing if other is not one]
            elif is_whole and self._left is not None:
                stands = one.ended < first or (over is not None and over[0] == one.ended)
                if one.status == "suspected" or not stands:
                    _end(telling, one, *self._left)
            elif over is not None:
                _end(telling, one, *over)
            elif is_whole and self._ledger.entry_of(one.device, one.scan_id) is not None:
                one.ended = one.since
                telling.take_back(one, telling.never_so())
            elif is_whole and not self._is_ended_still(one, first):
                _end(telling, one, self._examined, "inspect")  # the one slow fact that empties it

    def _is_ended_still(self, one: Standing, first: int) -> bool:
        """Whether what a time was told to have ended by is from before the window, which begins `first`, or has effect."""
        if one.ended == self._ledger.retired or 0 < one.ended < first:
            return True
        return any(entry.at == one.ended and entry.has_effect for entry in self._ledger.entries)


def _ways_out(cylinder: Cylinder) -> list[tuple[int, str]]:
    """When a cylinder left the world, and by what."""
    ways = [(cylinder.retired, REPLACED)] if cylinder.retired is not None else []
    return [*ways, (cylinder.scrapping.at, "scrap")] if cylinder.scrapping else ways


def _end(telling: Telling, one: Standing, at: int, by: str) -> None:
    """A time that was told has ended then, by that: in time, or too late."""
    one.ended = at
    if at < one.limit:
        telling.take_back(one, f"it had ended in time: {by} at {rfc3339(at)}, which arrived later")
    else:
        telling.end(one, f"it has ended: {by} at {rfc3339(at)}")


def next_alarm(ledger: Ledger, clock: int, schedule: Schedule) -> int:
    """When something falls due at a label next, by the arrival clock; 0 is never."""
    if ledger.is_forgotten:
        parameters = schedule.on(day_of(clock))
        hours = parameters.unknown_code_days * 24 if ledger.entries else parameters.window_hours
        return clock + round(hours * HOUR)
    moments = [one.due for one in ledger.standing if one.status == "waiting"]
    return min([*moments, *(due for *_, due in _untold(ledger, schedule))], default=0)


def show(ledger: Ledger, before: dict[Timer, tuple[Rule, int, int]], clock: int, schedule: Schedule) -> None:
    """A time that runs only since the rules ran again: it is told no sooner than a wait after the arrival that showed it."""
    began = current(ledger).last_move
    if began is None or began.arrived == clock:  # the wait runs from that arrival as it is
        return
    for timer in running(current(ledger), schedule).keys() - before.keys():
        known = next((one for one in ledger.standing if timer_of(one) == timer), None)
        if known is None:
            code, since, device, scan_id = timer
            known = Standing("", code, device, scan_id, "shown", 0, b"", since)
            ledger.standing = [*ledger.standing, known]
        known.due, known.ended = clock, 0


def _untold(ledger: Ledger, schedule: Schedule) -> list[tuple[Standing | None, Rule, int, int]]:
    """The timers that run and are not told: as they stand, their rule, their limit, and when they are to be told."""
    standing = {timer_of(one): one for one in ledger.standing if one.since}
    found: list[tuple[Standing | None, Rule, int, int]] = []
    for timer, (rule, limit, due) in running(current(ledger), schedule).items():
        known = standing.get(timer)
        if known is None:
            found.append((known, rule, limit, due))
        elif known.status != "suspected":
            shown = known.due + Wait.SHORT.of(schedule.on(day_of(timer[1])))
            found.append((known, rule, limit, max(due, shown)))
    return found


def fall_due(label: str, ledger: Ledger, clock: int, registry: Registry, schedule: Schedule) -> tuple[Alert, ...]:
    """Tell what is due at a clock, and set the next alarm. A code nobody bound is due to be forgotten."""
    telling = Telling(ledger, clock)
    ledger.is_quiet = False
    for waiting in ledger.standing:
        if waiting.status == "waiting" and waiting.due < clock:
            telling.tell(waiting, decode_alert(waiting.alert))
    for one, rule, limit, due in _untold(ledger, schedule):
        if due < clock:
            began = current(ledger).moves[-1]
            alert = timer_alert(rule, label, began, limit, clock, registry)
            told = Standing(alert.alert_id, rule.code, began.device, began.scan_id, "", 0, b"", began.at, limit)
            ledger.standing = [*(other for other in ledger.standing if other is not one), told]
            telling.tell(told, alert)
    if not ledger.is_forgotten:
        ledger.alarm = next_alarm(ledger, clock, schedule)
    return telling.alerts
