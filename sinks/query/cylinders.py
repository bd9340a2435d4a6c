"""A cylinder as the archive last knows it."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from processors.parameters import Schedule
from processors.registry import Registry
from processors.times import day_of, iso_day, rfc3339
from sinks.connection import Client
from sinks.query.follow import Fill, Inspection, Life, Party, follow, party
from sinks.query.reading import OPEN, registry_of, standing_alerts, whole_history
from sinks.rows import ScanRow


class Holder(Struct, frozen=True):
    """Where or with whom it is: `kind` is site, vehicle, courier, customer or agency."""

    kind: str
    id: str


class Counts(Struct, frozen=True):
    scans: int
    denied: int
    late: int
    alerts: int


class CylinderView(Struct, kw_only=True):
    """Unknown values are null; a label that was scanned and never bound has `bound` false and no plate data."""

    label: str
    labels: list[str]
    bound: bool
    serial: str | None
    maker: str | None
    made: str | None
    model: str | None
    valve: str | None
    owner: Party | None
    state: str | None
    full: bool | None
    holder: Holder | None
    next_inspection: str | None
    end_of_life: str | None
    last_fill: Fill | None
    last_inspection: Inspection | None
    open_alerts: list[dict[str, Any]]
    counts: Counts
    last_scan: str


def cylinder(client: Client, label: str, schedule: Schedule) -> CylinderView | None:
    """The cylinder that bears a label; None of a label that was never scanned."""
    rows = whole_history(client, label)
    if not rows:
        return None
    registry = registry_of(client, rows, models_of(rows))
    labels = labels_of(rows, label)
    return view(label, rows, follow(rows, registry, schedule), registry, standing_alerts(client, labels=labels))


def view(
    label: str, rows: Sequence[ScanRow], life: Life, registry: Registry, alerts: list[dict[str, Any]]
) -> CylinderView:
    """What the scans and alerts of a cylinder come to."""
    known = life.cylinder if life.cylinder.bound else None
    condition = life.condition
    return CylinderView(
        label=label,
        labels=labels_of(rows, label),
        bound=known is not None,
        serial=known.serial if known else None,
        maker=known.maker if known else None,
        made=iso_day(known.made) if known else None,
        model=known.model if known else None,
        valve=known.valve if known else None,
        owner=party(registry, known.owner, day_of(rows[-1].time)) if known else None,
        state=condition.state,
        full=condition.full,
        holder=_holder(life),
        next_inspection=condition.next_inspection,
        end_of_life=condition.end_of_life,
        last_fill=life.last_fill,
        last_inspection=life.last_inspection,
        open_alerts=[alert for alert in alerts if alert["status"] in OPEN],
        counts=Counts(
            scans=len(rows),
            denied=sum(row.decision == "deny" for row in rows),
            late=sum(row.late for row in rows),
            alerts=len(alerts),
        ),
        last_scan=rfc3339(rows[-1].time),
    )


def labels_of(rows: Sequence[ScanRow], label: str) -> list[str]:
    """The labels a cylinder has borne, in order, the one asked for among them."""
    return list(dict.fromkeys([row.label for row in rows])) or [label]


def models_of(rows: Sequence[ScanRow]) -> set[str]:
    """The models that the `bind` scans name."""
    return {str(msgspec.json.decode(row.data).get("model", "")) for row in rows if row.type == "bind"} - {""}


def _holder(life: Life) -> Holder | None:
    """Where its last move left it; before any move, where it was bound. None where that scan named nobody."""
    move = life.cylinder.last_move
    if move is None:
        bound = next((hand for hand in life.hands if hand.type == "bind"), None)
        kind, id = "site", bound.site if bound else None
    else:
        kind, id = {
            "deliver": ("customer", move.customer),
            "load": ("vehicle", move.vehicle),
            "collect": ("courier", move.operator),
            "send_inspection": ("agency", move.agency),
        }.get(move.type) or (("agency", move.agency) if move.agency else ("site", move.site))
    return Holder(kind, id) if id else None
