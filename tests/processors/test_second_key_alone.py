"""What a customer has, told twice, too late, or in another order than it happened."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from processors.holder import Change, Delivery, Held, Holder, HolderPacking, TellingOf
from processors.intake import parse
from processors.model import encode
from processors.parameters import DEFAULT, Parameters, Schedule
from processors.registry import Registry, parse_row
from processors.second_key import fall_due, take
from processors.times import DAY, HOUR, MINUTE, instant

KEY = "customer/C"
ROWS: list[dict[str, Any]] = [
    {"kind": "enterprise", "id": "E1", "name": "one", "district": "330203"},
    {"kind": "device", "id": "K", "enterprise": "E1", "device_kind": "courier"},
    {"kind": "customer", "id": "C", "customer_kind": "resident", "district": "330212"},
]
NOON = "2026-11-10T12:00:00+08:00"


def registry() -> Registry:
    found = Registry()
    for row in ROWS:
        found.put(parse_row(json.dumps(row).encode()))  # type: ignore[arg-type]
    return found


def came(label: str, offset: int, time: str = NOON, clock: int | None = None) -> Change:
    line = {"scan_id": f"scan-{offset:04}", "type": "deliver", "label": "LABEL", "time": time, "device": "K"}
    scan: Any = parse(json.dumps({**line, "data": {"customer": "C"}}).encode())
    return Change(label=label, offset=offset, clock=clock or instant(scan.time), holds=True, model="M", scan=scan)


def left(label: str, offset: int, clock: int) -> Change:
    return Change(label=label, offset=offset, clock=clock, holds=False)


def tell(holder: Holder, *changes: Change, schedule: Schedule = DEFAULT) -> list[str]:
    return [alert.code for change in changes for alert in take(KEY, holder, change, registry(), schedule)]


def test_a_new_one_includes_no_record_yet():
    assert Holder().offset < 0


def test_what_came_is_held_until_it_left():
    holder, clock = Holder(), instant_of(NOON)
    tell(holder, came("a", 1), came("b", 2), left("a", 3, clock))
    assert holder.held == {"b": Held("M", 2)}
    tell(holder, came("a", 4))
    assert holder.held.keys() == {"a", "b"}


def test_the_latest_told_again_changes_nothing():
    holder = Holder()
    tell(holder, came("a", 1), came("b", 2), came("c", 3))
    before = HolderPacking().pack("", holder)
    assert tell(holder, came("c", 3)) == []
    assert HolderPacking().pack("", holder) == before


def test_a_load_told_again_is_not_looked_at_again():
    line = {"scan_id": "scan-0001", "type": "load", "label": "LABEL", "time": NOON, "device": "K"}
    scan: Any = parse(json.dumps({**line, "data": {"vehicle": "V"}}).encode())
    loaded = Change(label="a", offset=1, clock=instant(scan.time), holds=True, model="M", scan=scan)
    known, holder = registry(), Holder()
    known.put(parse_row(b'{"kind": "vehicle", "id": "V", "enterprise": "E1", "max_cylinders": 0}'))  # type: ignore[arg-type]
    for _ in range(2):
        assert take("vehicle/V", holder, loaded, known, DEFAULT) == []
        assert [pending.offset for pending in holder.waiting] == [1]


def test_a_scan_taken_back_counts_no_more_and_its_alerts_are_retracted():
    holder, clock = Holder(), instant_of(NOON)
    tell(holder, came("a", 1), came("b", 2), came("c", 3))
    [alert] = fall_due(KEY, holder, clock + 24 * HOUR + 1, registry(), DEFAULT)
    undone = Change(label="c", offset=9, clock=clock + 25 * HOUR, holds=False, undone=3)
    [back] = take(KEY, holder, undone, registry(), DEFAULT)
    assert (back.alert_id, back.status) == (alert.alert_id, "retracted")
    assert holder.held.keys() == {"a", "b"}
    assert [one.label for one in holder.deliveries] == ["a", "b"]
    assert take(KEY, holder, undone, registry(), DEFAULT) == []


def test_a_scan_taken_back_waits_no_more_and_others_do():
    holder, clock = Holder(), instant_of(NOON)
    tell(holder, came("a", 1), came("b", 2), came("c", 3), came("d", 4))
    assert [pending.offset for pending in holder.waiting] == [3, 4]
    take(KEY, holder, Change(label="d", offset=9, clock=clock + HOUR, holds=False, undone=4), registry(), DEFAULT)
    [alert] = fall_due(KEY, holder, clock + 24 * HOUR + 1, registry(), DEFAULT)
    assert alert.scan_id == "scan-0003"


def test_the_first_delivery_taken_back_was_never_the_first():
    holder, clock = Holder(), instant_of(NOON)
    earliest, then, now = (f"2026-11-{day:02}T12:00:00+08:00" for day in (1, 5, 10))
    tell(holder, came("a", 1, earliest), came("b", 2, then), came("c", 3, now))
    for offset, label, first in ((1, "a", then), (3, "c", then), (2, "b", None)):
        take(KEY, holder, Change(label=label, offset=9, clock=clock, holds=False, undone=offset), registry(), DEFAULT)
        assert holder.first == (None if first is None else instant_of(first))


def test_what_stands_by_the_number_alone_is_retracted_when_its_scan_is_taken_back():
    holder, clock = Holder(), instant_of(NOON)
    tell(holder, came("a", 1), came("b", 2), came("c", 3))
    [alert] = fall_due(KEY, holder, clock + 24 * HOUR + 1, registry(), DEFAULT)
    by_permit = encode(replace(alert, status="retracted", reason="it stands by the permit"))
    other = TellingOf("b", 2, encode(alert))
    holder.told = [other, TellingOf("c", 3, by_permit)]
    key, later = "vehicle/V", clock + 25 * HOUR
    [stands] = take(key, holder, Change(label="c", offset=8, clock=later, holds=True, uncounts=3), registry(), DEFAULT)
    assert (stands.alert_id, stands.status) == (alert.alert_id, "suspected")
    assert holder.told[0] == other
    undone = Change(label="c", offset=9, clock=later, holds=False, undone=3)
    [back] = take(key, holder, undone, registry(), DEFAULT)
    assert (back.alert_id, back.status) == (alert.alert_id, "retracted")
    assert holder.told == [other]


@pytest.mark.parametrize(("fell", "status"), [([], []), ([1], []), ([2], ["suspected"]), ([1, 2], ["suspected"])])
def test_by_the_number_alone_it_is_told_where_what_the_label_told_fell_away_before(fell: list[int], status: list[str]):
    holder, known = Holder(), registry()
    known.put(parse_row(b'{"kind": "vehicle", "id": "V", "enterprise": "E1", "max_cylinders": 1}'))  # type: ignore[arg-type]
    key, clock = "vehicle/V", instant_of(NOON)
    for offset, label in enumerate("abc", 1):
        line = {"scan_id": f"scan-000{offset}", "type": "load", "label": "LABEL", "time": NOON, "device": "K"}
        scan: Any = parse(json.dumps({**line, "data": {"vehicle": "V"}}).encode())
        loaded = Change(label=label, offset=offset, clock=clock, holds=True, model="M", scan=scan)
        assert take(key, holder, loaded, known, DEFAULT) == []
    assert [pending.offset for pending in holder.waiting] == [2, 3]
    for offset in fell:  # there is no permit, but another rule stands alone now
        change = Change(label=" abc"[offset], offset=9, clock=clock + MINUTE, holds=True, uncounts=offset)
        assert take(key, holder, change, known, DEFAULT) == []
    holder = HolderPacking().unpack(key, HolderPacking().pack(key, holder))
    told = fall_due(key, holder, clock + 16 * MINUTE, known, DEFAULT)
    assert [alert.status for alert in told] == status
    assert {alert.scan_id for alert in told} <= {"scan-0002"}


def test_an_earlier_delivery_may_come_to_count_and_cease_to():
    holder, clock = Holder(), instant_of(NOON)
    scan = came("a", 1).scan
    tell(holder, Change(label="a", offset=7, clock=clock, holds=False, model="M", scan=scan, counts=1))
    assert [(one.label, one.offset) for one in holder.deliveries] == [("a", 1)]
    assert holder.held == {}
    tell(holder, Change(label="a", offset=8, clock=clock, holds=False, uncounts=1))
    assert holder.deliveries == []


def test_a_third_cylinder_waits_a_day_and_is_counted_anew():
    holder, clock = Holder(), instant_of(NOON)
    assert tell(holder, came("a", 1), came("b", 2), came("c", 3)) == []
    [pending] = holder.waiting
    assert (pending.due, pending.code) == (clock + 24 * HOUR, "USER_EXCESS_HOLDING")
    assert holder.alarm == pending.due
    assert fall_due(KEY, holder, pending.due, registry(), DEFAULT) == []
    [alert] = fall_due(KEY, holder, pending.due + 1, registry(), DEFAULT)
    assert (alert.code, alert.scan_id, alert.raised_at) == (
        "USER_EXCESS_HOLDING",
        "scan-0003",
        "2026-11-11T12:00:00.000001+08:00",
    )
    assert holder.waiting == []
    assert holder.alarm == 0


def test_a_device_of_nobody_is_no_third_enterprise():
    at = instant_of(NOON) - DAY
    for third, told in ((None, []), ("E3", ["ABNORMAL_PURCHASE"])):
        holder = Holder(deliveries=[Delivery(at, "x", 1, "E2"), Delivery(at, "y", 2, third)], first=at)
        assert tell(holder, came("a", 3)) == told


def test_enterprises_that_delivered_are_named_in_order():
    at = instant_of(NOON) - DAY
    holder = Holder(deliveries=[Delivery(at, f"x{n}", n, f"E{n}") for n in range(9, 1, -1)], first=at)
    [alert] = take(KEY, holder, came("a", 3), registry(), DEFAULT)
    assert alert.evidence["enterprises"] == [f"E{n}" for n in range(1, 10)]


def test_of_many_alerts_the_last_32_are_known_should_a_scan_be_taken_back():
    at = instant_of(NOON) - DAY
    told = [TellingOf("x", n, b"{}") for n in range(1, 33)]
    holder = Holder(deliveries=[Delivery(at, "x", 1, "E2"), Delivery(at, "y", 2, "E3")], first=at, told=told)
    assert tell(holder, came("a", 40)) == ["ABNORMAL_PURCHASE"]
    assert [one.offset for one in holder.told] == [*range(2, 33), 40]


def test_deliveries_are_kept_as_far_back_as_they_are_counted():
    holder, clock = Holder(), instant_of(NOON)
    few = Schedule(Parameters(purchase_days=2, purchase_history_days=3, window_hours=1.5))
    oldest = clock - 5 * DAY - 90 * MINUTE
    holder.deliveries = [Delivery(oldest - 1, "x", 1), Delivery(oldest, "y", 2)]
    tell(holder, came("a", 3), schedule=few)
    assert [one.label for one in holder.deliveries] == ["y", "a"]
    assert holder.deliveries[-1] == Delivery(clock, "a", 3, "E1")
    assert holder.first == clock


def test_the_first_delivery_is_the_earliest_and_they_stand_in_order_of_time():
    holder = Holder()
    tell(holder, came("a", 1), came("a", 2, "2026-11-09T12:00:00+08:00"), came("b", 2, "2026-11-11T12:00:00+08:00"))
    assert [(one.label, one.offset) for one in holder.deliveries] == [("a", 2), ("a", 1), ("b", 2)]
    assert holder.first == instant_of("2026-11-09T12:00:00+08:00")


def test_no_more_than_the_latest_deliveries_are_kept():
    holder, clock = Holder(), instant_of(NOON)
    holder.deliveries = [Delivery(clock - DAY + number, "x", number) for number in range(2000)]
    tell(holder, came("a", 9999))
    assert len(holder.deliveries) == 2000
    assert holder.deliveries[0].offset == 1


def instant_of(time: str) -> int:
    scan: Any = came("x", 0, time).scan
    return instant(scan.time)
