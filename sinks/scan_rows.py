"""From a scan and what a run says of it to a row of `scans`. Pure.

No `id_number` passes, should one ever come: the fields of a scan are named, and that one is emptied.
"""

from msgspec import UNSET
from msgspec.structs import replace

from processors.model import BindScan, Data, Handover, InspectScan, Scan, TransferScan, encode
from processors.times import instant
from sinks.rows import ScanRow, micros
from sinks.runs import Entry, Run


def scan_row(scan: Scan, *, log: str, partition: int, offset: int, kafka_time: int, verdict_offset: int) -> ScanRow:
    """The row of a scan, plain and not judged yet. `kafka_time` (ms) stands in for a `received` the scan lacks."""
    data = scan.data
    geo = scan.geo
    return ScanRow(
        log=log,
        partition=partition,
        offset=offset,
        verdict_offset=verdict_offset,
        scan_id=scan.scan_id,
        type=scan.type,
        label=scan.label,
        time=instant(scan.time),
        received=instant(scan.received) if scan.received else kafka_time * 1000,
        device=scan.device,
        operator=scan.operator or "",
        site=scan.site or "",
        lon=geo.lon if geo else None,
        lat=geo.lat if geo else None,
        acc_m=geo.acc_m if geo else None,
        dry_run=scan.dry_run,
        customer=_text(data, "customer"),
        vehicle=_text(data, "vehicle"),
        driver=_text(data, "driver"),
        escort=_text(data, "escort"),
        agency=_text(data, "agency"),
        owner=data.owner if isinstance(scan, BindScan) else data.to if isinstance(scan, TransferScan) else "",
        serial=_text(data, "serial"),
        replaces=_text(data, "replaces"),
        aliases=data.aliases if isinstance(scan, BindScan) else (),
        net_kg=getattr(data, "net_kg", None),
        result=data.result if isinstance(scan, InspectScan) else _passed(data),
        next_due=getattr(data, "next_due", None),
        data=_without_identity(data),
    )


def judged(row: ScanRow, run: Run, entry: Entry | None) -> ScanRow:
    """The row with what the run says of it: its entry's verdict, or without one that it is plain."""
    if entry is None:
        row.judged_at = micros(run.judged_at)
        return row
    verdict = entry.verdict(run.judged_at)
    return replace(
        row,
        revision=entry.revision,
        decision=verdict.decision,
        violations=[violation.code for violation in verdict.violations],
        prevented=verdict.prevented,
        late=verdict.late,
        judged_at=None if verdict.judged_at is UNSET else micros(verdict.judged_at),
        verdict=encode(verdict).decode(),
    )


def row_of_verdict(entry: Entry, *, log: str, partition: int, verdict_offset: int) -> ScanRow:
    """What a verdict alone tells of its scan, where the archive has no row of the scan itself."""
    at = micros(entry.time)
    return ScanRow(
        log=log,
        partition=partition,
        offset=entry.offset,
        verdict_offset=verdict_offset,
        scan_id=entry.scan_id or "",
        type=entry.type,
        label=entry.label,
        time=at,
        received=at,
        device="",
        dry_run=entry.dry_run,
    )


def _text(data: Data, name: str) -> str:
    return getattr(data, name, None) or ""


def _passed(data: Data) -> str:
    passed = getattr(data, "passed", None)
    return "" if passed is None else "pass" if passed else "fail"


def _without_identity(data: Data) -> str:
    if isinstance(data, Handover):
        data.id_number = None
    return encode(data).decode()
