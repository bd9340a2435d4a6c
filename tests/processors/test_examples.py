"""The examples, rule by rule: `examples/*.txt` says what each scan is answered, `examples/city.jsonl` is the registry."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from example_lines import STATES, scans, until

from processors.model import Reject
from processors.parameters import DEFAULT
from processors.registry import parse_row
from processors.replay import Replay
from processors.rules import RULES
from processors.times import instant

FOLDER = Path(__file__).parent / "examples"
CITY = [json.loads(row) for row in (FOLDER / "city.jsonl").read_text().splitlines()]
SITES = {row["id"]: row["geo"] for row in CITY if row["kind"] == "site" and "geo" in row}


def examples() -> Iterator[tuple[str, list[str]]]:
    """All of them, each with its file and title."""
    for path in sorted(FOLDER.glob("*.txt")):
        for part in path.read_text().split("\n== ")[1:]:
            title, *lines = part.splitlines()
            yield f"{path.stem}: {title}", [line for line in lines if line]


def blocks(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each line with the indented ones below it."""
    starts = [number for number, line in enumerate(lines) if not line.startswith(" ")]
    for start, after in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield lines[start], [line.strip() for line in lines[start + 1 : after]]


def city() -> Replay:
    return Replay([parse_row(json.dumps(row).encode()) for row in CITY], DEFAULT)


def answers_of(replay: Replay, number: int, line: str) -> list[dict]:
    if line.startswith("until "):
        fell_due = replay.advance(instant(until(line)))
        return [json.loads(fell_due.line())] if fell_due else []
    arrivals = [json.dumps(scan).encode() for scan in scans(number, line, SITES)]
    return [json.loads(answer.line()) for arrival in arrivals for answer in replay.take(arrival)]


def said(line: str, answers: list[dict], *, whole: bool = False) -> tuple[str, list[str]]:
    """A line as the engine would have written it: with its answer, and with what was told below it; `whole` with evidence."""
    is_scan = not line.startswith("until ") and not STATES.keys() & set(line.split())
    below: list[str] = []
    for answer in answers:
        match answer:
            case {"rejected": {"field": field}}:
                line += f" -> rejected {field or 'as a whole'}"
            case {"type": "timer"}:
                below += [("due " if is_scan else "") + told(alert, whole) for alert in answer.get("alerts", [])]
            case {"type": "revision", "verdict": verdict}:
                below.append(f"revised {verdict['type']} -> {heard(verdict)}")
            case _:
                assert is_scan or answer["decision"] != "deny", f"on the way to it: {answer}"
                line += f" -> {heard(answer)}" if is_scan else ""
                below += [told(alert, whole) for alert in answer.get("alerts", [])]
    return line, below


def heard(verdict: dict) -> str:
    again = ["again"] if verdict.get("duplicate") else []
    prevented = ["prevented", *verdict["prevented"]] if verdict["prevented"] else []
    return " ".join(
        [*again, verdict["decision"], *(violation["code"] for violation in verdict["violations"]), *prevented]
    )


def told(alert: dict, whole: bool) -> str:
    assert ("reason" in alert) == (alert["status"] in {"resolved", "retracted"})
    status = [alert["status"]] if alert["status"] != "suspected" else []
    copy = ["cc", *alert["cc"]] if alert["cc"] else []
    whom = ["to", *alert["to"], *copy, "in", *alert["districts"], "by", alert["responsible"]["id"]]
    evidence = [json.dumps(alert["evidence"], ensure_ascii=False)] if whole else []
    return " ".join([*status, alert["code"], *whom, *evidence])


@pytest.mark.parametrize(
    "lines",
    [pytest.param(lines, id=title) for title, lines in examples()],
)
def test_example(lines):
    replay = city()
    for number, (line, below) in enumerate(blocks(lines)):
        scan = line.partition(" -> ")[0]
        answered, told_below = said(scan, answers_of(replay, number, scan), whole="{" in "".join(below))
        assert [answered, *sorted(told_below)] == [line, *sorted(below)]


def test_every_rule_is_in_an_example():
    text = "\n".join(line for _, lines in examples() for line in lines)
    assert {rule.code for rule in RULES if rule.code not in text} == set()


def alerts_of(*lines: str) -> list[dict]:
    replay = city()
    answers = [answer for number, line in enumerate(lines) for answer in answers_of(replay, number, line)]
    return [alert for answer in answers for alert in answer.get("alerts", [])]


@pytest.mark.parametrize(
    ("began", "limit"),
    [
        ("11-01 10:00 station1 load", "2026-11-02T10:00:00+08:00"),
        ("11-01 10:00 station1 receive", "2026-11-16T10:00:00+08:00"),
    ],
)
def test_the_alert_of_a_timer_names_the_scan_that_began_the_time(began, limit):
    alert, *_ = alerts_of("10-31 10:00 filled", began, "until 11-16 10:01")
    assert (alert["code"], alert["scan_id"], alert["type"]) == ("FILLED_DWELL", "example-0001", began.split()[-1])
    assert alert["time"] == limit
    assert alert["evidence"]["since"] == "2026-11-01T10:00:00+08:00"


def test_an_alert_that_waits_is_raised_when_it_is_told_and_names_its_scan():
    [alert] = alerts_of("11-10 10:00 bind", "11-10 10:01 station1 fill", "until 11-10 10:20")
    assert (alert["scan_id"], alert["time"]) == ("example-0001", "2026-11-10T10:01:00+08:00")
    assert alert["raised_at"] == "2026-11-10T10:20:00+08:00"


def test_an_incident_carries_the_last_five_moves():
    unloads = ["11-10 10:01 station1 unload"] * 4
    [alert] = alerts_of("11-10 10:00 loaded", *unloads, "11-10 10:02 public1 incident kind=leak")
    assert [move["type"] for move in alert["evidence"]["moves"]] == ["load", *["unload"] * 4]


WHOLE = [
    {"kind": "enterprise", "id": "E", "name": "E", "district": "330203"},
    {"kind": "site", "id": "S", "enterprise": "E", "site_kind": "shop", "district": "330203"},
    {"kind": "staff", "id": "P", "enterprise": "E", "role": "driver"},
    {"kind": "vehicle", "id": "V", "enterprise": "E"},
    {"kind": "device", "id": "D", "device_kind": "office"},
    {"kind": "model", "id": "M", "max_fill_kg": 10, "nominal_kg": 10, "tolerance_kg": 0.5},
    {"kind": "customer", "id": "C", "customer_kind": "other", "district": "330203"},
]


@pytest.mark.parametrize("row", WHOLE, ids=lambda row: row["kind"])
def test_a_registry_row_without_a_field_is_refused_and_the_field_named(row):
    assert not isinstance(parse_row(json.dumps(row).encode()), Reject)
    for field in row:
        rest = {name: value for name, value in row.items() if name != field}
        assert parse_row(json.dumps(rest).encode()).field == field


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"kind": "licence", "id": "L"}, "kind"),
        (WHOLE[1] | {"site_kind": "garage"}, "site_kind"),
        (WHOLE[2] | {"role": "cook"}, "role"),
        (WHOLE[4] | {"device_kind": "drone"}, "device_kind"),
        (WHOLE[6] | {"customer_kind": "hotel"}, "customer_kind"),
        (WHOLE[0] | {"gas_licence": {"no": "L", "valid_from": "2020-01-01"}}, "gas_licence.valid_to"),
        (WHOLE[5] | {"nominal_kg": "ten"}, "nominal_kg"),
        (WHOLE[0] | {"valid_from": "2026-13-01"}, "valid_from"),
    ],
)
def test_a_registry_row_of_another_kind_or_value_is_refused_and_the_field_named(row, field):
    assert parse_row(json.dumps(row).encode()).field == field
