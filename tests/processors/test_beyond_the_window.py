"""What comes from beyond the window is history; but a slow fact counts as long as no newer one of its kind is known."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from test_arrival import RECEIVE
from test_disorder import answers, told
from test_packed import NOON

from processors.cylinder import Cylinder
from processors.judge import judge
from processors.ledger import Ledger
from processors.parameters import DEFAULT
from processors.registry import Registry
from processors.times import instant

BOUND = "11-01 10:00 bind"
MOVED = "11-10 10:00 station1 receive"
NEXT = "11-10 12:00 station1 receive"
ASKED = "11-10 12:00 public1 lookup"
UNLICENSED = {"kind": "device", "id": "unlicensed", "enterprise": "E1", "device_kind": "agency"}
FAILED, SCRAPPED, UNKNOWN = (
    f"{code} suspected" for code in ("INSPECTION_FAILED_IN_USE", "SCRAPPED_IN_USE", "UNKNOWN_LABEL")
)


def late(line: str) -> str:
    """A line that arrives in the morning of 10 November."""
    return f"{line} received=11-10T11:00"


def condition(*lines: str) -> dict:
    """What is known of the cylinder in the end."""
    *_, asked = answers(*lines, ASKED, rows=(UNLICENSED,))
    return asked["condition"]


def owner(*lines: str) -> str:
    return condition(*lines)["owner"]


def due(*lines: str) -> str:
    return condition(*lines)["next_inspection"]


def inspected(time: str, until: str, agency: str = "agency1") -> str:
    return f"{time} {agency} inspect result=pass next_due={until}"


def test_a_bind_makes_the_label_known_from_now_on():
    assert told(MOVED, late(BOUND), NEXT) == [UNKNOWN]
    assert told(MOVED, NEXT) == [UNKNOWN, UNKNOWN]


@pytest.mark.parametrize("label", ["JZ-2011-0471", "0690123456789200047A2Z"], ids=["legacy", "wrong character"])
def test_a_bind_of_what_cannot_be_bound_does_not(label: str):
    of = [f"{line} label={label}" for line in (MOVED, late(BOUND), NEXT)]
    first, bind, last = answers(*of)
    assert bind["decision"] == "allow", "history is not judged"
    assert [violation["code"] for violation in last["violations"]] == ["UNKNOWN_LABEL"]
    assert first["decision"] == last["decision"] == "deny"


def test_an_earlier_bind_does_not_count_where_one_is_known():
    *_, bind, last = answers("11-10 09:00 bind", MOVED, late(f"{BOUND} serial=B owner=E2"), "11-10 12:00 bind")
    assert (bind["decision"], bind["alerts"]) == ("allow", [])
    assert last["decision"] == "allow", "it is bound to the serial that the first one named"


def test_its_aliases_count_from_now_on_where_they_are_legacy_codes():
    bind = late(f"{BOUND} aliases=JZ-2011-0471,0690123456789200047A2Z")
    *_, legacy, other = answers(MOVED, bind, f"{NEXT} label=JZ-2011-0471", f"{NEXT} label=0690123456789200047A2Z")
    assert (legacy["decision"], legacy["label"]) == ("allow", "0690123456789200047A2Y")
    assert other["decision"] == "deny"


def test_nothing_but_a_bind_counts_of_a_label_that_was_not_bound_then():
    assert told("11-10 09:00 bind", late("11-02 10:00 agency1 inspect result=fail"), NEXT) == []
    assert told("11-10 09:00 bind", late("11-02 10:00 office1 scrap"), NEXT) == []


def test_nothing_counts_of_a_cylinder_that_was_scrapped_then():
    scrapped = (BOUND, "11-01 12:00 office1 scrap", "11-10 10:00 office1 scrap", "11-10 10:01 void 2")
    failed = late("11-02 10:00 agency1 inspect result=fail")
    assert told(*scrapped, failed, "11-10 11:10 void 1", NEXT) == []
    assert told(BOUND, "11-10 10:00 office1 transfer to=E1", failed, NEXT) == [FAILED]


def test_a_scrap_counts_from_now_on():
    assert told(BOUND, MOVED, late("11-02 10:00 office1 scrap"), NEXT) == [SCRAPPED]


@pytest.mark.parametrize(
    ("known", "transfer", "then"),
    [
        ((), "11-02 10:00 office1 transfer to=E2", "E2"),
        ((), "11-02 10:00 office2 transfer to=E2", "E1"),
        (("11-02 10:00 office1 transfer to=E1",), "11-02 10:00:00.001 office1 transfer to=E2", "E2"),
        (("11-02 10:00 office1 transfer to=E1",), "11-02 10:00 office1 transfer to=E2", "E1"),
        (("11-02 10:00 office1 transfer to=E1",), "11-02 09:00 office1 transfer to=E2", "E1"),
        (("11-09 10:00 office1 transfer to=E1",), "11-02 10:00 office1 transfer to=E2", "E1"),
    ],
    ids=["its owner's", "another's", "later", "at the same moment", "earlier", "earlier than one of the window"],
)
def test_a_transfer_by_its_owner_counts_where_no_newer_one_is_known(known: tuple[str, ...], transfer: str, then: str):
    assert owner(BOUND, *known, MOVED, late(transfer)) == then


@pytest.mark.parametrize(
    ("known", "inspection", "then"),
    [
        ((), inspected("11-02 10:00", "2030-10-30"), "2030-10-30"),
        ((), inspected("11-02 10:00", "2030-11-03"), "2028-01-01"),
        ((), inspected("11-02 10:00", "2030-10-30", "unlicensed"), "2028-01-01"),
        ((inspected("11-02 10:00", "2030-10-29"),), inspected("11-02 10:00:00.001", "2030-10-30"), "2030-10-30"),
        ((inspected("11-02 10:00", "2030-10-29"),), inspected("11-02 10:00", "2030-10-30"), "2030-10-29"),
        ((inspected("11-02 10:00", "2030-10-29"),), inspected("11-02 09:00", "2030-10-30"), "2030-10-29"),
    ],
    ids=["good", "for too long", "without a licence", "later", "at the same moment", "earlier"],
)
def test_an_inspection_renews_where_it_is_good_and_no_newer_one_is_known(
    known: tuple[str, ...], inspection: str, then: str
):
    assert due(BOUND, *known, MOVED, late(inspection)) == then


def test_a_failed_inspection_counts_whoever_made_it():
    for device in ("agency1", "unlicensed"):
        failed = late(f"11-02 10:00 {device} inspect result=fail")
        assert told(BOUND, MOVED, failed, NEXT, rows=(UNLICENSED,)) == [FAILED], device


def test_an_inspection_empties_it_where_it_was_not_moved_since():
    began = (BOUND, "11-01 12:00 station1 receive full=true", "11-02 10:00 station1 receive full=true")
    known = (*began, "11-10 10:00 station1 precheck")
    before, after = (late(inspected(time, "2030-10-30")) for time in ("11-02 09:00", "11-02 11:00"))
    assert (condition(*known, before)["full"], condition(*known, after)["full"]) == (True, False)
    assert due(*known, before) == due(*known, after) == "2030-10-30"


def test_before_its_label_was_replaced_it_counts_and_from_that_moment_on_not():
    replaced = (BOUND, "11-10 10:00 bind label=second replaces=first")
    renewed = late(inspected("11-02 10:00", "2030-10-30"))
    assert due(*replaced, renewed, "11-10 11:10 void 1") == "2030-10-30"
    unbound = (MOVED, "11-02 10:00 bind label=second replaces=first received=11-10T10:30")
    for time, codes in (("11-02 09:59:59.999", ["SCRAPPED_IN_USE"]), ("11-02 10:00", ["UNKNOWN_LABEL"])):
        *_, last = answers(*unbound, late(f"{time} bind"), NEXT)
        assert [violation["code"] for violation in last["violations"]] == codes


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        (["11-11 09:58 station1 receive"], True),
        (["11-11 09:59:30 station1 receive"], True),
        (["11-11 09:58 station1 receive", "11-11 09:59:30 courier1 collect customer=C1 at=S1"], False),
    ],
    ids=["before it", "after it by this device", "after it by another"],
)
def test_where_it_was_inspected_is_known_in_its_place(seen: list[str], found: bool):
    began = ("11-11 09:00 bind", *seen, "11-14 10:00 office1 transfer to=E1")
    inspection = inspected("11-11 09:59", "2030-10-30") + " received=11-14T10:01"
    *_, last = answers(*began, inspection, "11-11 10:00 station1 receive at=S1 received=11-14T10:02")
    assert ([violation["code"] for violation in last["violations"]] == ["LABEL_CLONE_SUSPECT"]) == found


@pytest.mark.parametrize(("hours", "is_history"), [(72, False), (73, True)])
def test_what_is_history_is_said_to_be(hours: int, is_history: bool):
    ledger = Ledger(base=Cylinder(serial="A"))
    for number, time in enumerate((NOON, NOON - timedelta(hours=hours)), 1):
        scan = replace(RECEIVE, scan_id=f"scan-{number:04}", time=time)
        judgement = judge(ledger, scan, number, instant(NOON), Registry(), DEFAULT)
    assert judgement.is_history == is_history
