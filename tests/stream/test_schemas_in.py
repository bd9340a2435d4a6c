"""The schemas of docs/schemas/ say what enters, no more and no less."""

import json
from collections.abc import Iterator
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from processors.intake import parse
from processors.model import Reject
from processors.registry import parse_row
from processors.scan_types import SENDERS
from stream.reference_schemas import schemas
from tests.stream.scans import LICENCE, ROWS, label
from tests.stream.schema_validators import CITY, SCAN, VALID

NAMES = {"scan", "registry", "verdict", "timer", "alert", "verdicts-run", "tick", "retired", "alias", "holders"}


def test_each_is_a_schema_and_says_what_it_is_of() -> None:
    assert set(VALID) == NAMES
    for name, validator in VALID.items():
        Draft202012Validator.check_schema(validator.schema)
        assert validator.schema["$id"].endswith(f"/{name}.schema.json")
        assert validator.schema["title"]
        assert validator.schema["description"]


def test_the_sample_of_the_contract_is_valid() -> None:
    VALID["scan"].validate(json.loads(SCAN))


@pytest.mark.parametrize("row", [*CITY, *ROWS], ids=lambda row: row["id"])
def test_a_registry_row_is_valid(row: dict[str, Any]) -> None:
    VALID["registry"].validate(row)


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
    "void": [{"scan_id": "scan-000001", "device": "D-st1", "reason": "wrong cylinder"}],
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
    "12345678", "12345678\n", "2026-11-23\n", "2026-11-23T10:15:30Z\n", "2026-11-23 10:15:30Z", "2026-11-23T10:15:30+0800",
    "OLD-0001\n", f"https://id.example/8003/{label(2)}\n", f"https://id.example/a\u00a0b/8003/{label(2)}",
    f"https://id.example/a b/8003/{label(2)}", f"https://id.example/8003/{label(2)}?a\x0bb",
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
    assert set(DATA) == set(SENDERS)
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
