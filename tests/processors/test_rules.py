"""What the rules say of themselves: their texts in both languages, and the parameters that each looks at."""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from string import Formatter
from types import FrameType

import pytest

from processors import findings, judge, walk
from processors.parameters import Parameters, Schedule
from processors.registry import parse_row
from processors.replay import Replay
from processors.rules import BY_CODE, RULES, Rule
from processors.rules.case import Case, sighting_of
from processors.rules.declaration import Wait, in_full, in_words
from processors.rules.explained import explained_in
from tests.oracle.catalogue import CATALOGUE
from tests.oracle.histories import History

WAITS = {wait.value for wait in Wait if wait.value}
# The made-up city lives for some weeks: what counts months back is made to count days.
SHORTENED = {"purchase_days": 2, "purchase_history_days": 3}


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_the_catalogue_is_whole() -> None:
    assert len(RULES) >= len(CATALOGUE), "those of the texts, and a city's own after them"
    assert [rule.no for rule in RULES] == list(range(1, len(RULES) + 1))
    assert {(rule.no, rule.code, rule.zh) for rule in RULES} >= {
        (one.number, code, one.zh) for code, one in CATALOGUE.items()
    }
    assert len({rule.code for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_explains_itself_in_both_languages(rule: Rule) -> None:
    for english in (rule.when, rule.example):
        assert re.fullmatch(r"[A-Z0-9][^一-鿿{}]*\.", english), english
    for chinese in (rule.when_zh, rule.example_zh):
        assert re.fullmatch(r"[^{}]*[一-鿿][^{}]*。", chinese), chinese


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_text_names_parameters_that_its_rule_looks_at_the_same_in_both_languages(rule: Rule) -> None:
    text = rule.explained
    assert names_in(text.when) <= set(rule.parameters)
    assert names_in(text.when) == names_in(text.when_zh)
    assert not names_in(text.example + text.example_zh), "an example is told by the defaults"


def test_a_text_says_the_values_that_are_in_force() -> None:
    (rule,) = (rule for rule in RULES if rule.code == "CYLINDER_MISSING")
    text = rule.explained.at(Parameters(transit_hours=36.0, customer_days=200.5))
    assert "36 hours" in text.when
    assert "200.5天" in text.when_zh
    assert "48 hours" in rule.when


def test_a_docstring_is_taken_apart_whatever_is_missing() -> None:
    whole = (
        "It is\n    so.\n\n    zh: 就是\n    如此。\n    Example: Thus\n    and thus.\n    例：如此\n    这般。\n    "
    )
    assert explained_in(whole) == ("It is so.", "就是如此。", "Thus and thus.", "如此这般。")
    assert explained_in("It is so.\n\n    例：如此。") == ("It is so.", "", "", "如此。")
    assert explained_in(None) == ("", "", "", "")


READ: defaultdict[str, set[str]] = defaultdict(set)
FUNCTIONS = {
    function.__code__: rule
    for rule in RULES
    for function in (rule.judges, rule.runs, rule.counts and rule.counts[1], rule.runs and rule.told_after)
    if function
} | {sighting_of.__code__: BY_CODE["LABEL_CLONE_SUSPECT"]}  # made for it, whether or not it is asked


class Spied(Parameters, frozen=True):
    """Parameters that note which rule's function read which of them."""

    def __getattribute__(self, name: str) -> object:
        if name in Parameters.__struct_fields__:
            for rule in rules_running(sys._getframe(1)):
                READ[rule.code].add(name)
        return super().__getattribute__(name)


def rules_running(frame: FrameType | None) -> Iterator[Rule]:
    while frame is not None:
        if frame.f_code in FUNCTIONS:
            yield FUNCTIONS[frame.f_code]
        frame = frame.f_back


@pytest.fixture(scope="module")
def read() -> dict[str, set[str]]:
    """The parameters that each rule was seen to read, over made-up histories."""
    READ.clear()
    schedule = Schedule(Spied(**SHORTENED))
    for seed in range(12):
        history = History(seed, 500)
        replay = Replay([parse_row(json.dumps(row).encode()) for row in history.rows], schedule)
        for line in history.lines:
            replay.take(line)
    return dict(READ)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_declares_just_the_parameters_it_reads(rule: Rule, read: dict[str, set[str]]) -> None:
    assert set(rule.parameters) - WAITS == read.get(rule.code, set())


def test_what_spares_a_cylinder_in_good_standing_never_holds_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    spares = [rule.judges for rule in RULES if rule.spares_good and rule.judges]
    seen = []

    def look_and_see(case: Case) -> list[findings.Finding]:
        if case.cylinder.is_good:
            seen.extend(judges(case) for judges in spares)
        return findings.look(case)

    monkeypatch.setattr(judge, "PLAIN", frozenset())  # the short way asks nobody else
    monkeypatch.setattr(walk, "look", look_and_see)
    for seed in range(4):
        history = History(seed, 500)
        replay = Replay([parse_row(json.dumps(row).encode()) for row in history.rows], Schedule(Parameters()))
        for line in history.lines:
            replay.take(line)
    assert len(seen) > 1000
    assert not any(seen)


@pytest.mark.parametrize("wait", Wait)
def test_a_wait_reads_the_parameter_it_names(wait: Wait) -> None:
    noted: set[str] = set()

    class Noting(Parameters, frozen=True):
        def __getattribute__(self, name: str) -> object:
            noted.add(name)
            return super().__getattribute__(name)

    wait.of(Noting())
    assert noted == ({wait.value} if wait.value else set())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_looks_at_the_parameters_of_its_waits(rule: Rule) -> None:
    waits = {rule.wait.value} if rule.wait is not Wait.NONE else set()
    if rule.counts or rule.runs:  # what is counted at another key waits, and so does a timer
        waits.add(Wait.SHORT.value)
    assert set(rule.parameters) & WAITS == waits


@pytest.mark.parametrize(
    ("code", "heard_by"),
    [
        ("UNLICENSED_OPERATOR", "urban-enforcement, public-security"),
        ("SCRAPPED_IN_USE", "market-supervision (at delivery and return: urban-enforcement)"),
        ("REALNAME_MISSING", "urban-enforcement (cc public-security)"),
        ("INSPECTION_DUE_SOON", "the enterprise only"),
    ],
)
def test_who_hears_of_it_in_words(code: str, heard_by: str) -> None:
    assert BY_CODE[code].heard_by == heard_by


@pytest.mark.parametrize(
    ("basis", "in_words"),
    [
        ("ZS10(2)", "浙江特种设备条例 Art 10(2)"),
        ("SEL", "特种设备安全法"),
        ("the plan 二(一)", "the plan 二(一)"),
        ("GB5842-2023", "GB5842-2023"),
        ("CTX", "CTX"),
    ],
)
def test_a_basis_names_its_law_and_article(basis: str, in_words: str) -> None:
    assert in_full(basis) == in_words


def test_a_basis_that_was_renumbered_is_told_as_of_the_day_and_shown_with_both_numbers() -> None:
    assert [in_full("ZA31", day) for day in ("", "2025-12-31T23:59:59+08:00", "2026-01-01")] == [
        "治安管理处罚法 Art 31", "治安管理处罚法 Art 31", "治安管理处罚法 Art 37",
    ]  # fmt: skip
    assert in_words("ZA31") == "治安管理处罚法 Art 31, from 2026-01-01 Art 37"
    assert in_words("SEL83") == in_full("SEL83", "2026-01-01") == "特种设备安全法 Art 83"


def test_a_wait_is_counted_in_whole_microseconds() -> None:
    parameters = Parameters(short_wait_minutes=1 / 3, long_wait_hours=1 / 7)
    assert [wait.of(parameters) for wait in Wait] == [0, 20_000_000, 514_285_714]
    assert {type(wait.of(parameters)) for wait in Wait} == {int}
