"""Many records read together come to what each comes to alone, whatever stands between them."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from processors.intake import CODE_WANTED, parse, parse_all, parse_array, read, read_all
from processors.model import Reject, Scan, encode
from processors.registry import parse_row, parse_rows
from processors.written import are_strict

SCAN = (
    b'{"scan_id":"scan-0001","type":"receive","label":"0690123456789200047A2Y","time":"2026-11-20T10:00:00+08:00",'
    b'"device":"D","received":"2026-11-20T02:00:01.5Z"}'
)
TICK = b'{"type":"tick","received":"2026-11-20T10:00:00+08:00"}'
RETIRED = (
    b'{"type":"retired","label":"A123","by":"B123","time":"2026-11-20T10:00:00Z","received":"2026-11-20T10:00:00Z"}'
)
ANOTHER = SCAN.replace(b"scan-0001", b"scan-0002")
SLOPPY = [SCAN.replace(b"T02", b" 02"), SCAN.replace(b"T10", b" 10")]  # `received`, `time`
BIND = SCAN.replace(
    b'"receive"', b'"bind","data":{"serial":"A","maker":"M","model":"YSP-35.5","made":"2020-01-01","owner":"E",'
    b'"inspected":"2020-01-01","aliases":["no code!"]}'
)  # fmt: skip
PASSED = SCAN.replace(b'"receive"', b'"inspect","data":{"result":"pass","report":"R"}')
COLLECTED = SCAN.replace(b'"receive"', b'"collect","data":{}')
CHECKED = SCAN.replace(b'"receive"', b'"home_check","data":{"result":"ok"}')
ODD = [
    b"", b" ", b"{}", b"not json", b"\xff", SCAN[:-1], SCAN + b"\n" + SCAN, b"\n" + SCAN, SCAN.replace(b",", b",\n"),
    SCAN.replace(b"T10", b" 10"), SCAN.replace(b"T10", b"T 10"),
    SCAN.replace(b"+08:00", b"+0800"), SCAN.replace(b"02:00:01.5Z", b"02:00:01.5+00"),
    SCAN.replace(b'"time"', b'"\\u0074ime"'), SCAN.replace(b"}", b',"time":"2026-11-20 10:00:00+08:00"}'),
    SCAN.replace(b'"2026-11-20T02:00:01.5Z"', b"null"), SCAN.replace(b"receive", b"collect"),
    SCAN.replace(b"0690123456789200047A2Y", b"no code!"), SCAN.replace(b'"D"', b'"time"'),
    SCAN.replace(b'"D"', b'"D\\n"'), json.dumps(json.loads(SCAN), indent=1).encode(), SCAN.replace(b":", b" : "),
]  # fmt: skip
CUSTOMER = (
    b'{"kind":"customer","id":"C1","customer_kind":"resident","district":"330203","received":"2026-11-20T02:00:01Z"}'
)
DEVICE = b'{"kind":"device","id":"D","device_kind":"office","received":"2026-11-20T02:00:01Z"}'
ODD_ROWS = [
    b"", b"[]", b'{"id":"\xff"}', CUSTOMER.replace(b"C1", b"\xff"), CUSTOMER[:-1],
    CUSTOMER + b"\n" + CUSTOMER, CUSTOMER.replace(b",", b",\n"), DEVICE.replace(b"T02", b" 02"),
    CUSTOMER.replace(b"}", b',"valid_from":"2026-02-01","valid_to":"2026-01-01"}'),
    CUSTOMER.replace(b"}", b',"valid_from":"2026-01-01","valid_to":"2026-02-01"}'),
    DEVICE.replace(b"}", b',"valid_from":"2026-02-01","valid_to":"2026-01-01"}'),
]  # fmt: skip


def halves(line: bytes) -> list[bytes]:
    """No record each, and one where they stand one after the other."""
    at = line.index(b",") + 1
    return [line[:at], line[at:]]


@given(st.lists(st.sampled_from([SCAN, SCAN, SCAN, TICK, RETIRED, *ODD]), max_size=6))
@example([])
@example([SCAN, b"", SCAN + b"\n" + SCAN])
@example([SCAN + SCAN, b""])
@example([b" ", SCAN + b" " + SCAN])
@example([*halves(SCAN), SCAN + SCAN])
@example([SCAN + SCAN, *halves(SCAN)])
@example([SCAN, *SLOPPY, SCAN])
@example([SCAN, BIND, SCAN])
def test_scans(records: list[bytes]) -> None:
    assert read_all(records) == [read(record) for record in records]


@pytest.mark.parametrize("unfit", [BIND, PASSED, COLLECTED, CHECKED])
def test_what_types_do_not_say_is_looked_at(unfit: bytes) -> None:
    assert isinstance(parse(unfit), Reject)
    assert read_all([SCAN, unfit]) == [parse(SCAN), parse(unfit)]


@pytest.mark.parametrize("records", [[], [SCAN, SCAN], [SCAN, BIND], *([SCAN, one] for one in SLOPPY), [b"no"]])
def test_posted_scans(records: list[bytes]) -> None:
    assert parse_all(records) == [parse(record) for record in records]


def test_scans_that_are_fit_are_read_in_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = [SCAN, ANOTHER, *(SCAN.replace(b"0690123456789200047A2Y", b"A" * length) for length in (4, 40))]
    wanted = [parse(scan) for scan in fit]
    for alone in ("parse", "_checked"):
        monkeypatch.setattr(f"processors.intake.{alone}", None)
    assert read_all(fit) == parse_all(fit) == wanted


@given(st.lists(st.sampled_from([SCAN, SCAN, *(odd for odd in ODD if odd.strip())]), min_size=1, max_size=4))
@example([SCAN, ODD[9], SCAN])
def test_an_array(scans: list[bytes]) -> None:
    assert parse_array(b"[" + b" ,\n".join(scans) + b"]") in (None, [parse(one) for one in scans])


def test_an_array_of_scans_is_read_in_one_call() -> None:
    unfit = SCAN.replace(b"0690123456789200047A2Y", b"no code!")
    assert parse_array(b" [" + SCAN + b"," + unfit + b"]") == [parse(SCAN), parse(unfit)]
    assert parse_array(b"[]") == []
    for other in (SCAN, b"[" + SCAN, b"[" + SCAN + b",{}]", b"[" + ODD[9] + b"]"):
        assert parse_array(other) is None


@pytest.mark.parametrize("length", [1, 3, 4, 40, 41, 80])
def test_a_code_has_4_to_40_signs(length: int) -> None:
    code = SCAN.replace(b"0690123456789200047A2Y", b"A" * length)
    assert [isinstance(one, Scan) for one in read_all([SCAN, code])] == [True, 4 <= length <= 40]


def test_a_code_has_no_other_letters() -> None:
    code = SCAN.replace(b"0690123456789200047A2Y", "一二三四五".encode())
    assert read_all([SCAN, code]) == [parse(SCAN), Reject("label", CODE_WANTED, "scan-0001")]


def test_what_is_odd_is_odd_alone() -> None:
    found = read_all([SCAN, *ODD, SCAN])
    assert isinstance(found[0], Scan)
    assert isinstance(found[-1], Scan)
    assert sum(isinstance(one, Reject) for one in found) > 10


@given(st.lists(st.sampled_from([CUSTOMER, CUSTOMER, DEVICE, *ODD_ROWS]), max_size=6))
@example([CUSTOMER, b"", CUSTOMER + b"\n" + CUSTOMER])
@example([CUSTOMER + CUSTOMER, b" "])
@example([*halves(CUSTOMER), CUSTOMER + CUSTOMER])
@example([CUSTOMER + CUSTOMER, *halves(CUSTOMER)])
def test_rows(lines: list[bytes]) -> None:
    assert parse_rows(lines) == [parse_row(line) for line in lines]


def test_of_a_customer_no_arrival_is_kept_so_that_nobody_asks_how_it_is_written() -> None:
    sloppy = CUSTOMER.replace(b"T02", b" 02")
    assert isinstance(parse_row(sloppy), Reject)
    for others in ([], [DEVICE], [b"not json"]):
        assert encode(parse_rows([sloppy, *others])[0]) == encode(parse_row(CUSTOMER))
    assert isinstance(
        parse_rows([sloppy.replace(b"}", b',"valid_from":"2026-02-01","valid_to":"2026-01-01"}')])[0], Reject
    )


def test_times_that_are_strict_are_so_together() -> None:
    assert are_strict(SCAN + b"\n" + TICK, b"received")
    assert are_strict(SCAN, b"time", b"received")
    assert are_strict(json.dumps(json.loads(SCAN)).encode(), b"time", b"received")  # with blanks, as many devices write
    assert not are_strict(ODD[9], b"time")
    assert are_strict(ODD[9], b"received")
