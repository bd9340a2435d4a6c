"""Legacy codes: the first label a code is given stands, and every scan under the code is one under the label."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.aliases import Aliases
from processors.intake import parse
from processors.labels import make
from processors.model import AnyScan, BindScan, HomeCheckScan, Reject, Scan

FIRST, SECOND = make("690123456789", "A1"), make("690123456789", "B2")
CODE = "NB-0001"

DATA: dict[str, dict[str, Any]] = {
    "bind": {
        "serial": "S", "maker": "M", "made": "2022-01-01", "model": "YSP35.5", "owner": "E1", "inspected": "2024-01-01",
    },
    "transfer": {"to": "E2"},
    "collect": {"customer": "C1"},
    "precheck": {"passed": True},
    "fill": {"net_kg": 14.5},
    "postcheck": {"passed": True},
    "load": {"vehicle": "V1"},
    "unload": {"vehicle": "V1"},
    "send_inspection": {"agency": "E1"},
    "inspect": {"result": "fail", "report": "R1"},
    "scrap": {"reason": "old"},
    "incident": {"kind": "leak"},
    "missing": {"kind": "lost"},
    "home_check": {"customer": "C1", "result": "ok"},
}  # fmt: skip
# Every type the model has but `void`: that one is not taken in yet.
TYPES = sorted({str(kind.__struct_config__.tag) for kind in get_args(AnyScan)} - {"void"})


def scan(kind: str, label: str = CODE, **data: Any) -> Scan:
    line = {
        "scan_id": "scan-000001", "type": kind, "label": label, "time": "2026-11-20T08:00:00+08:00", "device": "D-st1",
        "data": DATA.get(kind, {}) | data,
    }  # fmt: skip
    found = parse(json.dumps(line).encode())
    assert not isinstance(found, Reject), found
    return found


def known(**labels: str) -> Aliases:
    aliases = Aliases()
    for code, label in labels.items():
        assert aliases.take(code, label)
    return aliases


def test_the_first_stands() -> None:
    aliases = Aliases()
    assert aliases.take(CODE, FIRST)
    assert not aliases.take(CODE, SECOND)
    assert not aliases.take(CODE, FIRST)
    assert aliases.label_of(CODE) == FIRST


@pytest.mark.parametrize("code", [FIRST, FIRST[:-1] + ("A" if FIRST[-1] != "A" else "B"), "0" * 15 + "Z"])
def test_what_has_a_labels_shape_is_no_alias_even_with_wrong_checks(code: str) -> None:
    aliases = Aliases()
    assert not aliases.take(code, SECOND)
    assert aliases.label_of(code) == code


@given(
    st.lists(
        st.tuples(st.text("0123456789AZaz-", min_size=4, max_size=6), st.sampled_from([FIRST, SECOND])), max_size=30
    )
)
def test_after_any_history_each_code_has_the_first_label_it_was_given(taken: list[tuple[str, str]]) -> None:
    aliases = Aliases()
    wanted: dict[str, str] = {}
    for code, label in taken:
        assert aliases.take(code, label) == (code not in wanted)
        wanted.setdefault(code, label)
    assert {code: aliases.label_of(code) for code, _ in taken} == wanted


def test_an_unknown_code_and_a_label_stand_for_themselves() -> None:
    aliases = known(NB01=FIRST)
    assert [aliases.label_of(code) for code in ("NB02", "nb01", SECOND, "")] == ["NB02", "nb01", SECOND, ""]


@pytest.mark.parametrize("kind", TYPES)
def test_a_scan_of_every_type_is_one_of_the_label(kind: str) -> None:
    aliases = known(**{CODE: FIRST})
    ours, theirs = scan(kind), scan(kind, FIRST)
    aliases.resolve(ours)
    assert ours == theirs
    if not isinstance(ours, HomeCheckScan):
        assert ours.label == FIRST
    aliases.resolve(ours)
    assert ours == theirs, "a second time changes nothing"


def test_a_bind_replaces_the_label_that_the_old_code_stands_for() -> None:
    aliases = known(**{CODE: FIRST})
    for replaces, wanted in ((CODE, FIRST), (FIRST, FIRST), ("NB-0002", "NB-0002"), (None, None)):
        found = scan("bind", SECOND, replaces=replaces, aliases=[CODE])
        aliases.resolve(found)
        assert isinstance(found, BindScan)
        assert (found.label, found.data.replaces, found.data.aliases) == (SECOND, wanted, [CODE])
