"""When a cylinder is looked at again: at no time but the next at which something falls due."""

from copy import copy
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from processors.arrival import Replaced
from processors.cylinder import Cylinder, Move
from processors.due import fall_due, next_alarm
from processors.judge import judge
from processors.late import replace_label
from processors.ledger import Awaited, Entry, Ledger, Standing
from processors.model import (
    Fill,
    FillScan,
    Inspect,
    InspectScan,
    Missing,
    MissingScan,
    ReceiveScan,
    Scan,
    Void,
    VoidScan,
)
from processors.origins import Origin
from processors.parameters import DEFAULT, Parameters, Schedule
from processors.registry import Device, Enterprise, Registry
from processors.times import DAY, HOUR, MINUTE, SECOND, SHANGHAI, instant

CLOCK = 20_000 * DAY
SCANNED = MissingScan(
    scan_id="scan-0001", label="L", time=datetime.fromtimestamp(0, SHANGHAI), device="D", data=Missing("lost")
)


def collected(*waiting: int) -> Ledger:
    """Bound, and taken from a customer at the clock; alerts wait until these moments."""
    facts = Cylinder(serial="A", moves=[Move("collect", CLOCK, Origin("D"), scan_id="scan-0001", arrived=CLOCK)])
    return Ledger(base=facts, standing=[Standing("a", "X", "D", "S", "waiting", due, b"{}") for due in waiting])


def test_nothing_falls_due_at_a_cylinder_that_stands_empty():
    assert next_alarm(Ledger(base=Cylinder(serial="A")), CLOCK, DEFAULT) == 0


def test_a_code_nobody_bound_is_looked_at_when_it_may_be_forgotten():
    scanned = Ledger(entries=[Entry(CLOCK, SCANNED, Origin("D"), 0, CLOCK)], now=Cylinder())
    assert next_alarm(scanned, CLOCK, DEFAULT) == CLOCK + 365 * DAY
    assert next_alarm(Ledger(), CLOCK, DEFAULT) == CLOCK + 72 * HOUR, "only asked about"
    thirds = Schedule(Parameters(unknown_code_days=10 / 3))
    assert next_alarm(scanned, CLOCK, thirds) == CLOCK + 80 * HOUR
    assert type(next_alarm(scanned, CLOCK, thirds)) is int


def test_the_first_of_what_waits_and_what_runs_counts():
    assert next_alarm(collected(), CLOCK, DEFAULT) == CLOCK + 72 * HOUR
    assert next_alarm(collected(CLOCK + 9 * MINUTE, CLOCK + 5 * MINUTE), CLOCK, DEFAULT) == CLOCK + 5 * MINUTE


def test_what_was_told_is_not_looked_at_again():
    ledger = collected()
    assert fall_due("L", ledger, CLOCK + 72 * HOUR, Registry(), DEFAULT) == ()
    assert ledger.alarm == CLOCK + 72 * HOUR
    [alert] = fall_due("L", ledger, CLOCK + 72 * HOUR + 1, Registry(), DEFAULT)
    assert alert.code == "CYLINDER_MISSING"
    assert ledger.alarm == 0
    assert fall_due("L", ledger, CLOCK + 73 * HOUR, Registry(), DEFAULT) == ()


def test_a_time_that_never_ran_is_forgotten_with_its_window():
    registry, sent = Registry(), datetime(2026, 11, 1, 12, tzinfo=SHANGHAI)
    for name in ("E1", "E2"):
        registry.put(Enterprise(id=name, name=name, district="330203"))
    registry.put(Device(id="D", device_kind="office", enterprise="E1"))
    ledger = Ledger(base=Cylinder(serial="A", owner="E", made=738_000, inspected=738_000))

    def judged(scan: Scan, number: int) -> list[str]:
        told = judge(ledger, scan, number, instant(scan.time), registry, DEFAULT).alerts
        found = [alert for alert in told if alert.code == "FILLED_DWELL"]
        return [f"{alert.code} {alert.status} of {alert.responsible.id}" for alert in found]

    fill = FillScan(scan_id="scan-0001", label="L", time=sent, device="D", data=Fill(14.4))
    judged(fill, 1)
    clock = instant(sent) + 40 * DAY
    assert "FILLED_DWELL" in [alert.code for alert in fall_due("L", ledger, clock, registry, DEFAULT)]
    later = sent + timedelta(days=41)
    void = VoidScan(scan_id="scan-0002", label="L", time=later, device="D", data=Void("scan-0001", "D", "a mistake"))
    registry.put(Device(id="D", device_kind="office", enterprise="E2"))
    assert judged(void, 2) == ["FILLED_DWELL retracted of E1"], "whoever was told, and not whose the device is by now"
    for hours in (1, 100, 200):
        receive = ReceiveScan(scan_id=f"scan-1{hours:03}", label="L", time=later + timedelta(hours=hours), device="D")
        judged(receive, 3 + hours)
    assert [one.code for one in ledger.standing if one.code == "FILLED_DWELL"] == []


@pytest.mark.parametrize(
    ("ledger", "forgotten"),
    [
        (Ledger(), True),
        (Ledger(base=Cylinder(serial="A")), False),
        (Ledger(base=Cylinder(reported=["D/scan-0001"])), False),
        (Ledger(retired=CLOCK, replaced=[(CLOCK, "B")]), False),
        (Ledger(awaited=[Awaited("D", "scan-0001", None)]), False),
    ],
    ids=["never bound", "bound", "missed", "replaced", "a void waits for its scan"],
)
def test_a_code_is_forgotten_where_nothing_need_be_known_of_it(ledger: Ledger, forgotten: bool):
    assert copy(ledger).is_forgotten is forgotten


def told_of_a_collected_one() -> Ledger:
    ledger = collected()
    fall_due("L", ledger, CLOCK + 72 * HOUR + 1, Registry(), DEFAULT)
    return ledger


def test_what_ended_with_a_replacement_that_is_taken_back_stands_where_all_else_is_beyond_the_window():
    ledger = told_of_a_collected_one()
    (time,) = ledger.standing
    time.status, time.ended = "resolved", CLOCK + 100 * HOUR
    ledger.base.moves = [Move("receive", CLOCK + 200 * HOUR, Origin("D"))]
    ledger.base.retired = ledger.retired = time.ended
    ledger.replaced, ledger.newest, ledger.now = [(time.ended, "B")], CLOCK + 400 * HOUR, None
    undone = Replaced("L", time.ended, "B", undone=True)
    assert replace_label(undone, ledger, CLOCK + 400 * HOUR, Registry(), DEFAULT).alerts == ()
    assert (ledger.retired, time.status, time.ended) == (None, "resolved", CLOCK + 100 * HOUR)


def test_what_ended_with_a_scrap_does_not_end_again_with_a_replacement():
    ledger, registry = told_of_a_collected_one(), Registry()
    registry.put(Device(id="D", device_kind="office"))
    (time,) = ledger.standing
    time.status, time.ended = "retracted", CLOCK + 50 * HOUR
    ledger.base.scrap(Move("scrap", time.ended, Origin("D"), scan_id="scan-0009"))
    ledger.now = None
    receive = ReceiveScan(scan_id="", label="L", time=SCANNED.time, device="D")
    for number, hour in enumerate((110, 130)):
        scan = replace(
            receive, scan_id=f"scan-000{number}", time=datetime.fromtimestamp(CLOCK // SECOND + hour * 3600, SHANGHAI)
        )
        told = judge(ledger, scan, number, CLOCK + 200 * HOUR, registry, DEFAULT).alerts
        assert [alert.code for alert in told] == ["SCRAPPED_IN_USE"]
        replaced = Replaced("L", CLOCK + 120 * HOUR, "B")
        assert replace_label(replaced, ledger, CLOCK + 200 * HOUR, registry, DEFAULT).alerts == ()


def test_a_time_that_an_inspection_ended_too_is_told_so_when_the_scan_that_ended_it_is_taken_back():
    registry, first = Registry(), datetime(2026, 11, 1, 12, tzinfo=SHANGHAI)
    registry.put(Device(id="D", device_kind="office", enterprise="E"))
    filled = Cylinder(serial="A", owner="E", full=True, made=738_000, inspected=738_000)
    filled.moves = [Move("fill", instant(first), Origin("D", enterprise="E"), scan_id="scan-0001")]
    ledger = Ledger(base=filled, newest=instant(first))
    now = instant(first) + 40 * DAY

    def dwelt(scan: Scan) -> list[str]:
        ledger.offset += 1
        told = judge(ledger, scan, ledger.offset, now, registry, DEFAULT).alerts
        return [f"{alert.status}: {alert.reason}" for alert in told if alert.code == "FILLED_DWELL"]

    assert "FILLED_DWELL" in [alert.code for alert in fall_due("L", ledger, now, registry, DEFAULT)]
    later = first + timedelta(days=39)
    receive = ReceiveScan(scan_id="scan-0002", label="L", time=later, device="D")
    assert dwelt(receive) == [f"resolved: it has ended: receive at {later.isoformat()}"]
    data = Inspect(report="R", result="fail")
    day = first + timedelta(days=1)
    assert dwelt(InspectScan(scan_id="scan-0003", label="L", time=day, device="D", data=data)) == []
    void = VoidScan(scan_id="scan-0004", label="L", time=later, device="D", data=Void("scan-0002", "D", "a mistake"))
    assert dwelt(void) == [f"retracted: it had ended in time: inspect at {day.isoformat()}, which arrived later"]
