"""From a record of `alerts.*` or of `registry` to its row. Pure."""

import msgspec
from msgspec import Struct

from processors.model import Reject, encode
from processors.registry import Customer, Staff, parse_row
from sinks.rows import AlertRow, RegistryRow, micros


class _Responsible(Struct, frozen=True):
    kind: str = ""
    id: str | None = None


class _AlertHead(Struct, kw_only=True):
    alert_id: str
    code: str
    severity: str
    status: str
    time: str
    raised_at: str
    label: str = ""
    scan_id: str = ""
    type: str = ""
    responsible: _Responsible = _Responsible()
    districts: list[str] = []


_decode_alert = msgspec.json.Decoder(_AlertHead).decode


def alert_row(value: bytes, *, log: str, topic: str, partition: int, offset: int, kafka_time: int) -> AlertRow:
    """The row of one record of an `alerts.*` topic. Raises `msgspec.MsgspecError` where it is no alert."""
    alert = _decode_alert(value)
    return AlertRow(
        log=log,
        partition=partition,
        offset=offset,
        topic=topic,
        kafka_time=kafka_time,
        authority=topic.partition(".")[2],
        alert_id=alert.alert_id,
        code=alert.code,
        severity=alert.severity,
        status=alert.status,
        time=micros(alert.time),
        raised_at=micros(alert.raised_at),
        label=alert.label,
        scan_id=alert.scan_id,
        type=alert.type,
        responsible_kind=alert.responsible.kind,
        responsible_id=alert.responsible.id or "",
        districts=alert.districts,
        alert=value.decode(),
    )


def registry_row(value: bytes, *, log: str, partition: int, offset: int, kafka_time: int) -> RegistryRow | Reject:
    """The row of one line of the registry, without anything made from an identity number."""
    row = parse_row(value)
    if isinstance(row, Reject):
        return row
    if isinstance(row, Customer):
        row.id_token = row.id_number = None
    return RegistryRow(
        log=log,
        partition=partition,
        offset=offset,
        kafka_time=kafka_time,
        kind=row.kind,
        id=row.id,
        role=row.role if isinstance(row, Staff) else "",
        valid_from=str(row.valid_from or ""),
        line=encode(row).decode(),
    )
