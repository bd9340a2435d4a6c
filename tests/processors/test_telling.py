"""What is said of an alert that stands already."""

import pytest
from msgspec.structs import replace
from test_packed import LABEL, NOON, scanned

from processors.ledger import Ledger, Standing
from processors.model import Alert, Receive, ReceiveScan, Responsible, encode
from processors.telling import Telling
from processors.times import instant

ALERT = Alert(
    alert_id="a", code="OVERFILL", title={}, severity="high", status="suspected", time="", raised_at="", label=LABEL,
    scan_id="scan-0001", type="fill", responsible=Responsible("enterprise", "E1", None), districts=(), to=(), cc=(),
    basis=(), evidence={},
)  # fmt: skip


@pytest.mark.parametrize(("status", "is_told"), [("suspected", True), ("resolved", True), ("retracted", False)])
def test_what_was_taken_back_is_not_told_again_where_it_would_read_otherwise(status: str, is_told: bool) -> None:
    before = replace(ALERT, status=status, reason="why")
    telling = Telling(Ledger(), instant(NOON))
    telling.tell_again(Standing("a", "OVERFILL", "D", "scan-0001", status, 0, encode(before)), replace(ALERT, type="x"))
    assert [(alert.type, alert.status, alert.reason) for alert in telling.alerts] == [("x", status, "why")] * is_told


@pytest.mark.parametrize("device", ["D", "another"])
def test_what_one_device_s_scan_breaks_no_more_says_nothing_of_another_s_with_the_same_id(device: str) -> None:
    standing = Standing("a", "OVERFILL", device, "scan-0001", "suspected", 0, encode(ALERT))
    telling = Telling(Ledger(standing=[standing]), instant(NOON), ("fill", instant(NOON), "arrived later"))
    entry = scanned(ReceiveScan, Receive())
    assert (entry.device, entry.scan_id) == ("D", "scan-0001")
    telling.compare(entry, [])
    assert [alert.status for alert in telling.alerts] == ["retracted"] * (device == "D")
