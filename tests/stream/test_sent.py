"""What the gateway remembers of the log: the latest scans, a bounded number of them, and the body that counts."""

import json

import pytest

from processors.intake import parse
from processors.model import Scan, encode
from stream.gateway import sent
from stream.gateway.sent import SentScans, digest_of

LABEL = "0690123456789200047A2Y"


def scan(number: int, device: str = "D") -> Scan:
    posted = {
        "scan_id": f"scan-{number:04}", "type": "receive", "label": LABEL, "time": "2026-11-20T10:00:00+08:00",
        "device": device,
    }  # fmt: skip
    found = parse(json.dumps(posted).encode())
    assert isinstance(found, Scan)
    return found


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sent, "_REMEMBERED", 4)
    monkeypatch.setattr(sent, "_AT_ONCE", 2)


def known(found: SentScans, count: int) -> list[int]:
    return [number for number in range(count) if found.digest(("D", f"scan-{number:04}")) is not None]


def test_the_oldest_are_forgotten_and_what_was_acknowledged_again_is_new() -> None:
    found = SentScans()
    for number in (0, 1, 2, 0, 3, 4):
        found.acknowledged([("D", f"scan-{number:04}")], [encode(scan(number))])
    assert known(found, 6) == [0, 1, 2, 3, 4]
    found.acknowledged([("D", "scan-0005")], [encode(scan(5))])
    assert known(found, 6) == [0, 3, 4, 5]


def test_of_what_is_read_the_oldest_are_forgotten_and_the_first_body_counts() -> None:
    found = SentScans()
    for number in range(6):
        found.read("D", f"scan-{number:04}", encode(scan(number)))
        found.read("D", f"scan-{number:04}", encode(scan(number, device="other")))
    assert known(found, 6) == [2, 3, 4, 5]
    assert found.digest(("D", "scan-0005")) == digest_of(scan(5))


def test_what_is_no_scan_of_ours_is_not_known() -> None:
    found = SentScans()
    found.read("D", "scan-0000", b'{"device":"D"}')
    assert known(found, 1) == []
