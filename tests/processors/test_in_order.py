"""Which scan goes the short way, and that one which does not has changed nothing."""

import json
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from test_packed import BIND, LABEL, NOON, receive, scanned

from processors.arrival import Judgement, Moved
from processors.cylinder import Cylinder, Move
from processors.due import next_alarm
from processors.ground import ground_of
from processors.in_order import PLAIN, in_order
from processors.ledger import Awaited, Ledger, Past, Standing, Told, current
from processors.model import (
    AnyScan,
    Bind,
    BindScan,
    Check,
    Collect,
    CollectScan,
    Load,
    LoadScan,
    PostcheckScan,
    Reject,
    Scan,
    UnloadScan,
)
from processors.origins import Origin
from processors.packed import LedgerPacking
from processors.parameters import DEFAULT, Parameters
from processors.registry import Registry, parse_row
from processors.rules.declaration import Wait
from processors.times import HOUR, beginning_of, day_of, instant

AT = instant(NOON)
PAPER = {"no": "P1", "valid_from": "2020-01-01", "valid_to": "2099-12-31"}
ROWS: list[dict[str, Any]] = [
    {"kind": "enterprise", "id": "E1", "name": "one", "district": "330203"},
    {"kind": "device", "id": "D", "enterprise": "E1", "device_kind": "vehicle"},
    {"kind": "vehicle", "id": "V1", "enterprise": "E1", "max_cylinders": 9, "permit": PAPER},
    {"kind": "staff", "id": "A", "enterprise": "E1", "role": "driver", "certificate": PAPER},
    {"kind": "staff", "id": "B", "enterprise": "E1", "role": "escort", "certificate": PAPER},
]
SCAN = UnloadScan(scan_id="scan-0001", label=LABEL, time=NOON, device="D", data=Load("V1"))
LOADED = Cylinder(serial="A", owner="E1", moves=[Move("load", AT - HOUR, Origin("D"), vehicle="V1")])
WAITS = Standing("0a" * 8, "OVERFILL", "D", "scan-0000", "waiting", AT + HOUR, b"")


def registry() -> Registry:
    found = Registry()
    for line in ROWS:
        row = parse_row(json.dumps(line).encode())
        assert not isinstance(row, Reject), row
        found.put(row)
    return found


def by_the_short(ledger: Ledger, scan: Scan = SCAN) -> Judgement | None:
    return in_order(ledger, scan, AT, 7, AT, registry(), DEFAULT)


def loaded(**fields: Any) -> Ledger:
    return Ledger(base=LOADED, newest=AT - HOUR, **fields)


def test_a_plain_scan_has_its_effect_and_needs_no_verdict() -> None:
    ledger = loaded()
    judgement = by_the_short(ledger)
    assert judgement == Judgement(None, changed=True, moved=(Moved("vehicle/V1", holds=False),))
    assert not judgement.is_history
    assert [(entry.at, entry.offset, entry.clock, entry.late) for entry in ledger.entries] == [(AT, 7, AT, False)]
    assert (ledger.newest, ledger.alarm) == (AT, 0)
    assert ledger.known_as("D", "scan-0001") is ledger.entries[0]


def test_when_it_came_is_not_kept_of_it_but_by_the_clock() -> None:
    ledger, scan = loaded(), replace(SCAN, received=NOON)
    assert by_the_short(ledger, scan)
    assert scan.received is ledger.entries[0].scan.received is None


def test_what_was_told_of_a_scan_of_another_device_stands() -> None:
    assert by_the_short(loaded(standing=[replace(WAITS, device="E", scan_id="scan-0001")]))


def test_a_scan_that_moves_nothing_has_an_effect_too() -> None:
    ledger = loaded()
    checked = PostcheckScan(scan_id="scan-0001", label=LABEL, time=NOON, device="D", data=Check(True))
    assert by_the_short(ledger, checked) == Judgement(None, changed=True)
    assert (ledger.newest, current(ledger).postcheck) == (AT, True)


def test_what_was_asked_for_once_is_kept_up_to_date() -> None:
    ledger = loaded()
    assert ledger.known_as("D", "scan-0001") is None
    assert by_the_short(ledger)
    assert ledger.known_as("D", "scan-0001") is ledger.entries[0]


@pytest.mark.parametrize(
    "ledger",
    [
        replace(loaded(), newest=AT),
        replace(loaded(), newest=AT + 1),
        loaded(standing=[WAITS, replace(WAITS, since=AT - HOUR)]),
        loaded(standing=[WAITS, replace(WAITS, scan_id="scan-0001")]),
        loaded(awaited=[Awaited("D", "scan-0009", "E1")]),
        loaded(retired=AT + 1),
        Ledger(),
        Ledger(base=replace(LOADED, reported=["D/scan-0000"])),
        Ledger(base=replace(LOADED, scrapped=True)),
    ],
    ids=[
        "same moment",
        "not the newest",
        "a time was told",
        "told of these ids",
        "a void waits",
        "replaced",
        "not bound",
        "missing",
        "breaks a rule",
    ],
)
def test_what_may_say_more_goes_the_long_way(ledger: Ledger) -> None:
    before = replace(ledger, now=None, known=None, is_quiet=False)  # made when asked for
    assert by_the_short(ledger) is None
    assert replace(ledger, now=None, known=None, is_quiet=False) == before


@pytest.mark.parametrize(("waits", "alarm"), [(WAITS, WAITS.due), (replace(WAITS, status="suspected"), 0)])
def test_what_was_told_of_another_scan_stands_and_what_waits_rings_as_before(waits: Standing, alarm: int) -> None:
    ledger = loaded(standing=[waits])
    assert by_the_short(ledger)
    assert (ledger.standing, ledger.alarm) == ([waits], alarm)
    collected = CollectScan(scan_id="scan-0002", label=LABEL, time=NOON, device="D", data=Collect("C1"))
    assert in_order(ledger, collected, AT + 1, 8, AT + 1, registry(), DEFAULT)
    assert ledger.alarm == (alarm or AT + 1 + 72 * HOUR), "of a time that runs too, whichever is first"


@pytest.mark.parametrize("clock", [AT, AT + 71 * HOUR, AT + 72 * HOUR - 1, AT + 100 * HOUR])
def test_of_a_time_that_was_long_over_when_its_scan_came_nothing_is_told_at_once(clock: int) -> None:
    ledger = loaded()
    collected = CollectScan(scan_id="scan-0001", label=LABEL, time=NOON, device="D", data=Collect("C1"))
    assert in_order(ledger, collected, AT, 8, clock, registry(), DEFAULT)
    assert ledger.alarm == max(AT + 72 * HOUR, clock + Wait.SHORT.of(DEFAULT.on(day_of(AT))))
    assert ledger.alarm == next_alarm(ledger, clock, DEFAULT)


@pytest.mark.parametrize(
    "scan", [SCAN, PostcheckScan(scan_id="scan-0001", label=LABEL, time=NOON, device="D", data=Check(True))]
)
def test_a_late_one_is_told_so_and_kept_so(scan: Scan) -> None:
    ledger = loaded()
    judgement = in_order(ledger, scan, AT, 7, AT + HOUR, registry(), DEFAULT, late=True)
    assert judgement is not None
    assert judgement.changed
    assert judgement.verdict is not None
    assert (judgement.verdict.late, judgement.verdict.decision) == (True, "allow")
    assert [(entry.late, entry.told) for entry in ledger.entries] == [(True, Told("allow", late=True))]


@pytest.mark.parametrize(
    ("had", "left"),
    [(None, ()), ("V1", ()), ("V2", (Moved("vehicle/V2", holds=False),))],
    ids=["none", "it", "another"],
)
def test_who_had_it_hears_that_it_went_and_who_has_it_that_it_came(had: str | None, left: tuple[Moved, ...]) -> None:
    before = [Move("load" if had else "receive", AT - HOUR, Origin("D"), vehicle=had)]
    scan = LoadScan(scan_id="scan-0001", label=LABEL, time=NOON, device="D", data=Load("V1", "A", "B"))
    judgement = by_the_short(Ledger(base=replace(LOADED, moves=before), newest=AT - HOUR), scan)
    assert judgement == Judgement(None, changed=True, moved=(*left, Moved("vehicle/V1", True, scan)))


def test_a_question_goes_the_long_way() -> None:
    assert by_the_short(loaded(), replace(SCAN, dry_run=True)) is None


def test_what_leaves_the_window_for_it_becomes_part_of_the_state_before() -> None:
    ledger = loaded()
    assert by_the_short(ledger)
    later = replace(SCAN, scan_id="scan-0002", time=NOON + timedelta(hours=72, microseconds=1))
    assert in_order(ledger, later, instant(later.time), 8, instant(later.time), registry(), DEFAULT)
    assert [entry.scan_id for entry in ledger.entries] == ["scan-0002"]
    assert [move.scan_id for move in ledger.base.moves] == ["", "scan-0001"]


def test_the_fields_of_every_plain_scan_stand_in_one_order() -> None:
    plain = [scan for scan in AnyScan.__args__ if scan.type in PLAIN]
    assert {scan.__struct_fields__ for scan in plain} == {
        ("data", "scan_id", "label", "time", "device", "operator", "site", "geo", "dry_run", "received")
    }


def at_rest(ledger: Ledger) -> Ledger:
    packing = LedgerPacking()
    return packing.unpack(LABEL, packing.pack(LABEL, ledger))


def test_of_a_ledger_at_rest_nothing_is_made_before_it_is_asked_for() -> None:
    packed = loaded()
    ledger = at_rest(packed)
    assert (ledger.is_open, packed.is_open) == (False, False)
    assert current(packed) == current(ledger) == LOADED
    for name in ("base", "entries"):
        with pytest.raises(AttributeError):
            getattr(ledger, name)
    assert by_the_short(ledger)
    assert not ledger.is_open
    ledger.unpack()
    assert [entry.at for entry in ledger.entries] == [AT]


@pytest.mark.parametrize("known", ["a scan", "a question", "neither"])
def test_one_at_rest_knows_the_ids_of_its_scans_and_of_its_questions(known: str) -> None:
    ledger = loaded()
    if known == "a scan":
        assert in_order(ledger, SCAN, AT - HOUR + 1, 7, AT, registry(), DEFAULT)
    elif known == "a question":
        ledger.ask(Past("D", "scan-0001", b"", None), Parameters())
    ledger = at_rest(ledger)
    assert ledger.may_know("D", "scan-0001") is (known != "neither")
    assert (ledger.known is None) is (known == "neither"), "that none of those packed has an id is known without them"
    assert (by_the_short(ledger, replace(SCAN)) is None) is (known != "neither"), "the long way says what is wrong"


def test_one_at_rest_knows_the_ids_of_scans_of_every_kind_and_of_those_taken_back() -> None:
    bind = scanned(BindScan, Bind(**BIND), AT - HOUR)
    bind.scan.scan_id = "scan-0002"
    entries = [bind, receive(AT - HOUR, voided=True), receive(AT - HOUR, scan_id="scan-0003")]
    ledger = at_rest(Ledger(entries=entries, newest=AT - HOUR))
    assert ledger.packed is not None
    assert ledger.packed.ids == {"scan-0001", "scan-0002", "scan-0003"}


@pytest.mark.parametrize("is_open", [False, True])
def test_one_at_rest_knows_the_ids_of_what_it_took_in_since(is_open: bool) -> None:
    ledger = at_rest(loaded())
    if is_open:
        ledger.unpack()
    assert by_the_short(ledger)
    assert ledger.packed is not None
    assert ledger.packed.ids == {"scan-0001"}
    assert (ledger.last, ledger.packed.count) == (AT, 1)


def test_many_scans_stand_on_one_ground_until_the_day_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, made = registry(), []

    def counted(*given: Any) -> Any:
        made.append(given)
        return ground_of(*given)

    monkeypatch.setattr("processors.in_order.ground_of", counted)
    midnight = beginning_of(day_of(AT) + 1)
    for number, at in enumerate((AT, AT + 1, midnight - 1, midnight, midnight + HOUR, midnight)):
        assert in_order(loaded(), replace(SCAN, scan_id=f"scan-000{number}"), at, 7, at, rows, DEFAULT)
    assert len(made) == 2


def test_so_many_grounds_are_kept_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.ground._KEPT_AT_MOST", 3)
    rows, kept = registry(), []
    for operator in ("A", "B", "C", "D", "E"):
        assert in_order(loaded(), replace(SCAN, operator=operator), AT, 7, AT, rows, DEFAULT)
        kept.append(len(rows.made_of_rows))
    assert kept == [1, 2, 3, 1, 2]
