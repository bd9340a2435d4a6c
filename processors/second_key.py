"""What the second key shows: rules 27, 28 and the number of 31, which look at a customer or a vehicle and not at a label.

Each is looked at once, when its scan arrives; what waits is counted anew when its wait is past, and told if still over.
"""

from bisect import insort
from collections.abc import Iterator

from msgspec import UNSET
from msgspec.structs import replace

from processors.alerts import alert_of, retracted
from processors.arrival import Moved
from processors.cylinder import Cylinder
from processors.holder import Change, Delivery, Held, Holder, Pending, TellingOf, decode_change, encode_change
from processors.ledger import Ledger, current
from processors.model import Alert, DeliverScan, decode_alert, encode
from processors.parameters import Parameters, Schedule
from processors.registry import Registry
from processors.rules import BY_CODE, FOR_HOLDER
from processors.rules.case import Case
from processors.rules.declaration import Wait
from processors.telling import TAKEN_BACK
from processors.times import DAY, HOUR, instant, rfc3339

# Why what is counted was not told: the label tells it.
BY_PERMIT = "it stands by the permit"
# So many of a customer's latest deliveries are counted: 16 a day over the four months of rule 28.
_DELIVERIES_KEPT = 2000
# So many of the latest alerts, should the scan be taken back.
_TOLD_KEPT = 32


def changes(
    label: str, partition: int, offset: int, clock: int, ledger: Ledger, news: tuple[Moved, ...]
) -> Iterator[tuple[str, Change]]:
    """What second keys must hear of an arrival at a label: which, and the change."""
    model = current(ledger).model
    for place, moved in enumerate(news):
        yield moved.key, Change(
            label=label, partition=partition, offset=offset, place=place, clock=clock, holds=moved.holds, model=model,
            scan=moved.scan, undone=moved.undone, counts=moved.counts, uncounts=moved.uncounts,
        )  # fmt: skip


def take(key: str, holder: Holder, change: Change, registry: Registry, schedule: Schedule) -> list[Alert]:
    """Let a cylinder come or leave; the alerts to tell at once.

    Changes come in order of arrival: the caller lets everything before it fall due first (`fall_due`). The latest of a
    cylinder again changes nothing.
    """
    scan, known = change.scan, holder.held.get(change.label)
    if change.holds:
        holder.held[change.label] = Held(change.model, change.offset)
    else:
        holder.held.pop(change.label, None)
    if change.undone is not None:
        return _take_back(holder, change.label, change.undone, change.clock)
    if change.uncounts is not None and key.startswith("vehicle/"):
        return _stand_alone(holder, change)
    if change.uncounts is not None:
        _uncount(holder, change.label, change.uncounts)
    if scan is None:
        return []
    case = _case(change, holder, registry, schedule)
    if isinstance(scan, DeliverScan):
        offset = change.offset if change.counts is None else change.counts
        if any(one.offset == offset and one.label == change.label for one in holder.deliveries):
            return []
        _count(holder, Delivery(case.at, change.label, offset, case.enterprise_id), case.parameters)
        if change.counts is not None:
            return []
    elif known is not None and known.offset == change.offset:
        return []
    alerts = []
    for rule, judges, wait in FOR_HOLDER[key.partition("/")[0]]:
        evidence = judges(case)
        if evidence is None:
            continue
        if wait is Wait.NONE:
            alerts.append(_tell(holder, change, alert_of(rule, evidence, case, change.clock)))
        else:
            due = change.clock + wait.of(case.parameters)
            pending = Pending(due, rule.code, change.label, change.offset, encode_change(change))
            holder.waiting = [*holder.waiting, pending]
    return alerts


def fall_due(key: str, holder: Holder, clock: int, registry: Registry, schedule: Schedule) -> list[Alert]:
    """Count anew what waited until now; the alerts of what is still over."""
    over = [pending for pending in holder.waiting if pending.due < clock]
    holder.waiting = [pending for pending in holder.waiting if pending.due >= clock]
    alerts = []
    for pending in over:
        change = decode_change(pending.change)
        case = _case(change, holder, registry, schedule)
        rule = BY_CODE[pending.code]
        # 31: its alert stands by the permit already, and by the number too should that fall away.
        stands = not pending.alone and rule.key == "label" and rule.judges is not None and rule.judges(case) is not None
        for counted, judges, _ in FOR_HOLDER[key.partition("/")[0]]:
            evidence = judges(case) if counted is rule else None
            if evidence is not None:
                alert = alert_of(rule, evidence, case, clock)
                _tell(holder, change, retracted(alert, clock, BY_PERMIT) if stands else alert)
                alerts += [] if stands else [alert]
    return alerts


def _tell(holder: Holder, change: Change, alert: Alert) -> Alert:
    holder.told = [*holder.told, TellingOf(change.label, change.offset, encode(alert))][-_TOLD_KEPT:]
    return alert


def _stand_alone(holder: Holder, change: Change) -> list[Alert]:
    """What the label told of that scan fell away: told again where the number holds it, or will be when that is counted."""
    found, scan = [], (change.label, change.uncounts)
    holder.waiting = [replace(one, alone=True) if (one.label, one.offset) == scan else one for one in holder.waiting]
    for one in holder.told:
        if (one.label, one.offset) == scan:
            alert = replace(decode_alert(one.alert), status="suspected", reason=UNSET, raised_at=rfc3339(change.clock))
            found.append(alert)
            holder.told = [
                TellingOf(one.label, one.offset, encode(alert)) if other is one else other for other in holder.told
            ]
    return found


def _take_back(holder: Holder, label: str, offset: int, clock: int) -> list[Alert]:
    """The scan at that offset never was: it counts no more, and what was told of it is retracted."""
    scan = label, offset
    _uncount(holder, label, offset)
    holder.waiting = [one for one in holder.waiting if (one.label, one.offset) != scan]
    undone = [one for one in holder.told if (one.label, one.offset) == scan]
    holder.told = [one for one in holder.told if one not in undone]
    alerts = [decode_alert(one.alert) for one in undone]
    return [retracted(alert, clock, TAKEN_BACK) for alert in alerts if alert.status == "suspected"]


def _uncount(holder: Holder, label: str, offset: int) -> None:
    """Forget a delivery. What is older than those kept still is the first."""
    for gone in [one for one in holder.deliveries if (one.label, one.offset) == (label, offset)]:
        holder.deliveries = [one for one in holder.deliveries if one is not gone]
        if gone.at == holder.first:
            holder.first = holder.deliveries[0].at if holder.deliveries else None


def _case(change: Change, holder: Holder, registry: Registry, schedule: Schedule) -> Case:
    assert change.scan is not None  # only what came is judged
    case = Case.of(change.scan, instant(change.scan.time), Cylinder(model=change.model), registry, schedule)
    case.holder = holder
    return case


def _count(holder: Holder, delivery: Delivery, parameters: Parameters) -> None:
    """Remember a delivery, and those of before as far back as rule 28 looks."""
    holder.first = delivery.at if holder.first is None else min(delivery.at, holder.first)
    insort(holder.deliveries, delivery)
    kept = parameters.purchase_days + parameters.purchase_history_days
    oldest = holder.deliveries[-1].at - kept * DAY - round(parameters.window_hours * HOUR)
    holder.deliveries = [one for one in holder.deliveries if one.at >= oldest][-_DELIVERIES_KEPT:]
