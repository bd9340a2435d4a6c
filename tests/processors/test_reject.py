"""Why a line may not enter: the field's path and a reason that a person can act on."""

import msgspec
import pytest

from processors.intake import parse, read, scan_id_of
from processors.model import Reject

HEAD = b'"scan_id": "scan-0001", "label": "LEGACY", "device": "D", "time": "2026-11-10T10:00:00+08:00"'


def rejected(line: bytes) -> tuple[str, str, str | None]:
    found = parse(line)
    assert isinstance(found, Reject)
    return found.field, found.reason, found.scan_id


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        (b'{%b, "type": "fill", "data": {}}', "data.net_kg", "is missing"),
        (b'{%b, "type": "fill"}', "data", "is missing"),
        (b'{%b, "data": {}}', "type", "is missing"),
        (b'{%b, "type": "fil", "data": {}}', "type", "is not one of those the contract knows"),
        (
            b'{%b, "type": "incident", "data": {"kind": "flood"}}',
            "data.kind",
            "is not one of those the contract knows",
        ),
        (b'{%b, "type": "fill", "data": {"net_kg": "14"}}', "data.net_kg", "expected `float`, got `str`"),
        (b'{%b, "type": "bind", "data": {"aliases": [5]}}', "data.aliases[0]", "expected `str`, got `int`"),
        (b'{%b, "type": "fill", "data": {"net_kg": -1}}', "data.net_kg", "expected `float` >= 0.0"),
    ],
)
def test_what_is_wrong_is_named_and_why(line: bytes, field: str, reason: str) -> None:
    assert rejected(line % HEAD) == (field, reason, "scan-0001")


@pytest.mark.parametrize(
    ("line", "reason", "scan_id"),
    [
        (b'{"scan_id" : "scan-0001", ', "not JSON: ", "scan-0001"),
        (b'{"scan_id": "short"', "not JSON: ", None),
        (b"", "not JSON: ", None),
        (b'{"scan_id": "scan-0001", "type": "\xff"', "not JSON: not UTF-8", None),
        (b"[]", "expected `object`, got `array`", None),
    ],
)
def test_what_is_no_scan_at_all_is_refused_as_a_whole(line: bytes, reason: str, scan_id: str | None) -> None:
    field, told, named = rejected(line)
    assert (field, named) == ("", scan_id)
    assert told.startswith(reason)


def test_the_id_is_seen_in_a_record_that_does_not_parse() -> None:
    assert scan_id_of(msgspec.Raw(b'{"scan_id":"scan-0001"')) == "scan-0001"
    assert scan_id_of(b'{"scan_id":"scan 0001"}') is None


def test_what_stands_between_the_scans_is_read_by_its_first_bytes() -> None:
    tick = read(b'{"type":"tick","received":"2026-11-10T10:00:00+08:00"}')
    assert type(tick).__name__ == "Tick"
    refused = read(b'{"type":"tick"}')
    assert isinstance(refused, Reject)
    assert (refused.field, refused.reason) == ("received", "is missing")
    retired = read(
        b'{"type":"retired","label":"A","by":"B","time":"2026-11-10T10:00:00Z","received":"2026-11-10T10:00:00Z"}'
    )
    assert type(retired).__name__ == "Retired"
    other = read(b'{"type":"lookup"}')
    assert isinstance(other, Reject)
