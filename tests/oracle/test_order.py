"""What the texts promise whatever the order of arrival, held against the oracle itself."""

import json
import random
from collections import defaultdict
from datetime import datetime, timedelta

import pytest

from tests.oracle import Oracle, admission, labels
from tests.oracle.histories import History
from tests.oracle.times import instant
from tests.oracle.window import MOST, WINDOW

BY_ARRIVAL = {"USER_EXCESS_HOLDING", "ABNORMAL_PURCHASE", "VEHICLE_UNLICENSED"}
LONG_AFTER = timedelta(days=400)


def scans(history: History, *, replaces: bool = False) -> list[dict]:
    """Its good scans in order of time, those of each cylinder that one window holds, with nothing that counts by arrival."""
    bodies = [body for line in history.lines if (body := admission.parsed(line)) and not admission.wrong_fields(body)]
    bodies = [body for body in bodies if body["type"] not in {"void", "home_check"}]
    bodies = [*{(body["device"], body["scan_id"]): body for body in reversed(bodies)}.values()]
    kept: dict[str, list[dict]] = defaultdict(list)
    for body in sorted(bodies, key=place):
        of_label = kept[labels.bare(body["label"])]
        if len(of_label) < MOST and (not of_label or place(body)[0] <= place(of_label[0])[0] + WINDOW):
            body.get("data", {}).pop("aliases", None)
            if not replaces:
                body.get("data", {}).pop("replaces", None)
            of_label.append(body)
    return sorted([body for bodies in kept.values() for body in bodies], key=place)


def place(body: dict) -> tuple:
    return instant(body["time"]), body["device"], body["scan_id"]


def left_standing(history: History, bodies: list[dict], end: datetime) -> tuple[dict, dict, set]:
    """The verdicts and alerts as they stand long after all has arrived at once; the scans that were taken back."""
    rows = [{name: value for name, value in row.items() if name != "received"} for row in history.rows]
    oracle = Oracle(rows)
    outputs = [oracle.answers(json.dumps(body | {"received": end.isoformat()}).encode()) for body in bodies]
    outputs.append(oracle.until(end + LONG_AFTER))
    alerts = {}
    for alert in [alert for output in outputs for each in output for alert in each.get("alerts", [])]:
        if alert["code"] not in BY_ARRIVAL and not alert.get("optional"):
            alerts[alert["code"], alert["label"], alert["scan_id"]] = alert["status"], alert["evidence"]
    verdicts = {
        key: (codes(verdict), tuple(sorted(verdict["prevented"])), verdict["decision"])
        for key, verdict in oracle.given.verdicts.items()
        if verdict["type"] not in {"lookup", "void"} and not verdict["dry_run"]
    }
    standing = {alert: told for alert, told in alerts.items() if told[0] != "retracted"}
    return verdicts, standing, oracle.judging.standing.taken_back


def codes(verdict: dict) -> tuple:
    return tuple(sorted(each["code"] for each in verdict["violations"]))


@pytest.mark.parametrize("seed", range(5))
def test_what_is_left_standing_does_not_depend_on_the_order_of_arrival(seed):
    history = History(seed, 300)
    in_order = scans(history)
    end = place(in_order[-1])[0]
    shuffled = random.Random(seed).sample(in_order, len(in_order))
    assert left_standing(history, shuffled, end) == left_standing(history, in_order, end)


@pytest.mark.parametrize("seed", range(5))
def test_a_scan_taken_back_leaves_nothing(seed):
    history, rng = History(seed, 300), random.Random(seed)
    in_order = scans(history)
    end = place(in_order[-1])[0]
    mistakes = rng.sample(in_order, len(in_order) // 4)
    offices = [
        row for row in history.rows if row["kind"] == "device" and row.get("device_kind") in {"office", "agency"}
    ]
    voids = [
        {
            "scan_id": f"void-{number:06}",
            "type": "void",
            "label": mistake["label"],
            "device": office["id"],
            "time": mistake["time"],
            "data": {"scan_id": mistake["scan_id"], "device": mistake["device"], "reason": "a mistake"},
        }
        for number, (mistake, office) in enumerate((mistake, office) for mistake in mistakes for office in offices)
    ]
    verdicts, alerts, gone = left_standing(history, rng.sample(in_order + voids, len(in_order + voids)), end)
    without = [body for body in in_order if (body["device"], body["scan_id"]) not in gone]
    expected, expected_alerts, _ = left_standing(history, without, end)
    assert gone
    assert {key: verdict for key, verdict in verdicts.items() if key not in gone} == expected
    assert {verdicts[key] for key in gone} == {((), (), "allow")}
    assert alerts == expected_alerts
