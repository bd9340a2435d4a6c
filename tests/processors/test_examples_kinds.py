"""The examples show of every rule where it fires: live, late, as a dry run, at a precheck; and where rule 4 silences it."""

from collections import defaultdict

import pytest
from test_examples import answers_of, blocks, city, examples

from processors import findings, judge, walk
from processors.rules import FOR_SCAN, RULES, Rule
from processors.rules.case import Case

# What no verdict has is shown by what is told, or not told, below a line: the title says which kind it is.
IN_TITLES = {"late": "late", "dry run": "dry run", "alone": "under 4"}


@pytest.fixture(scope="module")
def shown() -> dict[str, set[str]]:
    """By code, the kinds of cases that the examples have."""
    found: defaultdict[str, set[str]] = defaultdict(set)

    def look_and_see(case: Case) -> list[findings.Finding]:
        broken = findings.look(case)
        if case.cylinder.bound and any(rule.alone for rule, _ in broken):
            for rule, judges in FOR_SCAN.get(case.scan.type, ()):
                if judges(case) is not None:
                    found[rule.code].add("alone")
        return broken

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judge, "look", look_and_see)
        patch.setattr(walk, "look", look_and_see)
        for title, lines in examples():
            replay = city()
            for number, (line, _) in enumerate(blocks(lines)):
                for answer in answers_of(replay, number, line.partition(" -> ")[0]):
                    _note(found, answer)
            _, _, words = title.partition(": ")
            for rule in RULES:
                if not in_verdicts(rule) and str(rule.no) in words.replace(",", " ").split()[:2]:
                    found[rule.code] |= {kind for kind, word in IN_TITLES.items() if word in words}
    return found


def _note(found: dict[str, set[str]], answer: dict) -> None:
    for alert in answer.get("alerts", []):
        found[alert["code"]].add("fires")
    if "decision" not in answer:
        return
    for violation in answer["violations"]:
        found[violation["code"]].add("late" if answer["late"] else "fires")
        if answer["type"] == "precheck":
            found[violation["code"]].add("precheck")
    for code in answer["prevented"]:
        found[code].add("dry run" if answer["dry_run"] else "precheck")


def in_verdicts(rule: Rule) -> bool:
    return rule.device is not None


def kinds_of(rule: Rule) -> set[str]:
    """Those that apply to a rule."""
    kinds = {"fires", "late", "dry run", "alone"}
    if rule.at_precheck:
        kinds.add("precheck")
    if rule.alone or rule.always:
        kinds.remove("alone")
    if rule.fact_at_precheck:  # a dry run is no sighting
        kinds.remove("dry run")
    return kinds


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_the_examples_show_a_rule_in_every_kind_that_applies(rule: Rule, shown: dict[str, set[str]]) -> None:
    assert kinds_of(rule) - shown[rule.code] == set()
