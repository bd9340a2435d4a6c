"""The engine against the oracle, over made-up histories.

`PINGLIU_ORACLE_SCANS=1000000 pytest tests/processors/test_oracle.py` makes a long run.
"""

import os
from collections import Counter

import pytest
from judged import judged

from tests.oracle.catalogue import CATALOGUE
from tests.oracle.compare import differences
from tests.oracle.histories import History

SCANS_A_HISTORY = 500
HISTORIES = max(1, int(os.environ.get("PINGLIU_ORACLE_SCANS", "20000")) // SCANS_A_HISTORY)
SHOWN = 5


def disagreements(seed: int) -> list[str]:
    history = History(seed, SCANS_A_HISTORY)
    answers = judged(history.rows, history.lines)
    assert len(answers) == len(history.lines)
    found = []
    for number, (line, answer, expected) in enumerate(zip(history.lines, answers, history.answers, strict=True)):
        found += [
            f"seed {seed} line {number}: {difference}\n    {line!r}" for difference in differences(answer, expected)
        ]
    return found


@pytest.mark.parametrize("tenth", range(10))
def test_engine_and_oracle_say_the_same(tenth):
    found = []
    for seed in range(tenth, HISTORIES, 10):
        found += disagreements(seed)
    assert not found, f"{len(found)} differences\n" + "\n".join(found[:SHOWN])


def test_every_rule_is_broken_often():
    found = Counter()
    for seed in range(20):
        for answer in History(seed, SCANS_A_HISTORY).answers:
            found.update(violation["code"] for violation in answer.get("violations", []))
            found.update("resolved" for alert in answer.get("alerts", []) if alert["status"] == "resolved")
    assert {name for name in (*CATALOGUE, "resolved") if found[name] < 30} == set()
