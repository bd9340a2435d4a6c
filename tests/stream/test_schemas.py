"""The schemas of docs/schemas/ say what enters, no more and no less, and hold for all that comes out."""

import json
from collections.abc import Iterator
from datetime import datetime
from functools import reduce
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from msgspec import UNSET, convert
from msgspec.structs import replace

from processors.intake import parse
from processors.model import Alert, Reject, Verdict
from processors.registry import parse_row
from processors.replay import Replay
from processors.scan_types import SENDERS
from stream.lane.runs import Runs
from stream.reference_schemas import schemas
from tests.stream.scans import LICENCE, PARAMETERS, ROWS, bind, cycle, label, rows, scan

EXAMPLES = Path(__file__).parent.parent / "processors" / "examples"
CITY = [json.loads(row) for row in (EXAMPLES / "city.jsonl").read_text().splitlines()]

# contract.md, as printed there; what it leaves out as `…` is filled in below.
SCAN = """
{"scan_id": "st012-000001234", "type": "fill", "label": "0690123456789200047A2Y", "time": "2026-11-23T10:15:30.123+08:00",
 "device": "D-st012-3", "operator": "P0192", "site": "ST012", "geo": {"lon": 121.5503, "lat": 29.8746, "acc_m": 12},
 "dry_run": false, "data": {"net_kg": 14.4, "scale": "S3"}}
"""
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

FORMATS = FormatChecker(["date"])


@FORMATS.checks("date-time", ValueError)
def is_date_time(text: object) -> bool:
    return not isinstance(text, str) or datetime.fromisoformat(text).tzinfo is not None


VALID = {
    name.removesuffix(".schema.json"): Draft202012Validator(schema, format_checker=FORMATS)
    for name, schema in schemas().items()
}


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


HISTORY = judge(
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


def test_each_is_a_schema_and_says_what_it_is_of() -> None:
    assert set(VALID) == {"scan", "registry", "verdict", "alert", "verdicts-run"}
    for name, validator in VALID.items():
        Draft202012Validator.check_schema(validator.schema)
        assert validator.schema["$id"].endswith(f"/{name}.schema.json")
        assert validator.schema["title"]
        assert validator.schema["description"]


def test_the_samples_of_the_contract_are_valid() -> None:
    VALID["scan"].validate(json.loads(SCAN))
    VALID["verdict"].validate(sample(VERDICT))
    VALID["alert"].validate(sample(ALERT))


@pytest.mark.parametrize("row", [*CITY, *ROWS], ids=lambda row: row["id"])
def test_a_registry_row_is_valid(row: dict[str, Any]) -> None:
    VALID["registry"].validate(row)


@pytest.mark.parametrize("answer", HISTORY, ids=lambda answer: answer["scan_id"] or "unparseable")
def test_all_that_judge_prints_is_valid(answer: dict[str, Any]) -> None:
    VALID["verdict"].validate(answer)
    for alert in answer.get("alerts", ()):
        VALID["alert"].validate(alert)


def test_the_history_shows_all_there_is_to_say() -> None:
    said = set(chain.from_iterable(HISTORY))
    alerts = list(chain.from_iterable(answer.get("alerts", ()) for answer in HISTORY))
    assert said >= {*Verdict.__struct_fields__, "alerts", "rejected"}
    assert set(chain.from_iterable(alerts)) == set(Alert.__struct_fields__)
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


def spoiled(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The document with one field missing or one too many, at every depth."""
    yield document | {"extra": 1}
    for name, value in document.items():
        if name not in {"alerts", "condition", "duplicate"}:  # these may be absent
            yield {other: kept for other, kept in document.items() if other != name}
        if isinstance(value, dict) and name != "evidence":  # which is each rule's own
            yield from (document | {name: inner} for inner in spoiled(value))
        elif isinstance(value, list):
            for place, item in enumerate(value):
                if isinstance(item, dict):
                    yield from (
                        document | {name: [*value[:place], inner, *value[place + 1 :]]} for inner in spoiled(item)
                    )


@pytest.mark.parametrize("answer", HISTORY, ids=lambda answer: answer["scan_id"] or "unparseable")
def test_what_we_write_has_no_field_less_and_none_more(answer: dict[str, Any]) -> None:
    assert not [one for one in spoiled(answer) if VALID["verdict"].is_valid(one)]
    for alert in answer.get("alerts", ()):
        assert not [one for one in spoiled(alert) if VALID["alert"].is_valid(one)]


def test_a_condition_is_told_only_to_those_who_ask() -> None:
    told = next(answer for answer in HISTORY if "condition" in answer)
    assert not VALID["verdict"].is_valid(told | {"type": "fill"})


def test_a_time_has_its_offset_even_where_formats_are_only_remarks() -> None:
    lenient = Draft202012Validator(schemas()["scan.schema.json"])
    assert lenient.is_valid(json.loads(SCAN))
    assert not lenient.is_valid(json.loads(SCAN) | {"time": "2026-11-23T10:15:30"})


PERSONS = ({"customer": "C1"}, {"id_number": "330203199001011234"}, {"id_token": "t1"})
DATA: dict[str, list[dict[str, Any]]] = {
    "bind": [{"serial": "S1", "maker": "M", "made": "2022-01-01", "model": "YSP35.5", "owner": "E1",
              "inspected": "2024-01-01", "valve": "A", "aliases": ["OLD-0001"], "replaces": label(1)}],
    "transfer": [{"to": "E2", "contract": "K1"}],
    "collect": [{**person, "full": True} for person in PERSONS],
    "receive": [{"full": True}],
    "precheck": [{"passed": True}],
    "fill": [{"net_kg": 14.4, "gross_kg": 31, "tare_kg": 16.6, "scale": "S3"}],
    "postcheck": [{"passed": False}],
    "load": [{"vehicle": "V1", "driver": "P3", "escort": "P4"}],
    "unload": [{"vehicle": "V1", "driver": "P3", "escort": "P4"}],
    "deliver": [{**person, "vehicle": "V1"} for person in PERSONS],
    "send_inspection": [{"agency": "A1"}],
    "inspect": [{"result": result, "report": "R", "next_due": "2030-01-01", "valve": "A"} for result in ("pass", "fail")],
    "scrap": [{"reason": "dented"}],
    "incident": [{"kind": "leak"}],
    "missing": [{"kind": "lost"}],
    "lookup": [{}],
    "home_check": [{**person, "result": "ok"} for person in PERSONS],
}  # fmt: skip
SCANS = [
    {**json.loads(SCAN), "type": type, "received": "2026-11-23T02:15:31Z", "data": data}
    for type, several in DATA.items()
    for data in several
]
OF_TYPE = {
    whole.schema["$defs"][one["$ref"].rpartition("/")[2]]["properties"][tag]["enum"][0]: whole.evolve(
        schema={**whole.schema, "anyOf": [one]}
    )
    for whole, tag in ((VALID["scan"], "type"), (VALID["registry"], "kind"))
    for one in whole.schema["anyOf"]
}
KINDS = {row["kind"]: row for row in sorted(CITY, key=lambda row: len(json.dumps(row))) if "valid_to" not in row}

GONE = object()
WRONG = [
    GONE, None, True, 0, -1.5, 100_001, "", "x", "x" * 129, "pass", "2026-11-23", "2026-02-30", "2026-11-23T10:15:30",
    "2026-11-23T10:15:30Z", "2026-02-30T10:15:30Z", "2026-11-23T10:15:60Z", "OLD-0001", "OLD_0001",
    f"https://id.example/8003/{label(2)}/?17=1", "https://id.example/8003/", [], ["x"], ["OLD-0001"], {}, LICENCE,
]  # fmt: skip


def paths(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each field and item."""
    if isinstance(document, dict | list):
        for name in document if isinstance(document, dict) else range(len(document)):
            yield (*path, name)
            yield from paths(document[name], (*path, name))


def changed(document: Any, path: tuple[Any, ...], value: object) -> Any:
    """A copy with another value there, or none; as it was where an earlier change took the way there."""
    copy = json.loads(json.dumps(document))
    at = copy
    for name in path[:-1]:
        at = at.get(name) if isinstance(at, dict) else at[name] if isinstance(at, list) and len(at) > name else None
    if isinstance(at, dict):
        at[path[-1]] = value
        if value is GONE:
            del at[path[-1]]
    return copy


def enters(document: dict[str, Any], like: dict[str, Any], *, whole: bool) -> bool:
    """Whether a scan or registry line is taken, as both the schema and the engine say; `like` is what it was made of.

    The schema of that one type answers as the whole does while the type stays, and takes a tenth of the time.
    """
    name, tag, read = ("registry", "kind", parse_row) if "kind" in like else ("scan", "type", parse)
    taken = not isinstance(read(json.dumps(document).encode()), Reject)
    asked = VALID[name] if whole or document.get(tag) != like[tag] else OF_TYPE[like[tag]]
    assert asked.is_valid(document) == taken, document
    return taken


def test_the_scans_tried_are_of_every_type_with_every_field() -> None:
    assert set(DATA) == set(SENDERS) - {"void"}  # which the engine does not take yet
    for type, several in DATA.items():
        read = [parse(json.dumps(one).encode()) for one in SCANS if one["type"] == type]
        assert set().union(*several) == set(read[0].data.__struct_fields__), type


@pytest.mark.parametrize("document", [*SCANS, *KINDS.values()], ids=lambda one: one.get("type") or one["kind"])
def test_schema_and_engine_take_the_same(document: dict[str, Any]) -> None:
    assert enters(document, document, whole=True)
    outcomes = [
        enters(changed(document, path, value), document, whole=False) for path in paths(document) for value in WRONG
    ]
    assert set(outcomes) == {True, False}


@given(st.sampled_from([*SCANS, *KINDS.values()]), st.data())
def test_schema_and_engine_take_the_same_of_several_changes(document: dict[str, Any], data: st.DataObject) -> None:
    changes = st.tuples(st.sampled_from([*paths(document)]), st.sampled_from(WRONG))
    made = reduce(lambda made, change: changed(made, *change), data.draw(st.lists(changes, max_size=4)), document)
    enters(made, document, whole=True)
