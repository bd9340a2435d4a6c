"""The trace of a cylinder: every hand it passed through, and who answers for it."""

from typing import Any

from msgspec import Struct

from processors.parameters import Schedule
from sinks.connection import Client
from sinks.query.cylinders import CylinderView, labels_of, models_of, view
from sinks.query.follow import Hand, Party, follow
from sinks.query.reading import OPEN, registry_of, standing_alerts, whole_history


class Accused(Struct, frozen=True):
    """Whom an alert holds responsible."""

    kind: str
    id: str | None
    name: str | None
    code: str
    alert_id: str


class Responsibility(Struct, frozen=True, kw_only=True):
    """Who answers for the cylinder: its owner, who filled it last, and whom the last open alert names."""

    owner: Party | None
    filler: Party | None
    alert: Accused | None


class Trace(Struct, kw_only=True):
    """Hands in order of time, oldest first; alerts as they stand, newest first."""

    label: str
    cylinder: CylinderView
    responsible: Responsibility
    hands: list[Hand]
    alerts: list[dict[str, Any]]


def trace(client: Client, label: str, schedule: Schedule) -> Trace | None:
    """The trace of the cylinder that bears a label; None of a label that was never scanned."""
    rows = whole_history(client, label)
    if not rows:
        return None
    registry = registry_of(client, rows, models_of(rows))
    life = follow(rows, registry, schedule)
    alerts = standing_alerts(client, labels=labels_of(rows, label))
    cylinder = view(label, rows, life, registry, alerts)
    return Trace(
        label=label,
        cylinder=cylinder,
        responsible=Responsibility(
            owner=cylinder.owner,
            filler=life.last_fill.enterprise if life.last_fill else None,
            alert=_accused(alerts),
        ),
        hands=life.hands,
        alerts=alerts,
    )


def _accused(alerts: list[dict[str, Any]]) -> Accused | None:
    for alert in alerts:
        if alert["status"] in OPEN:
            party = alert["responsible"]
            return Accused(party["kind"], party["id"], party["name"], alert["code"], alert["alert_id"])
    return None
