"""The shapes of the archive's rows: a struct here is a table there, its fields in the order of the columns.

Instants are integers, microseconds since 1970 (`kafka_time`: milliseconds).
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, Final

from msgspec import Struct
from msgspec.structs import astuple

from processors.times import instant

# A scan that lies between two runs. None should: then it is kept all the same, and the log says so.
UNJUDGED = "unjudged"


class Row(Struct, kw_only=True):
    """What every row begins with: where its record stands in Kafka. `log` is the topic's id."""

    table: ClassVar[str]
    log: str
    partition: int
    offset: int


class ScanRow(Row, kw_only=True):
    table: ClassVar[str] = "scans"
    revision: int = 0
    verdict_offset: int
    scan_id: str
    type: str
    label: str
    time: int
    received: int
    device: str
    operator: str = ""
    site: str = ""
    lon: float | None = None
    lat: float | None = None
    acc_m: float | None = None
    dry_run: bool = False
    customer: str = ""
    vehicle: str = ""
    driver: str = ""
    escort: str = ""
    agency: str = ""
    owner: str = ""
    serial: str = ""
    replaces: str = ""
    aliases: Sequence[str] = ()
    net_kg: float | None = None
    result: str = ""
    next_due: date | None = None
    data: str = "{}"
    decision: str = "allow"
    violations: Sequence[str] = ()
    prevented: Sequence[str] = ()
    late: bool = False
    judged_at: int | None = None
    verdict: str = ""


class AlertRow(Row, kw_only=True):
    table: ClassVar[str] = "alerts"
    topic: str
    kafka_time: int
    authority: str
    alert_id: str
    code: str
    severity: str
    status: str
    time: int
    raised_at: int
    label: str
    scan_id: str
    type: str
    responsible_kind: str
    responsible_id: str
    districts: Sequence[str]
    alert: str


class RegistryRow(Row, kw_only=True):
    table: ClassVar[str] = "registry"
    kafka_time: int
    kind: str
    id: str
    role: str
    valid_from: str
    line: str


# What to select for `scan_rows`: instants come back as the integers they went in as.
_INSTANTS: Final = frozenset({"time", "received", "judged_at"})
SCAN_COLUMNS: Final = ", ".join(
    f"toUnixTimestamp64Micro({name})" if name in _INSTANTS else name for name in ScanRow.__struct_fields__
)


def scan_rows(selected: Iterable[Sequence[Any]]) -> list[ScanRow]:
    """Rows as `SELECT {SCAN_COLUMNS}` gives them back."""
    return [ScanRow(**dict(zip(ScanRow.__struct_fields__, row, strict=True))) for row in selected]


def columns(rows: Sequence[Row]) -> tuple[list[str], list[Sequence[Any]]]:
    """Names and values, column by column, of rows of one table."""
    return list(type(rows[0]).__struct_fields__), list(zip(*map(astuple, rows), strict=True))


def micros(text: str) -> int:
    """The instant of an RFC 3339 text, microseconds since 1970. Raises ValueError where it is none."""
    return instant(datetime.fromisoformat(text))
