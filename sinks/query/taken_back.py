"""Which scans of a cylinder a `void` took back, by the same rules as the worker's (domain.md 5.7). Pure.

The archive keeps both and no note of what came of them: a `void` by another enterprise, which came before its scan, or one
that came when its scan had left the window took nothing back.
"""

from collections.abc import Sequence

from processors.model import InspectScan, LookupScan, Scan, ScrapScan, VoidScan
from processors.parameters import Schedule
from processors.registry import Registry
from processors.times import HOUR, day_of
from sinks.rows import ScanRow

Scanned = tuple[ScanRow, Scan | None]


def taken_back(scans: Sequence[Scanned], registry: Registry, schedule: Schedule) -> set[tuple[str, str]]:
    """By device and scan_id, those that count no more."""
    rows = {(row.device, row.scan_id): (row, scan) for row, scan in scans}
    found = set()
    for void, scan in scans:
        if not isinstance(scan, VoidScan):
            continue
        of = scan.data.device, scan.data.scan_id
        row, target = rows.get(of, (None, None))
        if row is None or target is None or row.label != void.label:
            continue
        own = _enterprise(void, registry)
        if own is not None and own == _enterprise(row, registry) and _reaches(void, (row, target), scans, schedule):
            found.add(of)
    return found


def _enterprise(row: ScanRow, registry: Registry) -> str | None:
    device = registry.device(row.device, day_of(row.time))
    return device.enterprise if device else None


def _reaches(void: ScanRow, target: tuple[ScanRow, Scan], scans: Sequence[Scanned], schedule: Schedule) -> bool:
    """Whether its scan had not come yet, was in the window when it came, or is a scrap, which may always be taken back."""
    row, scan = target
    if isinstance(scan, ScrapScan) or (isinstance(scan, InspectScan) and scan.data.result == "scrap"):
        return True
    if _arrival(void) < _arrival(row):
        return True
    parameters = schedule.on(day_of(void.time))
    facts = [
        other
        for other, its in scans
        if other.label == row.label
        and _arrival(other) < _arrival(void)
        and not (its is None or its.dry_run or isinstance(its, LookupScan | VoidScan))
    ]
    newest = max(other.time for other in facts)
    later = sum(_place(other) > _place(row) for other in facts)
    return row.time >= newest - parameters.window_hours * HOUR and later < parameters.window_scans


def _arrival(row: ScanRow) -> tuple[int, int]:
    return row.received, row.offset


def _place(row: ScanRow) -> tuple[int, str, str]:
    return row.time, row.device, row.scan_id
