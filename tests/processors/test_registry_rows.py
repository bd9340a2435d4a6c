"""Registry lines: what a wrong one is told, what a row is known by, and what is counted."""

import json
from datetime import date, datetime
from typing import Any

import pytest

from processors.model import HomeCheck, HomeCheckScan, Reject
from processors.registry import OPEN_START, Registry, parse_row, parse_rows
from processors.registry_rows import AnyRow, Customer, Licence, Model
from processors.times import SHANGHAI, instant

CUSTOMER = {"kind": "customer", "id": "C1", "customer_kind": "resident", "district": "330203"}
ROWS: list[dict[str, Any]] = [
    {"kind": "enterprise", "id": "E1", "name": "an enterprise", "district": "330203"},
    {"kind": "site", "id": "S1", "enterprise": "E1", "site_kind": "depot", "district": "330203"},
    {"kind": "staff", "id": "P1", "enterprise": "E1", "role": "filler"},
    {"kind": "vehicle", "id": "V1", "enterprise": "E1"},
    {"kind": "device", "id": "D1", "device_kind": "public"},
    {"kind": "model", "id": "M1", "max_fill_kg": 5, "nominal_kg": 5, "tolerance_kg": 0.5},
    CUSTOMER,
]


def line(row: dict[str, Any], **more: Any) -> bytes:
    return json.dumps(row | more).encode()


def good(row: dict[str, Any], **more: Any) -> AnyRow:
    found = parse_row(line(row, **more))
    assert not isinstance(found, Reject), found
    return found


WRONG = [
    (b'{"kind": "device", "id": "\xff"}', "", "not JSON: not UTF-8"),
    (line(ROWS[0], received="2026-11-01 10:00:00+08:00"), "received", "wanted: RFC 3339, as 2026-11-23T10:15:30+08:00"),
    (line(ROWS[0], valid_from="2026-11-02", valid_to="2026-11-01"), "valid_to", "is before valid_from (2026-11-02)"),
    (line(CUSTOMER, valid_from="2026-11-02", valid_to="2026-11-01"), "valid_to", "is before valid_from (2026-11-02)"),
]


@pytest.mark.parametrize(("wrong", "field", "reason"), WRONG)
def test_a_wrong_line_is_told_its_field_alone_and_among_others(wrong: bytes, field: str, reason: str) -> None:
    assert parse_row(wrong) == Reject(field, reason)
    fit = line(CUSTOMER)
    registry = Registry()
    assert registry.put_all(parse_rows([fit, wrong, line(ROWS[1])])) == [Reject(field, reason)]
    assert registry.counts == {"site": 1, "customer": 1}


@pytest.mark.parametrize("named", [("valid_from",), ("valid_to",), ("valid_from", "valid_to")])
def test_a_row_may_last_a_day_and_be_open_on_either_side(named: tuple[str, ...]) -> None:
    good(ROWS[0], **dict.fromkeys(named, "2026-11-02"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["kind"]))
def test_the_same_kind_id_and_first_day_is_a_correction(row: dict[str, Any]) -> None:
    middle = "P1/filler" if row["kind"] == "staff" else row["id"]
    assert good(row).kind == row["kind"]
    assert good(row).key() == f"{row['kind']}/{middle}/"
    assert good(row, valid_from="2026-11-02").key() == f"{row['kind']}/{middle}/2026-11-02"


def test_what_a_row_leaves_out_is_the_cautious_reading() -> None:
    model, customer = good(ROWS[5]), good(CUSTOMER)
    assert isinstance(model, Model)
    assert model.life_years == 8
    assert isinstance(customer, Customer)
    assert not customer.realname_verified


def test_rows_are_counted_by_kind() -> None:
    registry = Registry()
    assert registry.put_all(parse_rows([line(row) for row in ROWS])) == []
    assert registry.counts == dict.fromkeys([str(row["kind"]) for row in ROWS], 1)
    registry.put(good(ROWS[0], valid_from="2026-11-02"))
    registry.put(good(ROWS[0], valid_from="2026-11-02", district="330212"))
    assert registry.counts["enterprise"] == 2


LINES = [
    [],
    [line(CUSTOMER)],
    [line(CUSTOMER), line(CUSTOMER, id="C2")],
    [line(CUSTOMER) + line(CUSTOMER, id="C2"), b" "],
    [line(CUSTOMER) + b"\n" + line(CUSTOMER, id="C2"), b""],
    [line(CUSTOMER) + b"\n" + line(CUSTOMER, id="C2")],
    [line(CUSTOMER), b"", line(CUSTOMER, id="C2")],
    [line(CUSTOMER) + b"\n" + line(CUSTOMER, id="C2"), *line(CUSTOMER).split(b", ", 1)],
    [line(CUSTOMER) + b"\n" + line(CUSTOMER, id="C2"), *line(CUSTOMER).replace(b", ", b",\0", 1).split(b"\0")],
    [line(CUSTOMER), line(ROWS[1])],
    [line(CUSTOMER), b"{"],
    [b"\xff", line(CUSTOMER)],
]


@pytest.mark.parametrize("lines", LINES)
def test_many_lines_say_what_each_says_alone(lines: list[bytes]) -> None:
    assert parse_rows(lines) == [parse_row(one) for one in lines]


def test_customers_alone_are_read_in_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.registry_rows.parse_row", None)
    assert [row.id for row in parse_rows([line(CUSTOMER, id=f"C{n}") for n in range(3)])] == ["C0", "C1", "C2"]  # type: ignore[union-attr]


def test_how_a_customer_s_arrival_is_written_is_not_looked_at() -> None:
    blank = {"received": "2026-11-01 10:00:00+08:00"}
    for lines in ([line(CUSTOMER, **blank)], [line(CUSTOMER, **blank), line(ROWS[1])]):
        registry = Registry()
        assert registry.put_all(parse_rows(lines)) == []
        assert registry.counts["customer"] == 1


def test_the_row_that_begins_last_counts_and_one_without_a_beginning_begins_before_all() -> None:
    registry = Registry()
    registry.put(good(ROWS[0], district="1"))
    registry.put(good(ROWS[0], district="2", valid_from="0001-01-01"))
    found = registry.enterprise("E1", OPEN_START)
    assert found is not None
    assert found.district == "2"


def test_a_suspended_licence_is_good_on_no_day() -> None:
    first = Licence(no="1", valid_from=date.min, valid_to=date.max, suspended=True)
    assert not any(first.good_on(day) for day in (OPEN_START - 1, OPEN_START, OPEN_START + 1, date.max.toordinal()))
    assert Licence(no="1", valid_from=date.min, valid_to=date.min).good_on(OPEN_START)


def test_a_check_that_names_nobody_or_only_asks_says_nothing() -> None:
    registry, time = Registry(), datetime(2026, 11, 1, 10, tzinfo=SHANGHAI)
    for customer, dry_run in ((None, False), ("", False), ("C1", True)):
        data = HomeCheck(customer=customer, result="ok")
        registry.take_home_check(HomeCheckScan(scan_id="check-001", time=time, device="D1", dry_run=dry_run, data=data))
    for name in ("", "C1"):
        assert registry.home_checks(name, instant(time)).last_ok is None
