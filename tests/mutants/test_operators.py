"""Which changes are made to a module, and which are not; and that a changed function is asked anew."""

import re
from pathlib import Path

import pytest

from processors.times import iso_day
from tests.mutants.__main__ import LISTED, made
from tests.mutants.operators import mutants, unchanged
from tests.mutants.runner import ROOT, functions, kept, put_in_place


def changes(tmp_path: Path, source: str) -> list[str]:
    path = tmp_path / "module.py"
    path.write_text(source)
    found = []
    for mutant in mutants(path, tmp_path):
        compile(mutant.tree, str(path), "exec")
        found.append(f"{mutant.function}: {mutant.change}")
    return found


@pytest.mark.parametrize(
    ("statement", "made"),
    [
        ("return a < b <= c", ["return a <= b <= c", "return a < b < c", "return None"]),
        ("return not a", ["return a", "return None"]),
        ("if a and b:\n        return", ["a or b", "b", "a", "not (a and b)"]),
        ("if a is None:\n        return", ["a is not None"]),
        ("return a + 1", ["return a - 1", "a + 2", "return None"]),
        ("return {'deliver': True}", ["{'Xdeliver': True}", "{'deliver': False}", "return None"]),
        ("a.b = sorted(c)", ["pass", "a.b = c"]),
        ("b = [c for c in a if c]", ["not c"]),
        ("b = min(a, c)", ["b = max(a, c)"]),
        ("match a:\n        case 'x':\n            a()", ["'Xx'", "pass"]),
        ("while a:\n        continue", ["not a", "pass"]),
    ],
)
def test_a_statement_is_changed_in_these_ways(tmp_path, statement, made):
    found = changes(tmp_path, f"def f(a, b, c):\n    {statement}\n")
    assert sorted(change.partition(" -> ")[2] for change in found) == sorted(made)
    assert {change.partition(": ")[0] for change in found} <= {"f"}


@pytest.mark.parametrize(
    "source",
    [
        '"""A docstring."""',
        "def f(a: int | None) -> 'str':\n    assert a > 1",
        "Key = Literal['label', 'customer']",
        "T = TypeVar('T')",
        "@rule(no=1, code='X', zh='一', en='one', basis=('SEL1',), parameters=('a',))\ndef f(): pass",
        "WHY = 'what people read'",
    ],
)
def test_what_decides_nothing_is_left_alone(tmp_path, source):
    assert changes(tmp_path, source) == []


def test_a_declaration_is_changed_where_it_decides(tmp_path):
    source = "@rule(no=1, scans=('fill',), to=(MS, GE), alone=True, wait=Wait.SHORT, duty=Duty.FILLING)\ndef f(): pass"
    made = [change.partition(" -> ")[2] for change in changes(tmp_path, source)]
    assert made == ["('Xfill',)", "to=(GE,)", "to=(MS,)", "alone=False", "wait=Wait.NONE", "duty=Duty.SCANNING"]


def test_a_function_that_keeps_its_answers_gives_none_of_those_from_before_it_was_changed():
    path, there = ROOT / "processors" / "times.py", functions()
    assert iso_day(1) == "0001-01-01"
    try:
        for mutant in mutants(path, ROOT):
            if mutant.function == "iso_day" and mutant.change.endswith("-> return None"):
                put_in_place(mutant, there, kept())
                assert iso_day(1) is None
    finally:
        put_in_place(unchanged(path, ROOT), there, kept())
    assert iso_day(1) == "0001-01-01"


def test_every_mutant_that_is_listed_can_be_made():
    """What is listed is not run: a name that has outlived its code would hide nothing, and tell a reader what is not so."""
    listed = re.findall(r"^- `(processors/.*?)`(?::|$)", LISTED.read_text(), re.MULTILINE)
    assert listed
    assert set(listed) - {mutant.name for mutant in made(("processors",))} == set()
