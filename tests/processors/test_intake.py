"""What is refused at the door, under which dotted path, and that a reason never repeats what was sent."""

import json
from datetime import datetime, timedelta

import pytest
from judged import judged

from processors.intake import admit, parse, read
from processors.model import ReceiveScan, Reject, Retired, Tick
from processors.parameters import DEFAULT
from processors.registry import Registry, parse_row
from processors.times import instant
from tests.oracle.admission import KINDS

LABEL = "0690123456789200047A2Y"
SECRET = "秘密4711"
DATA = {
    "bind": {
        "serial": "A",
        "maker": "M",
        "made": "2022-01-01",
        "model": "YSP35.5",
        "owner": "E1",
        "inspected": "2024-02-29",
    },
    "transfer": {"to": "E2"},
    "collect": {"customer": "C1"},
    "receive": {},
    "precheck": {"passed": True},
    "fill": {"net_kg": 14},
    "postcheck": {"passed": False},
    "load": {"vehicle": "V1"},
    "unload": {"vehicle": "V1"},
    "deliver": {},
    "send_inspection": {"agency": "A1"},
    "inspect": {"result": "pass", "report": "R1", "next_due": "2028-01-01"},
    "scrap": {"reason": "rust"},
    "incident": {"kind": "leak"},
    "missing": {"kind": "stolen"},
    "void": {"scan_id": "another-scan", "device": "station", "reason": "wrong cylinder"},
    "lookup": {},
    "home_check": {"customer": "C1", "result": "ok"},
}
VALID = {"valid_from": "2026-11-01", "valid_to": "2026-11-20"}
ROWS = [
    {"kind": "device", "id": kind, "enterprise": "E1", "device_kind": kind, **VALID}
    for kind in ("station", "courier", "agency", "vehicle", "office", "public")
]


def scan(kind: str, **changes) -> dict:
    head = {"scan_id": f"intake-{kind}", "type": kind, "label": LABEL, "time": "2026-11-10T10:00:00+08:00"}
    return {**head, "device": min(KINDS[kind]), "data": dict(DATA[kind]), **changes}


def answers(*scans: dict) -> list[dict]:
    return judged(ROWS, [json.dumps(one).encode() for one in scans])


def field_of(one: dict) -> str | None:
    """The path a scan is refused for, None where it is admitted."""
    [answer] = answers(one)
    assert answer["scan_id"] == one.get("scan_id")
    return answer["rejected"]["field"] if "rejected" in answer else None


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_all_it_needs_is_admitted(kind):
    assert field_of(scan(kind)) is None


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, data in DATA.items() for name in data])
def test_a_missing_field_is_named(kind, name):
    wrong = scan(kind)
    del wrong["data"][name]
    assert field_of(wrong) == f"data.{name}"


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, data in DATA.items() for name in data])
def test_an_ill_typed_field_is_named(kind, name):
    assert field_of(scan(kind, data={**DATA[kind], name: [SECRET]})) == f"data.{name}"


@pytest.mark.parametrize("name", ["type", "label", "time", "device"])
def test_a_missing_head_field_is_named(name):
    wrong = scan("receive")
    del wrong[name]
    assert field_of(wrong) == name


def test_a_failed_inspection_needs_no_next_due():
    assert field_of(scan("inspect", data={"result": "fail", "report": "R1"})) is None


@pytest.mark.parametrize("kind", ["collect", "home_check"])
@pytest.mark.parametrize("name", ["id_token", "id_number"])
def test_a_token_or_a_number_stands_for_a_customer(kind, name):
    data = {key: value for key, value in DATA[kind].items() if key != "customer"}
    assert field_of(scan(kind, data={**data, name: "6f1e"})) is None
    assert field_of(scan(kind, data={**data, name: ""})) == "data.customer"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scan_id", "1234567"),
        ("scan_id", "x" * 65),
        ("scan_id", "with space"),
        ("scan_id", "12345678\n"),
        ("label", "abc"),
        ("label", "x" * 41),
        ("label", "A_B_C"),
        ("label", "A-B-C\n"),
        ("time", "2026-11-10T10:00:00"),
        ("time", "2026-02-30T10:00:00Z"),
        ("time", "2026-11-10T10:00:00Z\n"),
        ("time", "2026-11-10 10:00:00+08:00"),
        ("time", "2026-11-10T10:00:00+0800"),
        ("time", "2026-11-10T10:00:00+08"),
        ("time", "2026-11-10T10:00+08:00"),
        ("device", 7),
        ("operator", 7),
        ("site", 7),
        ("dry_run", "no"),
        ("dry_run", 0),
        ("received", "yesterday"),
        ("received", "2026-11-10 10:00:00+08:00"),
        ("received", "2026-11-10T10:00:00.5-0800"),
        ("geo", [121, 29]),
    ],
)
def test_a_wrong_head_field_is_named(field, value):
    [answer] = answers(scan("receive", **{field: value}))
    assert answer["rejected"]["field"] == field


@pytest.mark.parametrize(
    "time", ["2026-11-10t10:00:00.123456789+08:00", "2026-11-10T02:00:00z", "2026-11-10T02:00:00-00:00"]
)
def test_a_time_is_taken_in_every_form_that_rfc_3339_has(time):
    assert field_of(scan("receive", time=time)) is None


@pytest.mark.parametrize("name", ["lon", "lat"])
def test_geo_is_named_by_its_part(name):
    whole = {"lon": 121.5, "lat": 29.8, "acc_m": 12}
    assert field_of(scan("receive", geo={key: value for key, value in whole.items() if key != name})) == f"geo.{name}"
    assert field_of(scan("receive", geo={**whole, name: "121"})) == f"geo.{name}"
    assert field_of(scan("receive", geo={"lon": 121.5, "lat": 29.8})) is None


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_kinds_of_the_contract_may_send_it(kind):
    for device in ("station", "courier", "agency", "vehicle", "office", "public"):
        assert (field_of(scan(kind, device=device)) is None) == (device in KINDS[kind]), device
        assert field_of(scan(kind, device=device)) in {None, "type"}


@pytest.mark.parametrize(
    ("time", "field"),
    [
        ("2026-10-31T23:59:59+08:00", "device"),
        ("2026-10-31T16:00:00Z", None),
        ("2026-11-20T23:59:59.999999+08:00", None),
        ("2026-11-20T16:00:00Z", "device"),
    ],
)
def test_the_device_has_a_row_on_the_shanghai_day(time, field):
    assert field_of(scan("receive", time=time)) == field


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-11-10T23:59:60Z"])
def test_a_time_no_calendar_holds_is_refused(time):
    assert field_of(scan("receive", time=time)) in {"time", "device"}


@pytest.mark.parametrize(
    ("time", "field"), [("1970-01-01T00:00:00Z", "device"), ("1969-12-31T23:59:59.999999Z", "time")]
)
def test_time_begins_in_1970(time, field):
    assert field_of(scan("receive", time=time)) == field


def test_an_unknown_device_is_named():
    assert field_of(scan("receive", device="nobody")) == "device"


@pytest.mark.parametrize(
    ("ahead", "field"), [(timedelta(minutes=5), None), (timedelta(minutes=5, microseconds=1), "time")]
)
def test_a_clock_may_be_five_minutes_ahead(ahead, field):
    arrival = datetime.fromisoformat("2026-11-10T10:00:00+08:00")
    assert field_of(scan("receive", time=(arrival + ahead).isoformat(), received=arrival.isoformat())) == field


def test_another_body_under_the_same_key_is_refused_and_the_first_stands():
    first, other = scan("fill"), scan("fill", data={"net_kg": 15})
    answer, refused, again = answers(first, other, first)
    assert refused["rejected"]["field"] == "scan_id"
    assert again["duplicate"] is True
    assert again["violations"] == answer["violations"]


def test_what_was_refused_is_not_remembered():
    refused, accepted = answers(scan("fill", data={}), scan("fill"))
    assert "rejected" in refused
    assert "duplicate" not in accepted
    assert "rejected" not in accepted


def test_a_refused_scan_does_not_move_the_clock():
    ahead = scan("fill", received="2026-11-11T10:00:00+08:00", data={})
    assert answers(ahead, scan("receive"))[1]["judged_at"] == answers(scan("receive"))[0]["judged_at"]


def test_the_latest_arrival_is_the_clock():
    later = scan("fill", received="2026-11-11T10:00:00+08:00")
    assert answers(later, scan("receive"))[1]["judged_at"] == answers(later)[0]["judged_at"]


@pytest.mark.parametrize("weight", ["1e308", "1e999", "1" + "0" * 400, "-1e308", "NaN", "Infinity", "0.00000000001"])
def test_a_weight_beyond_reason_stops_nothing(weight):
    model = {"kind": "model", "id": "YSP35.5", "max_fill_kg": 14.9, "nominal_kg": 14.9, "tolerance_kg": 0.5}
    fill = json.dumps(scan("fill", data={"net_kg": 4711})).replace("4711", weight).encode()
    _, answer = judged([*ROWS, model], [json.dumps(scan("bind")).encode(), fill])
    assert ("rejected" in answer) != ("decision" in answer)


def test_extra_fields_are_ignored():
    assert field_of(scan("fill", battery=0.7, data={"net_kg": 14.4, "mood": SECRET})) is None


@pytest.mark.parametrize("kind", DATA)
def test_a_reason_never_repeats_what_was_sent(kind):
    head = ["type", "label", "time", "device", "site", "operator", "dry_run", "geo"]
    for path in [*head, *(f"data.{name}" for name in DATA[kind])]:
        for value in (SECRET, [SECRET], {SECRET: SECRET}):
            wrong = scan(kind)
            (wrong["data"] if path.startswith("data.") else wrong)[path.removeprefix("data.")] = value
            [answer] = answers(wrong)
            if "rejected" in answer:
                assert SECRET not in json.dumps(answer, ensure_ascii=False), path


def test_a_reject_has_this_shape():
    [answer] = answers(scan("fill", data={}))
    assert set(answer) == {"scan_id", "rejected"}
    assert set(answer["rejected"]) == {"field", "reason"}
    assert answer["rejected"]["reason"]


def test_a_home_check_is_of_no_label():
    assert answers(scan("home_check"))[0]["label"] == ""


def test_who_may_send_is_told_by_the_row_of_the_device():
    registry = Registry()
    registry.put(parse_row(json.dumps(ROWS[0]).encode()))
    receive = parse(json.dumps(scan("receive", device="station")).encode())
    device = admit(receive, instant(receive.time), registry, DEFAULT)
    assert (type(device).__name__, device.id, device.enterprise) == ("Device", "station", "E1")


@pytest.mark.parametrize("blank", [b"", b" "], ids=["dense", "with blanks"])
def test_what_stands_between_the_scans_is_told_from_them(blank):
    now = b'"2026-11-10T10:00:00+08:00"'
    assert isinstance(read(b'{"type":' + blank + b'"tick","received":' + now + b"}"), Tick)
    retired = b'{"type":' + blank + b'"retired","label":"A","by":"B","time":' + now + b',"received":' + now + b"}"
    assert isinstance(read(retired), Retired)
    assert isinstance(read(b'{"type":' + blank + b'"tick"}'), Reject)
    assert isinstance(read(json.dumps(scan("receive")).encode()), ReceiveScan)


def test_a_scan_is_taken_back_by_its_own_enterprise_alone():
    other = {**ROWS[4], "id": "other", "enterprise": "E2"}
    void = {"scan_id": "intake-receive", "device": "station", "reason": "wrong cylinder"}
    scans = [
        scan("receive", device="station"),
        scan("void", device="other", data=void),
        scan("void", device="office", data=void),
    ]
    _, refused, revised = judged([*ROWS, other], [json.dumps(one).encode() for one in scans])
    assert refused["rejected"]["field"] == "data.device"
    assert (revised["type"], revised["verdict"]["violations"]) == ("revision", [])
