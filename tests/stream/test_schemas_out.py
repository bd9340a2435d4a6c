"""The schemas of docs/schemas/ hold for all that is answered and told, and for nothing less or more."""

import json
from itertools import chain
from typing import Any

import pytest
from msgspec import UNSET, convert
from msgspec.structs import replace

from processors.model import Alert, Reject, Verdict
from processors.registry import parse_row
from processors.replay import Replay
from stream.lane.runs import Runs
from tests.stream.scans import PARAMETERS, bind, cycle, rows, scan
from tests.stream.schema_validators import SCAN, VALID, spoiled

# contract.md, as printed there; what it leaves out as `…` is filled in below.
VERDICT = """
{"scan_id": "…", "label": "…", "type": "fill", "decision": "deny", "violations": [{"code": "INSPECTION_OVERDUE_FILL", "severity": "critical", "device": "deny"}],
 "prevented": [], "late": false, "dry_run": false, "time": "…", "judged_at": "…"}
"""  # noqa: E501 - as it is printed there
ALERT = """
{"alert_id": "…", "code": "INSPECTION_OVERDUE_FILL", "title": {"zh": "超期未检充装", "en": "Filled past its inspection date"}, "severity": "critical", "status": "suspected",
 "time": "…", "raised_at": "…", "label": "…", "scan_id": "…", "type": "fill", "responsible": {"kind": "enterprise", "id": "E012", "name": "…"},
 "districts": ["330212"], "to": ["market-supervision"], "cc": [], "basis": ["浙江特种设备条例 Art 10(2)"], "evidence": {"due": "2026-08-31"}}
"""  # noqa: E501 - as it is printed there
LEFT_OUT = json.loads(SCAN) | dict.fromkeys(("raised_at", "judged_at"), "2026-11-23T10:15:31+08:00")


def sample(printed: str) -> dict[str, Any]:
    """A document as the contract prints it, with a value wherever that leaves one out."""
    return {name: LEFT_OUT.get(name, "x") if value == "…" else value for name, value in json.loads(printed).items()}


AGENCY = parse_row(b'{"kind": "device", "id": "D-ag1", "enterprise": "E1", "device_kind": "agency"}')


def judge(*posted: dict[str, Any] | bytes) -> list[dict[str, Any]]:
    """What `pingliu judge` prints."""
    lines = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in posted]
    return [json.loads(line) for line in Replay([*rows(), AGENCY], PARAMETERS).answers(lines)]


def looked_at(number: int, type: str, **how: Any) -> list[dict[str, Any]]:
    """A scan of another cylinder, and the question where it is now."""
    return [scan(number, type, on=1, **how), scan(number + 1, on=1)]


PRINTED = judge(
    bind(1),
    *cycle(10),
    scan(20, "fill", net_kg=16.0),
    scan(20, "fill", net_kg=16.0),  # a repeat
    scan(20, "fill", net_kg=15.0),  # the same ids, another body
    scan(21, "fill"),
    b"not json",
    scan(22, "precheck", passed=True),
    scan(23, "lookup"),
    scan(24, "lookup", on=7),
    scan(25, "fill", net_kg=16.0) | {"dry_run": True},
    scan(26, "incident", kind="leak"),
    scan(27, "missing", kind="lost"),
    scan(28, "receive"),  # it moves: found again
    scan(29, "load", vehicle="V9"),
    scan(30, "deliver", device="D-co1"),
    scan(31, "home_check", device="D-co1", customer="C1", result="ok"),
    bind(40, on=1),
    *looked_at(41, "load", vehicle="V1"),
    *looked_at(43, "deliver", device="D-co1", customer="C1"),
    *looked_at(45, "collect", device="D-co1", customer="C1"),
    *looked_at(47, "send_inspection", agency="E1"),
    *looked_at(49, "inspect", device="D-ag1", result="fail", report="R"),
    *looked_at(51, "scrap", reason="dented"),
    scan(53, "unload", vehicle="V1") | {"received": "2026-11-25T08:00:00+08:00"},
)  # fmt: skip
TIMERS = [line for line in PRINTED if line.get("type") == "timer"]
HISTORY = [line for line in PRINTED if line not in TIMERS]
ALERTS = list(chain.from_iterable(line.get("alerts", ()) for line in PRINTED))


def test_the_samples_of_the_contract_are_valid() -> None:
    VALID["verdict"].validate(sample(VERDICT))
    VALID["alert"].validate(sample(ALERT))


@pytest.mark.parametrize("answer", HISTORY, ids=lambda answer: answer["scan_id"] or "unparseable")
def test_an_answer_is_valid_and_nothing_less_or_more(answer: dict[str, Any]) -> None:
    VALID["verdict"].validate(answer)
    assert not [one for one in spoiled(answer) if VALID["verdict"].is_valid(one)]


@pytest.mark.parametrize("line", TIMERS, ids=lambda line: line["time"])
def test_what_fell_due_is_valid_and_nothing_less_or_more(line: dict[str, Any]) -> None:
    VALID["timer"].validate(line)
    assert not [one for one in spoiled(line, may_miss=set()) if VALID["timer"].is_valid(one)]
    assert not VALID["timer"].is_valid(line | {"alerts": []})
    assert not VALID["verdict"].is_valid(line)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: f"{alert['code']}-{alert['status']}")
def test_an_alert_is_valid_and_nothing_less_or_more(alert: dict[str, Any]) -> None:
    VALID["alert"].validate(alert)
    assert not [one for one in spoiled(alert) if VALID["alert"].is_valid(one)]


def test_the_history_shows_all_there_is_to_say() -> None:
    assert TIMERS
    assert set(chain.from_iterable(HISTORY)) >= {*Verdict.__struct_fields__, "alerts", "rejected"}
    assert set(chain.from_iterable(ALERTS)) == set(Alert.__struct_fields__)
    assert any(answer["scan_id"] is None for answer in HISTORY)
    for name in ("prevented", "late", "dry_run"):
        assert any(answer.get(name) for answer in HISTORY), name
    states = {answer["condition"]["state"] for answer in HISTORY if "condition" in answer}
    assert states == set(VALID["verdict"].schema["$defs"]["Condition"]["properties"]["state"]["enum"]) - {None}


def test_a_run_of_verdicts_is_valid_and_nothing_less_or_more() -> None:
    runs = Runs("2026-11-20T10:00:00+08:00")
    for offset, answer in enumerate(HISTORY):
        if "rejected" in answer:
            runs.tell(offset, Reject(**answer["rejected"], scan_id=answer["scan_id"]))
        else:
            runs.tell(offset, replace(convert(answer, Verdict), judged_at=UNSET))  # the run says it
    runs.cut()
    (run,) = map(json.loads, runs.records)
    VALID["verdicts-run"].validate(run)
    VALID["verdicts-run"].validate(run | {"verdicts": [run["verdicts"][0] | {"revision": 1}]})
    assert not [one for one in spoiled(run) if VALID["verdicts-run"].is_valid(one)]


def test_a_condition_is_told_only_to_those_who_ask() -> None:
    told = next(answer for answer in HISTORY if "condition" in answer)
    assert not VALID["verdict"].is_valid(told | {"type": "fill"})
