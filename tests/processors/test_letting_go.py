"""What a ledger forgets as scans leave its window, and what of them becomes part of the state before it."""

from copy import copy

import pytest
from test_in_order import LOADED
from test_packed import AT, receive, scanned

from processors import model as said
from processors.cylinder import Cylinder
from processors.ledger import Entry, Ledger, Standing, current, move_of, report_id, state_at
from processors.model import Scan
from processors.origins import Origin
from processors.parameters import Parameters
from processors.times import HOUR

FEW = Parameters(window_scans=3)
OLDEST = AT - FEW.window_hours * HOUR


def entry(number: int, at: int) -> Entry:
    return receive(at, scan_id=f"scan-{number:04}", origin=Origin("D"))


def ledger(*times: int, standing: tuple[Standing, ...] = (), base: Cylinder = LOADED, **fields: int) -> Ledger:
    """Its scans made so long before or after the edge of the window, which is the last of them."""
    entries = [entry(number, OLDEST + time) for number, time in enumerate(times)]
    return Ledger(base=copy(base), entries=entries, newest=AT, standing=[*standing], **fields)


def time_that_ended(at: int) -> Standing:
    return Standing("", "FILLED_DWELL", "D", "gone-0001", "resolved", 0, b"", since=1, ended=at)


def left(one: Ledger, room: int = 0) -> list[int]:
    """How long after the edge of the window those that are left were made."""
    one.fold(FEW, room)
    return [kept.at - OLDEST for kept in one.entries]


def test_what_was_made_before_the_edge_leaves_it():
    assert left(ledger(-2, -1, 0)) == [0]
    assert left(ledger(0, 1, 2)) == [0, 1, 2]


@pytest.mark.parametrize("room", [0, 1])
def test_of_more_than_there_is_room_for_the_oldest_leave_it(room: int):
    assert left(ledger(1, 2, 3, 4), room) == [2, 3, 4][room:]
    assert left(ledger(1, 2), room) == [1, 2]


@pytest.mark.parametrize(("retired", "known"), [(-2, True), (-1, True), (0, False)])
def test_a_label_was_replaced_before_the_window_where_a_scan_from_then_on_has_left_it(retired: int, known: bool):
    replaced = ledger(-1, 0, retired=OLDEST + retired)
    assert left(replaced) == [0]
    assert replaced.base.retired == (OLDEST + retired if known else None)


@pytest.mark.parametrize(
    ("times", "closed", "ended", "kept"),
    [
        ((-1, 5), 0, -1, False),
        ((-1, 5), 0, 0, True),
        ((-1, 5), 3, 2, False),
        ((-1, 5), 3, 3, True),
        ((-1, 5, 6, 7), 0, 4, False),
        ((-1, 5, 6, 7), 0, 5, True),
        ((-1, 5, 6), 0, 4, True),
    ],
    ids=["before", "at the edge", "closed", "at what is closed", "full", "at the first of a full one", "not full"],
)
def test_a_time_is_forgotten_where_no_scan_may_end_it_sooner(
    times: tuple[int, ...], closed: int, ended: int, kept: bool
):
    one = ledger(*times, standing=(time_that_ended(OLDEST + ended),), closed=OLDEST + closed if closed else 0)
    one.fold(FEW)
    assert bool(one.standing) == kept


def test_what_was_told_of_a_scan_is_forgotten_with_it():
    told = [Standing(str(number), "X", "D", f"scan-{number:04}", "suspected", 0, b"") for number in range(2)]
    one = ledger(-1, 0, standing=(*told,))
    one.fold(FEW)
    assert one.standing == told[1:]


def test_a_report_stays_known_while_it_is_open_before_the_window_though_a_move_answered_it_since():
    told = Standing("a", "REPORTED_MISSING", "D", "gone-0001", "resolved", 0, b"")
    base = Cylinder(serial="A", reported=[report_id(told)])
    one = ledger(-1, 0, standing=(told,), base=base)
    one.entries[0].voided = True  # a move that counts would answer it in the base too
    assert left(one) == [0]
    assert (one.base.reported, current(one).reported, one.standing) == ([report_id(told)], [], [told])


def test_facts_at_a_moment_know_of_a_replacement_from_that_moment_on():
    one = ledger(0, retired=AT)
    found = [state_at(one, (at, "D", "scan-0009")).retired for at in (AT - 1, AT)]
    assert (found, state_at(one, None).retired) == ([None, AT], AT)


@pytest.mark.parametrize(
    ("scan", "data", "found"),
    [
        (said.LoadScan, said.Load("V1"), (None, "V1", None)),
        (said.UnloadScan, said.Load("V1"), (None, "V1", None)),
        (said.DeliverScan, said.Deliver(customer="C1", vehicle="V1"), ("C1", "V1", None)),
        (said.DeliverScan, said.Deliver(customer="", vehicle=""), (None, None, None)),
        (said.CollectScan, said.Collect(customer="C1"), ("C1", None, None)),
        (said.CollectScan, said.Collect(customer="", id_token="T"), (None, None, None)),
        (said.SendInspectionScan, said.SendInspection("A1"), (None, None, "A1")),
        (said.ReceiveScan, said.Receive(), (None, None, None)),
    ],
)
def test_a_scan_moves_a_cylinder_to_whom_it_names(scan: type[Scan], data: said.Data, found: tuple[str | None, ...]):
    move = move_of(scanned(scan, data))
    assert (move.customer, move.vehicle, move.sent_to) == found
