"""The engine against the oracle, over made-up histories.

`PINGLIU_ORACLE_SCANS=1000000 pytest tests/processors/test_oracle.py` makes a long run.
"""

import os
from collections import Counter

import pytest
from judged import differences

from tests.oracle.catalogue import CATALOGUE
from tests.oracle.histories import History
from tests.oracle.waiting import WAITS

SCANS_A_HISTORY = 500
SCANS = int(os.environ.get("PINGLIU_ORACLE_SCANS", "100000"))
HISTORIES = max(1, SCANS // SCANS_A_HISTORY)
DISORDERED = max(1, HISTORIES // 5)
SHOWN = 5
# A tenth of the hundred thousand takes some thirty seconds; ten million are hours, and not a hang.
pytestmark = pytest.mark.timeout(max(300, SCANS // 100))
OFTEN_RETRACTED = ["UNKNOWN_LABEL", "SCRAPPED_IN_USE", "FOREIGN_CYLINDER_FILL", "LABEL_CLONE_SUSPECT"]


def agree(seed: int, *, disorder: bool) -> None:
    history = History(seed, SCANS_A_HISTORY, disorder)
    found = [*differences(history.rows, history.lines, history.until, history.outputs)]
    assert not found, f"seed {seed}: {len(found)} differences\n" + "\n".join(found[:SHOWN])


@pytest.mark.parametrize("tenth", range(10))
def test_engine_and_oracle_say_the_same(tenth):
    for seed in range(tenth, HISTORIES, 10):
        agree(seed, disorder=False)


@pytest.mark.parametrize("tenth", range(10))
def test_out_of_order_they_say_the_same(tenth):
    for seed in range(tenth, DISORDERED, 10):
        agree(seed, disorder=True)


def reached(answer: dict) -> list[str]:
    """What of the catalogue an output shows: violations, and by code and status the alerts."""
    told = [f"{alert['code']} {alert['status']}" for alert in answer.get("alerts", []) if not alert.get("optional")]
    if answer.get("type") == "revision":
        return [f"revised {violation['code']}" for violation in answer["verdict"]["violations"]] + ["revision"]
    if answer.get("type") == "timer":
        return [f"told later {each}" for each in told]
    return [violation["code"] for violation in answer.get("violations", [])] + told


def test_every_rule_is_broken_often():
    found = Counter(
        each for seed in range(40) for answer in History(seed, SCANS_A_HISTORY).answers for each in reached(answer)
    )
    in_no_verdict = {"USER_EXCESS_HOLDING", "ABNORMAL_PURCHASE", "FILLED_DWELL", "CYLINDER_MISSING"}
    wanted = {
        *(CATALOGUE.keys() - in_no_verdict),
        "ABNORMAL_PURCHASE suspected",
        "REPORTED_MISSING resolved",
        *(f"{code} {status}" for code in ("FILLED_DWELL", "CYLINDER_MISSING") for status in ("resolved", "retracted")),
        *(f"told later {code} suspected" for code in [*WAITS, "FILLED_DWELL", "CYLINDER_MISSING"]),
        *(f"{code} retracted" for code in OFTEN_RETRACTED),
        "revision",
    }
    assert {name for name in wanted if found[name] < 30} == set()
