"""The engine against the oracle, over made-up histories.

`PINGLIU_ORACLE_SCANS=1000000 pytest tests/processors/test_oracle.py` makes a long run.
"""

import os

import pytest
from judged import judged

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
