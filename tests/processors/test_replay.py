"""One run over a city's scans: its lines, what it knows by the ids of its scans, and what it says again."""

import json
from typing import Any

import pytest
from example_lines import FIRST, scans
from test_examples import CITY, SITES

from processors import replay
from processors.model import Reject
from processors.parameters import DEFAULT
from processors.registry import AnyRow, parse_row
from processors.replay import Replay


def rows() -> list[AnyRow]:
    found = [parse_row(json.dumps(row).encode()) for row in CITY]
    return [row for row in found if not isinstance(row, Reject)]


def lines(*written: str) -> list[bytes]:
    return [json.dumps(scan).encode() for number, line in enumerate(written) for scan in scans(number, line, SITES)]


def answered(run: Replay, *given: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.answers(given)]


def test_each_line_is_answered_in_order_and_a_blank_one_is_none() -> None:
    bind, receive = lines("11-01 10:00 bind", "11-01 11:00 station1 receive")
    found = answered(Replay(rows(), DEFAULT), b"", bind, b"  \n", receive, b"{")
    assert [one.get("type") for one in found] == ["bind", "receive", None]
    assert "rejected" in found[-1]


def test_a_verdict_is_said_again_as_it_stands() -> None:
    run = Replay(rows(), DEFAULT)
    answered(run, *lines("11-01 10:00 bind", "11-01 11:00 station1 fill net_kg=16"))
    found = run.standing(FIRST, "station1", "example-0001")
    assert found is not None
    assert "OVERFILL" in [violation.code for violation in found.violations]
    assert run.standing(FIRST, "station1", "example-0009") is None
    assert run.standing("another label", "station1", "example-0001") is None


def test_the_clock_begins_with_the_first_arrival() -> None:
    (scan,) = scans(0, "11-01 10:00 station1 receive", SITES)
    device = parse_row(b'{"kind": "device", "id": "station1", "device_kind": "station"}')
    assert not isinstance(device, Reject)
    scan["time"] = "1970-01-01T08:00:00+08:00"
    (found,) = answered(Replay([device], DEFAULT), json.dumps(scan).encode())
    assert found["judged_at"] == scan["time"]


@pytest.mark.parametrize(("between", "is_known"), [(1, True), (2, False)])
def test_of_so_many_scans_the_ids_are_known_whatever_their_label(
    between: int, is_known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "_SENT_KEPT", 2)
    first, *others = lines("11-01 10:00 bind", "11-01 11:00 station1 receive", "11-01 12:00 station1 receive")
    again = json.dumps(json.loads(first) | {"label": "OLD-1"}).encode()
    found = answered(Replay(rows(), DEFAULT), first, *others[:between], again)
    assert ("rejected" in found[-1]) is is_known
