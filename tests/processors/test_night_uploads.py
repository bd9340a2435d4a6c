"""The law of the night upload, against the oracle: within 72 h any order of arrival comes to what that order in time does.

Voids are among the scans, by the right enterprise and by others, before their scan and after it, and labels that replace
others. Each shuffle is compared with the oracle twice: arrival by arrival, and in the end with the same scans in order.
"""

import json
import random
from collections import Counter

import pytest
from judged import everything

from tests.oracle import Oracle
from tests.oracle.compare import line_differences
from tests.oracle.histories import History
from tests.oracle.second_thoughts import IS_ANSWERED
from tests.oracle.test_order import BY_ARRIVAL, LONG_AFTER, codes, left_standing, place, scans

SEEDS = range(10)
IN_NO_END = {"lookup", "void"}  # they are answered, and nothing is left of them


def night(seed: int) -> tuple[History, list[dict], list[dict]]:
    """A history whose rows are known, its scans in order of time with voids of some, and the same shuffled."""
    history, rng = History(seed, 300), random.Random(seed)
    in_order = scans(history, replaces=True)
    offices = [
        row["id"] for row in history.rows if row["kind"] == "device" and row.get("device_kind") in {"office", "agency"}
    ]
    voids = [
        {
            "scan_id": f"void-{number:06}",
            "type": "void",
            "label": mistake["label"],
            "device": rng.choice(offices),
            "time": mistake["time"],
            "data": {"scan_id": mistake["scan_id"], "device": mistake["device"], "reason": "a mistake"},
        }
        for number, mistake in enumerate(rng.choices(in_order, k=len(in_order) // 3))
        if mistake["type"] not in IS_ANSWERED
    ]
    history.rows = [{name: value for name, value in row.items() if name != "received"} for row in history.rows]
    in_order = sorted([*in_order, *voids], key=place)
    return history, in_order, rng.sample(in_order, len(in_order))


@pytest.mark.parametrize("seed", SEEDS)
def test_each_arrival_of_a_shuffle_is_answered_as_the_oracle_answers_it(seed: int) -> None:
    history, in_order, shuffled = night(seed)
    end = place(in_order[-1])[0]
    lines = [json.dumps(body | {"received": end.isoformat()}).encode() for body in shuffled]
    oracle = Oracle(history.rows)
    wanted = [*map(oracle.answers, lines), oracle.until(end + LONG_AFTER)]
    printed = everything(history.rows, lines, end + LONG_AFTER)
    found = [
        f"arrival {number}: {difference}"
        for number, (engine, oracle) in enumerate(zip(printed, wanted, strict=True))
        for difference in line_differences(engine, oracle)
    ]
    assert not found, "\n".join(found[:5])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_shuffle_ends_as_the_oracle_ends_on_the_same_scans_in_order(seed: int) -> None:
    history, in_order, shuffled = night(seed)
    end = place(in_order[-1])[0]
    lines = [json.dumps(body | {"received": end.isoformat()}).encode() for body in shuffled]
    verdicts: dict[str, tuple] = {}
    alerts: dict[tuple, str] = {}
    for answer in [answer for answers in everything(history.rows, lines, end + LONG_AFTER) for answer in answers]:
        verdict = answer.get("verdict", answer)
        if "decision" in verdict and verdict["type"] not in IN_NO_END and not verdict["dry_run"]:
            verdicts[verdict["scan_id"]] = codes(verdict), tuple(sorted(verdict["prevented"])), verdict["decision"]
        for alert in answer.get("alerts", []):
            if alert["code"] not in BY_ARRIVAL:
                alerts[alert["code"], alert["label"], alert["scan_id"]] = alert["status"]
    wanted, standing, gone = left_standing(history, in_order, end)
    assert gone, "some are taken back"
    assert verdicts == {scan_id: verdict for (_, scan_id), verdict in wanted.items()}
    assert {name: status for name, status in alerts.items() if status != "retracted"} == {
        name: status for name, (status, _) in standing.items()
    }


def test_the_shuffles_hold_what_they_should() -> None:
    types = Counter(body["type"] for seed in SEEDS for body in night(seed)[1])
    replacing = [body for seed in SEEDS for body in night(seed)[1] if "replaces" in body.get("data", {})]
    assert len(types) > 14
    assert types["void"] > 150
    assert len(replacing) > 10
