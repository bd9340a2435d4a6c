"""Follows one cylinder through its scans: who had it, and how it stands after the last. Pure.

The state is that of `processors.cylinder`, taken step by step as the worker takes it, so that both say the same.
"""

from collections.abc import Iterable

from msgspec import Struct

from processors.cylinder import Cylinder
from processors.effects import take
from processors.model import BindScan, Condition, FillScan, InspectScan, LookupScan, PrecheckScan, Scan
from processors.parameters import Schedule
from processors.registry import Registry
from processors.rules import BY_CODE
from processors.rules.case import Case
from processors.times import day_of, instant, rfc3339
from sinks.query.reading import scan_of
from sinks.query.taken_back import taken_back
from sinks.rows import ScanRow


class Party(Struct, frozen=True):
    """An enterprise; `name` is null where the registry knew none that day."""

    id: str
    name: str | None


class Hand(Struct, kw_only=True, omit_defaults=True):
    """One scan of the cylinder: when, what, who, and what the rules said. `net_kg` in kilograms."""

    time: str
    type: str
    label: str
    scan_id: str
    decision: str
    violations: list[str]
    late: bool
    revised: bool
    device: str
    taken_back: bool = False  # by a `void`: it stands among the hands, and counts no more
    enterprise: Party | None = None
    site: str | None = None
    operator: str | None = None
    vehicle: str | None = None
    driver: str | None = None
    escort: str | None = None
    customer: str | None = None
    agency: Party | None = None
    owner: Party | None = None
    net_kg: float | None = None
    result: str | None = None


class Fill(Struct, kw_only=True):
    """The last fill; `net_kg` in kilograms."""

    time: str
    net_kg: float
    enterprise: Party | None
    site: str | None
    operator: str | None


class Inspection(Struct, kw_only=True):
    """The last inspection; of the one that a `bind` tells of only the day is known."""

    time: str
    agency: Party | None
    result: str
    next_due: str | None


class Life(Struct):
    """What all scans of a cylinder come to."""

    cylinder: Cylinder
    hands: list[Hand]
    condition: Condition
    last_fill: Fill | None = None
    last_inspection: Inspection | None = None


def follow(rows: Iterable[ScanRow], registry: Registry, schedule: Schedule) -> Life:
    """Take scans in order of time. Questions (`lookup`, `dry_run`) are no hands and change nothing."""
    life = Life(Cylinder(), [], Condition())
    scans = [(row, scan_of(row)) for row in rows]
    undone = taken_back(scans, registry, schedule)
    for row, scan in scans:
        if scan is None or scan.dry_run or isinstance(scan, LookupScan):
            continue
        case = Case.of(scan, instant(scan.time), life.cylinder, registry, schedule)
        hand = _hand(row, case, registry)
        life.hands.append(hand)
        if (row.device, row.scan_id) in undone:
            hand.taken_back = True
            continue
        if not isinstance(scan, PrecheckScan) and not any(_holds_state(code) for code in row.violations):
            suspect = "INSPECTION_RECORD_SUSPECT" in row.violations
            take(
                life.cylinder, scan.label, scan.type, scan.data, row.time, case.origin, row.scan_id, 0, suspect=suspect
            )  # fmt: skip
            _note(life, scan, hand)
    if life.cylinder.bound:
        day = day_of(row.time)
        model, parameters = registry.model(life.cylinder.model, day), schedule.on(day)
        life.condition = Condition(
            *life.cylinder.condition(model.life_years if model else parameters.life_years, parameters)  # type: ignore[arg-type]
        )
    return life


def party(registry: Registry, id: str | None, day: int) -> Party | None:
    """An enterprise by the name it had that day."""
    if not id:
        return None
    enterprise = registry.enterprise(id, day)
    return Party(id, enterprise.name if enterprise else None)


def _hand(row: ScanRow, case: Case, registry: Registry) -> Hand:
    fills = isinstance(case.scan, FillScan)
    return Hand(
        time=rfc3339(row.time),
        type=row.type,
        label=row.label,
        scan_id=row.scan_id,
        decision=row.decision,
        violations=list(row.violations),
        late=row.late,
        revised=row.revision > 0,
        device=row.device,
        enterprise=party(registry, case.filling_enterprise_id if fills else case.enterprise_id, case.day),
        site=case.site_id,
        operator=row.operator or None,
        vehicle=row.vehicle or None,
        driver=row.driver or None,
        escort=row.escort or None,
        customer=row.customer or None,
        agency=party(registry, row.agency or _agency(case), case.day),
        owner=party(registry, row.owner, case.day),
        net_kg=row.net_kg,
        result=row.result or None,
    )


def _agency(case: Case) -> str | None:
    device = case.scene.device
    return case.enterprise_id if device is not None and device.device_kind == "agency" else None


def _holds_state(code: str) -> bool:
    rule = BY_CODE.get(code)
    return rule is not None and rule.holds_state


def _note(life: Life, scan: Scan, hand: Hand) -> None:
    if isinstance(scan, FillScan):
        life.last_fill = Fill(
            time=hand.time,
            net_kg=scan.data.net_kg,
            enterprise=hand.enterprise,
            site=hand.site,
            operator=hand.operator,
        )
    elif isinstance(scan, InspectScan):
        due = scan.data.next_due
        life.last_inspection = Inspection(
            time=hand.time, agency=hand.agency, result=scan.data.result, next_due=str(due) if due else None
        )
    elif isinstance(scan, BindScan) and life.last_inspection is None:
        life.last_inspection = Inspection(time=str(scan.data.inspected), agency=None, result="pass", next_due=None)
