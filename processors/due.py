"""What falls due at a label as time passes: alerts that waited, times that ran too long, codes that nobody ever bound.

Timers are no state of their own: they follow from the last move. What was told of them stands in the ledger.
"""

from processors.alerts import timer_alert
from processors.cylinder import Cylinder
from processors.ledger import Ledger, Standing, current
from processors.model import Alert, decode_alert
from processors.parameters import Schedule
from processors.registry import Registry
from processors.rules import TIMERS, Rule
from processors.rules.declaration import Wait
from processors.telling import Telling
from processors.times import HOUR, day_of

Timer = tuple[str, int, str, str]  # its rule's code, since when the time runs, and the device and scan_id that began it


def timer_of(one: Standing) -> Timer:
    """The timer that an alert tells of."""
    return one.code, one.since, one.device, one.scan_id


def running(cylinder: Cylinder, schedule: Schedule) -> dict[Timer, tuple[Rule, int, int]]:
    """The timers that run: their rule, when their time is over, and when that is told."""
    began = cylinder.last_move
    if began is None or cylinder.nowhere:
        return {}
    parameters = schedule.on(day_of(began.at))
    found = {}
    for rule in TIMERS:
        limit = rule.runs(cylinder, began, parameters) if rule.runs else None
        if limit is not None:
            due = max(limit + rule.told_after(parameters), began.arrived + Wait.SHORT.of(parameters))
            found[rule.code, began.at, began.device, began.scan_id] = rule, limit, due
    return found


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
        code, since, device, scan_id = timer
        if not any(timer_of(one) == timer for one in ledger.standing):
            ledger.standing = [*ledger.standing, Standing("", code, device, scan_id, "shown", clock, b"", since)]


def _untold(ledger: Ledger, schedule: Schedule) -> list[tuple[Standing | None, Rule, int, int]]:
    """The timers that run and are not told: as they stand, their rule, their limit, and when they are to be told."""
    standing = {timer_of(one): one for one in ledger.standing if one.since}
    found: list[tuple[Standing | None, Rule, int, int]] = []
    for timer, (rule, limit, due) in running(current(ledger), schedule).items():
        known = standing.get(timer)
        if known is not None and known.status == "shown":
            shown = known.due + Wait.SHORT.of(schedule.on(day_of(timer[1])))
            found.append((known, rule, limit, max(due, shown)))
        elif known is None or known.status != "suspected":
            found.append((known, rule, limit, due))
    return found


def fall_due(label: str, ledger: Ledger, clock: int, registry: Registry, schedule: Schedule) -> tuple[Alert, ...]:
    """Tell what is due at a clock, and set the next alarm. A code nobody bound is due to be forgotten."""
    telling = Telling(ledger, clock)
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
