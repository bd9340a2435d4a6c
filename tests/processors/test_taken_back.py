"""A `void` and who may send it, before its scan and after it; and what customers and vehicles hear of it."""

import json
from datetime import timedelta

import pytest
from msgspec.structs import replace
from test_arrival import C1, DELIVER, RECEIVE, V1
from test_disorder import answers, told
from test_packed import LABEL, NOON

from processors.arrival import Judgement, Moved, Replaced
from processors.cylinder import Cylinder
from processors.judge import judge
from processors.late import replace_label
from processors.ledger import Ledger
from processors.model import Load, LoadScan, Reject, Scan, Scrap, ScrapScan, Void, VoidScan
from processors.parameters import DEFAULT
from processors.registry import Registry, parse_row
from processors.times import instant

BOUND = "11-01 10:00 bind"
MOVED = "11-10 10:00 station1 receive"
NEXT = "11-10 12:00 station1 receive"
SCRAPPED = "SCRAPPED_IN_USE suspected"
OF_NOBODY = tuple({"kind": "device", "id": f"nobody{n}", "device_kind": "office"} for n in "12")


def rejected(*lines: str) -> bool:
    """Whether the last line is no scan."""
    return "rejected" in answers(*lines, rows=OF_NOBODY)[-1]


@pytest.mark.parametrize("scrapped", ["11-02 10:00", "11-10 09:00"], ids=["before the window", "within it"])
@pytest.mark.parametrize(
    ("by", "void", "refused"),
    [
        ("office1", "office1", False),
        ("office1", "office2", True),
        ("office1", "nobody1", True),
        ("nobody1", "office1", True),
        ("nobody1", "nobody2", True),
    ],
)
def test_its_own_enterprise_alone_takes_a_scrap_back(scrapped: str, by: str, void: str, refused: bool):
    assert (
        rejected(BOUND, f"{scrapped} {by} scrap", "11-10 10:00 office1 scrap", f"11-10 11:00 void 1 {void}") == refused
    )


def test_another_enterprise_may_take_back_what_is_not_known_of_a_scrapped_cylinder():
    scrapped = (BOUND, "11-02 10:00 office1 scrap", "11-10 10:00 station1 precheck")
    taken_back = (*scrapped, "11-10 11:00 void 5 office2", NEXT, "11-10 10:30 station2 receive received=11-10T12:30")
    assert not any("rejected" in answer for answer in answers(*taken_back))
    assert told(*taken_back) == [SCRAPPED], "as it was"


def test_a_void_that_comes_first_takes_its_enterprise_s_scan_back():
    mistake = "11-10 10:05 station1 fill net_kg=16 received=11-10T10:30"
    overfilled = "OVERFILL suspected"
    assert told("11-10 10:00 bind", "11-10 10:20 void 2", mistake) == []
    assert overfilled in told("11-10 10:00 bind", "11-10 10:20 void 2 office2", mistake)


def test_a_void_of_nobody_s_device_takes_nothing_back_that_comes_later():
    scrap = "11-10 10:05 nobody1 scrap received=11-10T10:30"
    assert told("11-10 10:00 bind", "11-10 10:20 void 2 nobody2", scrap, NEXT, rows=OF_NOBODY) == [SCRAPPED]


def test_of_many_that_wait_for_their_scans_the_last_64_are_known():
    voids = [f"11-10 10:20 void {number}" for number in range(66, 131)]
    checks, scrap = ["11-10 10:25 station1 precheck"] * 64, "11-10 10:25 office1 scrap"
    assert told("11-10 10:00 bind", *voids, scrap, *checks, NEXT) == [SCRAPPED]
    assert told("11-10 10:00 bind", *voids, checks[0], scrap, *checks[1:], NEXT) == []


@pytest.mark.parametrize("later", [[], ["11-02 12:00 office1 transfer to=E1"]], ids=["the newest", "out of order"])
def test_what_was_taken_back_before_it_came_counts_no_more_when_it_comes_again(later: list[str]):
    number = len(later) + 2
    void = f"11-02 11:00 void {number}"
    scrap = f"11-02 10:00 office1 scrap received=11-02T12:30 scan_id=example-{number:04}"
    again = scrap.replace("11-02T12:30", "11-10T11:00")
    *_, repeated = answers(BOUND, *later, void, scrap, MOVED, again)
    assert repeated.get("duplicate")
    assert told(BOUND, *later, void, scrap, MOVED, again, NEXT) == []


def test_a_move_taken_back_before_it_came_takes_no_place_among_what_is_known_for_good():
    ledger = bound()
    give(
        ledger, RECEIVE, void("scan-0003", -1), replace(RECEIVE, scan_id="scan-0003", time=NOON - timedelta(minutes=1))
    )
    assert [past.scan_id for past in ledger.asked] == ["void-0001"]
    assert (ledger.awaited, [entry.voided for entry in ledger.entries]) == ([], [True, False])


def test_where_a_scan_takes_its_place_in_a_full_window_the_oldest_leaves_it():
    begun = ["11-10 10:00 bind", *(f"11-10 {11 + n // 60}:{n % 60:02} station1 postcheck" for n in range(63))]
    late = "11-10 11:00:30 station1 postcheck received=11-10T13:00"
    fill = "11-10 10:30 station1 fill net_kg=16 received=11-10T13:10"
    assert "OVERFILL suspected" in told(*begun, fill), "after the bind, and there is room"
    assert told(*begun, late, fill) == []


def registry() -> Registry:
    found = Registry()
    row = parse_row(json.dumps({"kind": "device", "id": "D", "enterprise": "E", "device_kind": "office"}).encode())
    assert not isinstance(row, Reject)
    found.put(row)
    return found


def bound() -> Ledger:
    return Ledger(base=Cylinder(serial="A", owner="E", made=738_000, inspected=738_000))


def void(of: str, minutes: int) -> VoidScan:
    """So many minutes after noon."""
    at = NOON + timedelta(minutes=minutes)
    return VoidScan(
        scan_id="void-0001", label=LABEL, time=at, device="D", data=Void(device="D", scan_id=of, reason="a mistake")
    )


def give(ledger: Ledger, *scans: Scan) -> tuple[Moved, ...]:
    """What second keys hear of the last of them; offsets are counted from 1."""
    judgement = Judgement(None)
    for number, scan in enumerate(scans, 1):
        judgement = judge(ledger, replace(scan), number, instant(NOON + timedelta(hours=1)), registry(), DEFAULT)
    return judgement.moved


AGAIN = replace(DELIVER, scan_id="scan-0002", time=NOON + timedelta(minutes=1))
LOADED = LoadScan(
    scan_id="scan-0002", label=LABEL, time=NOON + timedelta(minutes=1), device="D", data=Load("V1")
)  # fmt: skip


@pytest.mark.parametrize(
    ("scans", "of", "news"),
    [
        ([DELIVER], "scan-0001", [Moved(C1, holds=False), Moved(C1, holds=False, undone=1)]),
        ([DELIVER, AGAIN], "scan-0001", [Moved(C1, holds=True, undone=1)]),
        ([DELIVER, AGAIN], "scan-0002", [Moved(C1, holds=True, undone=2)]),
        (
            [DELIVER, LOADED],
            "scan-0002",
            [Moved(V1, holds=False), Moved(C1, holds=True), Moved(V1, holds=False, undone=2)],
        ),
        ([DELIVER, LOADED], "scan-0001", [Moved(C1, holds=False, undone=1)]),
        ([RECEIVE], "scan-0001", []),
    ],
    ids=[
        "it came to a customer",
        "twice: the first",
        "twice: the last",
        "from a vehicle",
        "to a vehicle since",
        "to none",
    ],
)
def test_who_had_a_cylinder_by_a_scan_that_is_taken_back_hears_of_that(scans: list[Scan], of: str, news: list[Moved]):
    assert give(bound(), *scans, void(of, 5)) == tuple(news)


def test_what_was_told_of_a_scan_that_has_no_effect_any_more_is_taken_back_with_it():
    scrap = ScrapScan(
        scan_id="scan-0002", label=LABEL, time=NOON - timedelta(hours=1), device="D", data=Scrap("rust")
    )  # fmt: skip
    assert give(bound(), DELIVER, scrap, void("scan-0001", 5)) == (Moved(C1, holds=False, undone=1),)


def test_of_a_scan_that_had_no_effect_nobody_hears_when_it_is_taken_back():
    assert give(Ledger(), DELIVER, void("scan-0001", 5)) == ()


def test_the_news_that_another_label_does_not_replace_it_after_all_may_come_to_one_that_knows_of_none():
    ledger = bound()
    undone = Replaced(LABEL, instant(NOON), "second", undone=True)
    assert replace_label(undone, ledger, instant(NOON), registry(), DEFAULT) == Judgement(None)
    assert ledger == bound()


def test_a_scan_of_the_moment_at_which_its_label_was_replaced_is_judged_again():
    of_the_moment = ("11-10 10:00 bind", "11-10 10:05 station1 receive")
    assert told(*of_the_moment, "11-10 10:05 bind label=second replaces=first received=10:10") == [SCRAPPED]


def test_a_label_that_was_replaced_at_the_edge_of_a_full_window_is_not_judged_again():
    """The moment itself comes before each scan of it, whatever its device is called."""
    device = {"kind": "device", "id": "A", "enterprise": "E1", "device_kind": "station"}
    checks = [f"11-10 {11 + n // 60}:{n % 60:02} station1 postcheck" for n in range(63)]
    begun = ("11-10 09:00 bind", "11-10 10:00 A receive", *checks)
    replaced = "11-10 10:00 bind label=second replaces=first received=11-10T13:00"
    assert told(*begun, replaced, rows=(device,)) == []
    assert told(*begun[:-1], replaced, rows=(device,))[:1] == [SCRAPPED], "it is within a window that is not full"


def test_of_a_label_replaced_before_its_window_which_is_empty_another_replacement_changes_nothing():
    ledger = replace(bound(), newest=instant(NOON))
    for hours, by in ((100, "B"), (50, "C")):
        news = Replaced(LABEL, instant(NOON - timedelta(hours=hours)), by)
        assert replace_label(news, ledger, instant(NOON), registry(), DEFAULT).alerts == ()
        assert ledger.retired == ledger.base.retired == instant(NOON - timedelta(hours=100))


def test_a_void_of_itself_waits_for_nothing():
    ledger = bound()
    give(ledger, RECEIVE, void("void-0001", 5))
    assert (ledger.awaited, [past.scan_id for past in ledger.asked]) == ([], ["void-0001"])
