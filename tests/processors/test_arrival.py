"""What others hear of an arrival at a label: the customers and vehicles that had the cylinder, or have it now."""

from copy import copy
from datetime import timedelta

import pytest
from msgspec.structs import replace
from test_packed import BIND, LABEL, NOON, scanned

from processors.arrival import Moved, moved, second_key
from processors.cylinder import Cylinder
from processors.findings import is_late
from processors.judge import judge
from processors.ledger import Ledger
from processors.model import (
    Bind,
    BindScan,
    Condition,
    Deliver,
    DeliverScan,
    Fill,
    FillScan,
    Load,
    LoadScan,
    LookupScan,
    ReceiveScan,
    Scan,
    UnloadScan,
)
from processors.parameters import DEFAULT, Parameters
from processors.registry import Registry
from processors.times import instant

C1, C2, V1 = "customer/C1", "customer/C2", "vehicle/V1"
RECEIVE = ReceiveScan(scan_id="scan-0001", label=LABEL, time=NOON, device="D")
DELIVER = DeliverScan(scan_id="scan-0001", label=LABEL, time=NOON, device="D", data=Deliver("C1"))
LOAD = LoadScan(scan_id="scan-0001", label=LABEL, time=NOON, device="D", data=Load("V1"))
UNLOAD = UnloadScan(scan_id="scan-0001", label=LABEL, time=NOON, device="D", data=Load("V1"))
LOOKUP = LookupScan(scan_id="scan-0002", label=LABEL, time=NOON, device="D")


@pytest.mark.parametrize(
    ("had", "has", "scan", "news"),
    [
        (None, None, RECEIVE, []),
        (None, None, DELIVER, [Moved(C1, False, DELIVER)]),
        (V1, None, DELIVER, [Moved(V1, False), Moved(C1, False, DELIVER)]),
        (None, C1, DELIVER, [Moved(C1, True, DELIVER)]),
        (C1, C1, DELIVER, [Moved(C1, True, DELIVER)]),
        (V1, C1, DELIVER, [Moved(V1, False), Moved(C1, True, DELIVER)]),
        (V1, V1, DELIVER, [Moved(C1, False, DELIVER)]),
        (C1, C2, DELIVER, [Moved(C1, False), Moved(C1, False, DELIVER), Moved(C2, True)]),
        (None, V1, LOAD, [Moved(V1, True, LOAD)]),
        (V1, None, UNLOAD, [Moved(V1, False)]),
        (V1, None, None, [Moved(V1, False)]),
        (None, C2, None, [Moved(C2, True)]),
        (C2, C2, None, []),
    ],
)
def test_who_had_it_and_who_has_it_hear_of_it(
    had: str | None, has: str | None, scan: Scan | None, news: list[Moved]
) -> None:
    assert moved(had, has, scan) == tuple(news)


def test_a_delivery_to_nobody_brings_it_to_no_customer() -> None:
    for nobody in (None, ""):
        scan = DeliverScan(scan_id="scan-0001", label=LABEL, time=NOON, device="D", data=Deliver(nobody))
        assert second_key(scan) is None
    assert second_key(UNLOAD) is None


@pytest.mark.parametrize("scan", [RECEIVE, LOOKUP], ids=["a fact", "a question"])
def test_what_arrives_changes_the_ledger_and_a_repeat_does_not(scan: Scan) -> None:
    ledger = Ledger()
    first, again = (judge(ledger, scan, 1, instant(NOON), Registry(), DEFAULT) for _ in range(2))
    assert (first.changed, again.changed) == (True, False)


def test_a_scan_that_says_no_arrival_is_not_late() -> None:
    assert not is_late(RECEIVE, 0, Parameters())


def test_a_question_from_beyond_the_window_is_answered_from_the_facts_as_they_stand() -> None:
    filled = scanned(FillScan, Fill(14.4))
    ledger = Ledger(base=Cylinder(serial="A", made=738_000, inspected=738_000), entries=[filled], newest=filled.at)
    for hours, full in ((1, False), (73, True)):
        asked = replace(LOOKUP, time=NOON - timedelta(hours=hours), scan_id=f"question-{hours}")
        verdict = judge(ledger, asked, 1, instant(NOON), Registry(), DEFAULT).verdict
        assert verdict is not None
        assert isinstance(verdict.condition, Condition)
        assert verdict.condition.full is full


@pytest.mark.parametrize(
    ("scan", "news"),
    [
        (DELIVER, [Moved(C1, True, DELIVER, counts=1), Moved(C1, holds=True)]),
        (replace(DELIVER, data=Deliver()), []),
        (LOAD, [Moved(V1, holds=True)]),
    ],
    ids=["to a customer", "to nobody", "onto a vehicle"],
)
def test_of_what_a_late_bind_makes_count_customers_alone_hear_again(scan: Scan, news: list[Moved]) -> None:
    ledger = Ledger()
    judge(ledger, copy(scan), 1, instant(NOON), Registry(), DEFAULT)
    bind = BindScan(scan_id="scan-0002", label=LABEL, time=NOON - timedelta(minutes=1), device="D", data=Bind(**BIND))
    told = judge(ledger, bind, 2, instant(NOON), Registry(), DEFAULT).moved
    assert sorted(told, key=str) == sorted(news, key=str)


def test_of_another_model_its_holder_hears_and_of_no_other_change() -> None:
    ledger = Ledger()
    bind = BindScan(scan_id="scan-0002", label=LABEL, time=NOON - timedelta(hours=1), device="D", data=Bind(**BIND))
    earlier = replace(
        bind, scan_id="scan-0003", time=NOON - timedelta(hours=2), data=Bind(**BIND | {"model": "YSP118"})
    )
    told = [
        judge(ledger, scan, number, instant(NOON), Registry(), DEFAULT).moved
        for number, scan in enumerate((bind, DELIVER, replace(bind, scan_id="scan-0004"), earlier), 1)
    ]
    assert told == [(), (Moved(C1, True, DELIVER),), (), (Moved(C1, holds=True),)]


@pytest.mark.parametrize(("hours", "news"), [(0, [Moved(C1, True, DELIVER)]), (72, []), (73, [])])
def test_what_is_history_only_brings_it_to_no_customer(hours: int, news: list[Moved]) -> None:
    at = NOON - timedelta(hours=hours)
    deliver = replace(DELIVER, time=at)
    ledger, arrived = (
        Ledger(base=Cylinder(serial="A", owner="E", made=738_000, inspected=738_000)),
        instant(NOON + timedelta(hours=1)),
    )
    if hours:
        judge(
            ledger,
            replace(RECEIVE, scan_id="scan-0002", time=NOON + timedelta(minutes=1)),
            1,
            arrived,
            Registry(),
            DEFAULT,
        )
    told = judge(ledger, deliver, 2, arrived, Registry(), DEFAULT).moved
    assert told == tuple(replace(one, scan=deliver) for one in news)


def test_what_is_handed_on_says_no_arrival() -> None:
    ledger = Ledger(base=Cylinder(serial="A", owner="E", made=738_000, inspected=738_000))
    (told,) = judge(ledger, replace(DELIVER, received=NOON), 1, instant(NOON), Registry(), DEFAULT).moved
    assert told.scan == DELIVER


def test_an_alias_is_told_once_and_not_whenever_a_scan_comes_between() -> None:
    ledger = Ledger()
    bind = BindScan(scan_id="scan-0002", label=LABEL, time=NOON, device="D", data=Bind(**BIND, aliases=["OLD-1"]))
    late = replace(RECEIVE, time=NOON + timedelta(minutes=1))
    told = [
        judge(ledger, scan, number, instant(NOON), Registry(), DEFAULT).aliases
        for number, scan in enumerate(
            (bind, replace(RECEIVE, scan_id="scan-0003", time=NOON + timedelta(hours=1)), late)
        )
    ]
    assert told == [("OLD-1",), (), ()]
