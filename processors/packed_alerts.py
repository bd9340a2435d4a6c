"""What was told of a label, at rest: the alert without what its rule says anyway, 200 bytes instead of 1,300."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET

from processors.ledger import Standing
from processors.model import Alert, Responsible, decode_alert, encode
from processors.routing import authorities
from processors.rules import BY_CODE, RULES
from processors.rules.declaration import in_full
from processors.times import instant, rfc3339

# Numbers stand for these: add at the end alone.
_STATUS = ("waiting", "suspected", "confirmed", "resolved", "retracted", "shown", "")
_NUMBER = {status: number for number, status in enumerate(_STATUS)}
_BY_NO = {rule.no: rule.code for rule in RULES}


def packed_standing(one: Standing, began: int) -> tuple[Any, ...]:
    """An alert as it stands; `began` is the instant that times are counted from."""
    alert = decode_alert(one.alert) if one.alert else None
    return (
        bytes.fromhex(one.alert_id), BY_CODE[one.code].no, one.device, one.scan_id, _NUMBER[one.status],
        *(moment - began if moment else None for moment in (one.due, one.since, one.limit, one.ended)),
        None if alert is None else _packed_alert(alert, began),
    )  # fmt: skip


def unpacked_standing(label: str, began: int, packed: Any) -> Standing:
    """The alert that was packed so."""
    alert_id, no, device, scan_id, status, *moments, alert = packed
    due, since, limit, ended = (0 if moment is None else moment + began for moment in moments)
    code, name = _BY_NO[no], alert_id.hex()
    told = b"" if alert is None else encode(_alert(label, began, name, code, scan_id, *alert))
    return Standing(name, code, device, scan_id, _STATUS[status], due, told, since, limit, ended)


def _packed_alert(alert: Alert, began: int) -> tuple[Any, ...]:
    made, raised = (instant(datetime.fromisoformat(time)) - began for time in (alert.time, alert.raised_at))
    who = alert.responsible
    reason = None if alert.reason is UNSET else alert.reason
    return _NUMBER[alert.status], made, raised, alert.type, who.id, who.name, alert.districts, alert.evidence, reason


def _alert(
    label: str, began: int, alert_id: str, code: str, scan_id: str, status: int, made: int, raised: int, type: str,
    id: str | None, name: str | None, districts: list[str], evidence: dict[str, Any], reason: str | None,
) -> Alert:  # fmt: skip
    rule = BY_CODE[code]
    time = rfc3339(made + began)
    return Alert(
        alert_id=alert_id,
        code=code,
        title=rule.title,
        severity=rule.severity,
        status=msgspec.convert(_STATUS[status], Alert.__annotations__["status"]),
        time=time,
        raised_at=rfc3339(raised + began),
        label=label,
        scan_id=scan_id,
        type=type,
        responsible=Responsible("enterprise", id, name),
        districts=tuple(districts),
        to=authorities(rule, type),
        cc=tuple(authority.value for authority in rule.cc),
        basis=tuple(in_full(basis, time) for basis in rule.basis),
        evidence=evidence,
        reason=UNSET if reason is None else reason,
    )
