"""From records to columns."""

import json

import pytest
from sink_records import alert, label, scan

from processors.model import Reject, decode_scan
from sinks.alert_rows import alert_row, registry_row
from sinks.scan_rows import scan_row


def row(raw):
    return scan_row(decode_scan(raw), log="l", partition=0, offset=1, kafka_time=1_000, verdict_offset=2)


@pytest.mark.parametrize(
    ("type", "data", "columns"),
    [
        ("deliver", {"customer": "C7", "vehicle": "V1"}, {"customer": "C7", "vehicle": "V1"}),
        ("load", {"vehicle": "V1", "driver": "P1", "escort": "P2"}, {"driver": "P1", "escort": "P2"}),
        ("transfer", {"to": "E2"}, {"owner": "E2"}),
        ("precheck", {"passed": False}, {"result": "fail"}),
        ("inspect", {"result": "pass", "report": "R", "next_due": "2030-11-23"}, {"result": "pass"}),
        ("send_inspection", {"agency": "E9"}, {"agency": "E9"}),
        ("lookup", {}, {"data": "{}"}),
    ],
)
def test_what_is_asked_for_often_has_a_column(type, data, columns):
    made = row(scan(1, type, data))
    assert {name: getattr(made, name) for name in columns} == columns
    assert json.loads(made.data) == data


def test_a_bind_fills_its_columns():
    data = {
        "serial": "A1", "maker": "M", "made": "2024-01-02", "model": "YSP35.5", "owner": "E1", "inspected": "2024-01-02",
        "aliases": ["OLD-1"], "replaces": label(9),
    }  # fmt: skip
    made = row(scan(1, "bind", data))
    assert (made.serial, made.owner, made.aliases, made.replaces) == ("A1", "E1", ["OLD-1"], label(9))


def test_no_identity_number_passes():
    secret = "330203199001011234"
    made = row(scan(1, "deliver", {"id_number": secret, "id_token": "t", "more": secret}, id_number=secret))
    assert secret not in repr(made)
    customer = {"kind": "customer", "id": "C1", "customer_kind": "resident", "district": "330212"}
    line = json.dumps(customer | {"id_token": "t-o-k-e-n", "id_number": secret, "name": "somebody"}).encode()
    kept = registry_row(line, log="l", partition=0, offset=0, kafka_time=0)
    assert json.loads(kept.line) == customer


def test_a_scan_without_received_takes_the_time_it_entered_kafka():
    raw = json.loads(scan(1))
    del raw["received"]
    assert row(json.dumps(raw).encode()).received == 1_000_000


def test_an_alert_keeps_its_words_and_its_authority():
    raw = alert("a1", status="retracted", reason="late scan")
    made = alert_row(raw, log="l", topic="alerts.fire-rescue", partition=1, offset=2, kafka_time=3)
    assert (made.authority, made.alert.encode(), made.status) == ("fire-rescue", raw, "retracted")


def test_a_registry_line_that_does_not_parse_is_a_value_not_an_exception():
    assert isinstance(registry_row(b'{"kind": "moon"}', log="l", partition=0, offset=0, kafka_time=0), Reject)
