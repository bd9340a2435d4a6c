"""What a scan does to a cylinder, asked of the effects alone: each field that a rule reads later, and no other."""

from typing import Any

import pytest
from msgspec.structs import asdict

from processors.cylinder import Cylinder, Move
from processors.effects import MOVES_KEPT, PLAIN, take_plain
from processors.origins import Origin
from processors.scan_types import MOVES

ORIGIN = Origin("D-1", site="S-1")
AT = 7


def after(kind: str, *fields: Any, **facts: Any) -> Cylinder:
    cylinder = Cylinder(**facts)
    take_plain(cylinder, PLAIN[kind], fields, AT, ORIGIN, "scan-0001", 9)
    return cylinder


def changed(kind: str, *fields: Any, **facts: Any) -> dict[str, Any]:
    before, now = asdict(Cylinder(**facts)), asdict(after(kind, *fields, **facts))
    return {name: value for name, value in now.items() if value != before[name] and name != "moves"}


@pytest.mark.parametrize("kind", PLAIN)
def test_a_move_and_nothing_else_answers_a_report_that_it_is_missing(kind: str) -> None:
    assert after(kind, missed=True).missed is (kind not in MOVES)
    assert after(kind, missed=False).missed is False


@pytest.mark.parametrize("kind", PLAIN)
def test_what_ends_a_way_to_an_inspection(kind: str) -> None:
    assert after(kind, to_agency=True).to_agency is (kind not in {"collect", "fill", "deliver"})
    assert after(kind).to_agency is (kind == "send_inspection")


@pytest.mark.parametrize("kind", PLAIN)
def test_every_move_is_kept_and_no_other_scan(kind: str) -> None:
    earlier = [Move("unload", at, ORIGIN) for at in range(MOVES_KEPT)]
    moves = after(kind, moves=earlier).moves
    if kind in MOVES:
        assert moves == [*earlier[1:], Move(kind, AT, ORIGIN, scan_id="scan-0001", arrived=9)]
    else:
        assert moves == earlier


NAMED = [
    ("collect", ("C-1",), ("C-1", None, None)),
    ("deliver", ("C-1", None, None, "V-1"), ("C-1", "V-1", None)),
    ("deliver", ("C-1", None, None), ("C-1", None, None)),
    ("deliver", (None, None, None, "V-1"), (None, "V-1", None)),
    ("deliver", ("", None, None, ""), (None, None, None)),
    ("load", ("V-1", "a driver", "an escort"), (None, "V-1", None)),
    ("unload", ("V-1",), (None, "V-1", None)),
    ("send_inspection", ("A-1",), (None, None, "A-1")),
    ("receive", (True,), (None, None, None)),
    ("fill", (12.0, 27.0, 15.0, "a scale"), (None, None, None)),
]


@pytest.mark.parametrize(("kind", "fields", "named"), NAMED)
def test_a_move_says_who_was_in_it(kind: str, fields: tuple[Any, ...], named: tuple[str | None, ...]) -> None:
    (move,) = after(kind, *fields).moves
    assert (move.customer, move.vehicle, move.sent_to) == named


FULL: dict[str, Any] = {"full": True}
EFFECTS = [
    ("collect", ("C-1", None, None, True), {}, {"state": "with_courier", "full": True}),
    ("collect", ("C-1", None, None), FULL, {"state": "with_courier", "full": False}),
    ("receive", (), FULL, {}),  # what was full and not delivered is so still
    ("receive", (True,), {}, {"full": True}),
    ("receive", (), {"state": "with_courier"}, {"state": "in_service"}),
    ("fill", (12.0,), {"state": "at_customer"}, {"state": "in_service", "full": True}),
    ("postcheck", (True,), {}, {"postcheck": True}),
    ("postcheck", (False,), {"postcheck": True}, {"postcheck": False}),
    ("load", ("V-1",), {}, {"state": "on_vehicle"}),
    ("unload", ("V-1",), {"state": "on_vehicle"}, {"state": "in_service"}),
    ("deliver", ("C-1",), FULL, {"state": "at_customer", "full": False}),
    ("send_inspection", ("A-1",), {}, {"state": "at_agency", "to_agency": True}),
]


@pytest.mark.parametrize(("kind", "fields", "facts", "wanted"), EFFECTS)
def test_what_becomes_of_it(kind: str, fields: tuple[Any, ...], facts: dict[str, Any], wanted: dict[str, Any]) -> None:
    found = changed(kind, *fields, **facts)
    assert {name: value for name, value in found.items() if name != "last_fill"} == wanted
    assert ("last_fill" in found) is (kind == "fill")


def test_of_checks_before_filling_the_latest_of_each_site_is_kept() -> None:
    one = after("precheck", True)
    again = after("precheck", False, prechecks=one.prechecks)
    assert [(check.site, check.at, check.passed) for check in again.prechecks] == [("S-1", AT, False)]
    elsewhere = Cylinder(prechecks=again.prechecks)
    take_plain(elsewhere, PLAIN["precheck"], (True,), 8, Origin("D-2", site="S-2"), "scan-0002", 9)
    assert [(check.site, check.passed) for check in elsewhere.prechecks] == [("S-1", False), ("S-2", True)]
    assert after("fill", 12.0, prechecks=elsewhere.prechecks, postcheck=True).prechecks == []
    assert after("fill", 12.0, postcheck=True).postcheck is None


def test_of_so_many_sites_the_checks_of_the_latest_are_kept() -> None:
    cylinder = Cylinder()
    for number in range(10):
        take_plain(cylinder, PLAIN["precheck"], (True,), number, Origin("D", site=f"S-{number}"), "scan-0001", 9)
    assert [check.at for check in cylinder.prechecks] == [2, 3, 4, 5, 6, 7, 8, 9]


def test_one_received_at_an_agency_is_there() -> None:
    cylinder = Cylinder()
    take_plain(cylinder, PLAIN["receive"], (), AT, Origin("D-3", agency="A-1"), "scan-0003", 9)
    assert cylinder.state == "at_agency"


def test_a_move_says_where_it_was_and_which_agency_has_part_in_it() -> None:
    there = Move("receive", AT, Origin("D-3", site="S-1", agency="A-1"))
    assert (there.site, there.agency) == ("S-1", "A-1")
    sent = Move("send_inspection", AT, ORIGIN, sent_to="A-2")
    assert (sent.site, sent.agency) == ("S-1", "A-2")
