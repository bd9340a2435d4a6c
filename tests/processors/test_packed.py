"""A ledger at rest comes back as it was, field by field: also what no history happens to hold."""

from copy import copy
from datetime import date, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from processors import model as said
from processors import origins
from processors.arrival import Replaced
from processors.cylinder import Cylinder, LastFill, Move, Precheck, Scrapping, Sighting
from processors.late import replace_label
from processors.ledger import Awaited, Entry, Ledger, Past, Standing, Told, current
from processors.model import Geo, Scan
from processors.origins import Origin
from processors.packed import LedgerPacking
from processors.parameters import DEFAULT
from processors.registry import Registry
from processors.times import DAY, SHANGHAI, instant, rfc3339

LABEL = "0690123456789200047A2Y"
NOON = datetime(2026, 11, 10, 12, 0, tzinfo=SHANGHAI)
AT = instant(NOON)
HERE = Geo(121.55, 29.87, 0.0)
BARE = Origin("D")
STATION = Origin("D", "O", "E1", "S1", "S1", "E2", "E3", HERE)
BIND: dict[str, Any] = {
    "serial": "A", "maker": "M", "made": date(2022, 1, 1), "model": "YSP35.5", "owner": "E1", "inspected": date(1969, 12, 31),
}  # fmt: skip
SCANS: dict[type[Scan], list[said.Data]] = {
    said.BindScan: [said.Bind(**BIND), said.Bind(**BIND, valve="V", aliases=["4711", "4712"], replaces="OLD")],
    said.TransferScan: [said.Transfer("E2"), said.Transfer("E2", "contract"), said.Transfer("E2", "")],
    said.CollectScan: [
        said.Collect(customer="C1"),
        said.Collect(customer="C1", full=True),
        said.Collect(id_token="token"),
        said.Collect(id_number="number", full=True),
        said.Collect(id_number="number"),
    ],
    said.ReceiveScan: [said.Receive(), said.Receive(full=True)],
    said.PrecheckScan: [said.Check(True), said.Check(False)],
    said.FillScan: [said.Fill(14.4), said.Fill(0.0), said.Fill(14.0, 30.123, 15.7, "scale"), said.Fill(1.0, scale="")],
    said.PostcheckScan: [said.Check(True), said.Check(False)],
    said.LoadScan: [said.Load("V1"), said.Load("V1", "driver", "escort"), said.Load("V1", escort="escort")],
    said.UnloadScan: [said.Load("V1"), said.Load("V1", "driver")],
    said.DeliverScan: [said.Deliver(), said.Deliver(customer=""), said.Deliver("C1", "token", "number", "V1")],
    said.SendInspectionScan: [said.SendInspection("A1")],
    said.InspectScan: [
        said.Inspect("fail", "report"),
        said.Inspect("pass", "report", date(2030, 1, 1)),
        said.Inspect("scrap", "", valve="V"),
    ],
    said.ScrapScan: [said.Scrap("rust"), said.Scrap("")],
    said.IncidentScan: [said.Incident(kind) for kind in ("leak", "fire", "explosion", "other")],
    said.MissingScan: [said.Missing("lost"), said.Missing("stolen")],
}


def scanned(scan: type[Scan], data: said.Data, at: int = AT, origin: Origin = BARE, geo: Geo | None = None) -> Entry:
    time = datetime.fromisoformat(rfc3339(at))
    made = scan(
        scan_id="scan-0001", label=LABEL, time=time, device=origin.device, operator=origin.operator, site=origin.named,
        geo=geo, data=data,
    )  # fmt: skip
    return Entry(at, made, origin, 7, at)


def receive(at: int = AT, **fields: Any) -> Entry:
    scan_id = fields.pop("scan_id", "scan-0001")
    geo = fields.pop("geo", None)
    entry = scanned(said.ReceiveScan, said.Receive(), at, fields.pop("origin", BARE), geo)
    entry.scan.scan_id = scan_id
    return replace(entry, **fields)


def again(ledger: Ledger) -> Ledger:
    """Packed, and read by a worker that knows its changelog alone."""
    there, here = LedgerPacking(), LedgerPacking()
    packed = there.pack(LABEL, ledger)
    records = dict(there.fresh())
    here.learn(records)
    assert records == {}
    found = here.unpack(LABEL, packed)
    found.unpack()
    return found


def comes_back(ledger: Ledger) -> None:
    assert_same(again(ledger), ledger)


def assert_same(found: Ledger, ledger: Ledger) -> None:
    """Field by field; and so are the facts after the window, though what came back had no scan at hand for them."""
    now = found.now
    found.open()
    ledger.open()
    assert replace(found, now=None) == replace(ledger, now=None)
    assert now == current(replace(found, now=None))


@pytest.mark.parametrize(("scan", "data"), [(scan, one) for scan, data in SCANS.items() for one in data])
def test_a_kept_scan_of_every_type_comes_back(scan: type[Scan], data: said.Data) -> None:
    comes_back(Ledger(entries=[scanned(scan, data)], newest=AT))
    comes_back(Ledger(entries=[scanned(scan, data, origin=STATION, geo=Geo(121.5, 29.8))], newest=AT))


KEPT: list[dict[str, Any]] = [
    {"late": True},
    {"seen": True},
    {"voided": True},
    {"revision": 1},
    {"revision": 70_000, "late": True, "seen": True, "voided": True},
    {"told": Told("deny", ("OVERFILL", "X"), ("UNDERFILL",), True, ("failed", None, "E1"), ("OVERFILL",))},
    {"told": Told("allow"), "geo": HERE},
    {"told": Told("allow"), "revision": 3},
    {"offset": 0},
    {"offset": 1 << 40},
    {"scan_id": "x" * 64},
]


@pytest.mark.parametrize("fields", KEPT)
def test_whatever_is_kept_of_a_scan_comes_back(fields: dict[str, Any]) -> None:
    comes_back(Ledger(entries=[receive(**fields)], newest=AT))


@pytest.mark.parametrize("apart", [0, 1, 999, 1000, 1001, 999_999, 1_000_000, 3_600_000_001, 900 * DAY + 1, 900 * DAY])
def test_every_time_comes_back_to_the_microsecond(apart: int) -> None:
    entries = [receive(AT), receive(AT + apart, clock=AT), receive(AT + apart, clock=AT + 2 * apart)]
    comes_back(Ledger(entries=entries, newest=AT + 3 * apart))
    before = Cylinder(
        last_fill=LastFill(AT - apart, STATION),
        moves=[Move("fill", AT - apart, STATION), Move("load", AT - apart, BARE, arrived=AT + apart)],
        sightings=[Sighting(STATION, AT - apart, HERE)],
        prechecks=[Precheck("S1", AT - apart, True)],
    )
    comes_back(Ledger(base=before, entries=entries, newest=AT + 3 * apart))
    comes_back(Ledger(base=before, newest=AT))


@pytest.mark.parametrize("after", [1, 5_000, 5 * DAY + 1])
def test_what_is_known_of_a_later_moment_than_the_window_s_first_comes_back(after: int) -> None:
    facts = Cylinder(last_fill=LastFill(AT + after, STATION), sightings=[Sighting(STATION, AT + after, HERE)])
    comes_back(Ledger(base=facts, entries=[receive()], newest=AT))


@pytest.mark.parametrize("at", [0, 1, 1_000, 4_102_444_800_000_000, 4_102_444_800_000_001])
def test_an_instant_far_from_today_comes_back(at: int) -> None:
    comes_back(Ledger(entries=[receive(at)], newest=at, alarm=at))


PLACES = [
    Geo(0.0, 0.0, 0.0),
    Geo(-180.0, 90.0),
    Geo(180.0, -90.0, 5.5),
    Geo(121.5512345, 29.8712345, 12.0),
    Geo(121.55123451, 29.8712345, 12.0),
    Geo(121.5512345, 29.87123456789, 12.0),
    Geo(1e-8, -1e-8, 1e-9),
    Geo(121.0, 29.0, 1e18),
    Geo(121.0, 29.0, 1e20),
]


@pytest.mark.parametrize("geo", PLACES)
def test_a_place_comes_back_to_the_last_decimal(geo: Geo) -> None:
    comes_back(Ledger(entries=[receive(geo=geo)], newest=AT))
    found = again(Ledger(base=Cylinder(sightings=[Sighting(STATION, AT, geo)]))).base.sightings[0].geo
    assert (found.lon, found.lat, found.acc_m) == (geo.lon, geo.lat, geo.acc_m)
    assert all(isinstance(one, float) for one in (found.lon, found.lat, found.acc_m))


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 64, 300])
def test_scans_that_are_packed_as_they_come_are_what_they_are_at_once(count: int) -> None:
    packing, ledger = LedgerPacking(), Ledger(entries=[receive(scan_id="scan-0000")], newest=AT)
    packing.pack(LABEL, ledger)
    for number in range(1, count):
        one = receive(AT + number * 1_000_003, scan_id=f"scan-{number:04}")
        ledger.append(one)
        ledger.newest = one.at
        packed = packing.pack(LABEL, ledger)
        assert_same(packing.unpack(LABEL, packed), ledger)
    ledger.unpack()
    comes_back(replace(ledger, packed=None, entries=ledger.entries[:count]))


FACTS: list[tuple[str, Any]] = [
    ("serial", "A"), ("serial", ""), ("maker", "M"), ("model", "YSP35.5"), ("owner", "E1"),
    *((name, day) for name in ("made", "inspected", "next_due", "extended") for day in (738_000, 719_163, 719_162, 1)),
    ("valve", "V"), ("valve", ""),
    *(("state", state) for state in ("in_service", "with_courier", "on_vehicle", "at_customer", "at_agency")),
    *((name, True) for name in ("full", "failed", "scrapped", "to_agency", "missed", "postcheck")), ("postcheck", False),
    ("last_fill", LastFill(AT, STATION)), ("last_fill", LastFill(AT, BARE)),
    ("moves", [Move("fill", AT, BARE)]),
    ("moves", [Move("deliver", AT, STATION, "C1", "V1", "A1", "scan-0001", AT + 5_000)]),
    ("moves", [Move("collect", AT - 1, STATION, customer="C1"), Move("load", AT, BARE, vehicle="V1", arrived=AT)]),
    ("moves", [Move("receive", AT, BARE), Move("send_inspection", AT, BARE, sent_to="A1", scan_id="s", arrived=AT - 1)]),
    ("sightings", [Sighting(STATION, AT, HERE), Sighting(BARE, AT, Geo(121.0, 29.0))]),
    ("sightings", [Sighting(STATION, AT, Geo(121.55, 29.87, 5.0))]),
    ("prechecks", [Precheck("S1", AT, False), Precheck(None, AT, True)]),
    ("retired", AT), ("retired", 0), ("transferred", AT), ("examined", AT + 1), ("bound_at", AT),
    ("reported", ["D/scan-0001", "E/scan-0001"]),
    ("scrapping", Scrapping("D", "scan-0001", "E1")), ("scrapping", Scrapping("D", "scan-0001", None)),
    ("replaces", "OLD"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), FACTS)
def test_each_fact_comes_back_alone(name: str, value: Any) -> None:
    comes_back(Ledger(base=replace(Cylinder(), **{name: value}), newest=AT))


def test_all_facts_come_back_together() -> None:
    assert {name for name, _ in FACTS} == set(Cylinder.__struct_fields__)
    comes_back(Ledger(base=Cylinder(**dict(FACTS)), entries=[receive()], newest=AT))


def test_of_moves_before_the_last_it_is_not_kept_when_and_as_what_they_arrived() -> None:
    before = Move("fill", AT, STATION, scan_id="scan-0001", arrived=AT)
    last = Move("load", AT, BARE, vehicle="V1", scan_id="scan-0002", arrived=AT + 1)
    found = again(Ledger(base=Cylinder(moves=[before, last]), newest=AT))
    assert found.base.moves == [replace(before, scan_id="", arrived=0), last]


PARTS: list[dict[str, Any]] = [
    {"offset": 0},
    {"offset": 1 << 40},
    {"alarm": AT},
    {"newest": AT},
    {"closed": AT - 5},
    {"retired": AT, "replaced": [(AT, "B")]},
    {"retired": 0, "replaced": [(0, "B")]},
    {"retired": AT, "replaced": [(AT, "B"), (AT, "C"), (AT + 5, "B")]},
    {"awaited": [Awaited("D", "scan-0001", None), Awaited("D", "scan-0002", "E1")]},
    {
        "asked": [
            Past("D", "scan-0001", b"12345678", None, "E1"),
            Past("E", "s", b"", Told("warn", ("UNKNOWN_LABEL",))),
        ]
    },
    {"standing": [Standing("", "FILLED_DWELL", "D", "scan-0001", "shown", AT, b"", AT - 1)]},
    {"standing": [Standing("0a" * 8, "FILLED_DWELL", "D", "s", "", 0, b"", 1, AT, AT + 1)], "newest": AT},
]


@pytest.mark.parametrize("fields", PARTS)
def test_each_part_comes_back_alone(fields: dict[str, Any]) -> None:
    comes_back(Ledger(**fields))
    comes_back(Ledger(**{"entries": [receive()], "newest": AT, **fields}))


def test_a_label_replaced_before_it_was_kept_by_which_lives_again_where_that_is_taken_back() -> None:
    ledger = again(Ledger(newest=AT, replaced=[AT]))  # type: ignore[list-item] # as it was written once
    assert (ledger.retired, ledger.replaced) == (AT, [(AT, "")])
    replace_label(Replaced(LABEL, AT, "B", undone=True), ledger, AT, Registry(), DEFAULT)
    assert (ledger.retired, ledger.replaced) == (None, [])


@pytest.mark.parametrize(
    ("ledger", "most"),
    [
        (Ledger(base=Cylinder(serial="A"), newest=AT), 39),
        (Ledger(entries=[scanned(said.CollectScan, said.Collect())], newest=AT), 56),
        (Ledger(entries=[scanned(said.FillScan, said.Fill(14.4))], newest=AT), 65),
        (Ledger(newest=AT, retired=AT), 50),
        (Ledger(newest=AT, awaited=[Awaited("D", "s", None)]), 47),
        (Ledger(newest=AT, asked=[Past("D", "s", b"")]), 49),
        (Ledger(newest=AT, standing=[Standing("0a" * 8, "FILLED_DWELL", "D", "s", "", 0, b"")]), 61),
    ],
    ids=["facts", "a scan with an empty collect", "a fill", "retired", "awaited", "asked", "standing"],
)
def test_what_says_nothing_takes_no_bytes(ledger: Ledger, most: int) -> None:
    assert len(LedgerPacking().pack(LABEL, copy(ledger))) <= most


def test_origins_and_words_beyond_the_number_that_is_numbered_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origins, "NUMBERED_AT_MOST", 1)
    base = Cylinder(
        serial="A", maker="M", model="YSP35.5", owner="E1", last_fill=LastFill(AT, STATION),
        moves=[Move("fill", AT, BARE), Move("load", AT, STATION)], sightings=[Sighting(STATION, AT, HERE)],
    )  # fmt: skip
    comes_back(Ledger(base=base, entries=[receive(), receive(origin=STATION)], newest=AT))


def test_origins_and_words_are_kept_under_names_that_no_label_has() -> None:
    packing = LedgerPacking()
    packing.pack(LABEL, Ledger(base=Cylinder(maker="M", moves=[Move("fill", AT, BARE)]), newest=AT))
    assert [key for key, _ in packing.fresh()] == [b"@origin/0", b"@word/0", b"@word/1"]
