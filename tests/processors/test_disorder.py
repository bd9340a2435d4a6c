"""A courier's night upload: whatever the order in which scans come in, the same is known in the end."""

import json
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from judged import everything

from tests.oracle.histories import History

SCANS = 300
WINDOW = timedelta(hours=72)
# They count from arrival (domain.md 5.3), and so may differ.
FROM_ARRIVAL = {"USER_EXCESS_HOLDING", "ABNORMAL_PURCHASE", "VEHICLE_UNLICENSED"}


def night_upload(seed: int) -> tuple[list[dict], list[dict], datetime]:
    """Registry rows, the scans of three days that one night brings in, in order of time, and when that night is."""
    history = History(seed, SCANS, disorder=False)
    rows = [{name: value for name, value in row.items() if name != "received"} for row in history.rows]
    scans = {}
    for line, answers in zip(history.lines, history.outputs, strict=False):
        answer = answers[-1]
        if "rejected" in answer or answer.get("duplicate") or answer["type"] in ("lookup", "home_check"):
            continue
        scan = json.loads(line)
        data = scan.get("data", {})
        if scan.get("dry_run") or data.get("replaces") or data.get("aliases"):
            continue
        scans[scan["device"], scan["scan_id"]] = scan | {"label": answer["label"]}
    inside = sorted(scans.values(), key=lambda scan: (moment(scan), scan["device"], scan["scan_id"]))
    first, last = moment(inside[0]), moment(inside[-1])
    share = (WINDOW - timedelta(minutes=1)) / max(last - first, WINDOW)  # months become three days
    night = first + WINDOW + timedelta(hours=1)
    return rows, [
        scan | {"time": (first + (moment(scan) - first) * share).isoformat(), "received": night.isoformat()}
        for scan in inside
    ], night  # fmt: skip


def moment(scan: dict) -> datetime:
    return datetime.fromisoformat(scan["time"])


def known_in_the_end(rows: list[dict], scans: list[dict], night: datetime) -> tuple[dict, dict]:
    """The verdicts and the alerts as they stand when all waits are over."""
    verdicts, alerts = {}, {}
    printed = everything(rows, [json.dumps(scan).encode() for scan in scans], night + timedelta(days=3))
    for answer in (answer for answers in printed for answer in answers):
        told = answer.get("verdict", answer)
        if told.get("type") != "timer" and "scan_id" in told:
            kept = ("label", "decision", "violations", "prevented", "late")
            verdicts[told["scan_id"]] = {name: told[name] for name in kept}
        for alert in answer.get("alerts", []):
            if alert["code"] not in FROM_ARRIVAL:
                alerts[alert["alert_id"]] = {
                    name: value for name, value in alert.items() if name not in ("raised_at", "reason")
                }
    standing = {name: alert for name, alert in alerts.items() if alert["status"] != "retracted"}
    return verdicts, standing


@given(st.integers(0, 2**32), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_a_night_s_upload_changes_nothing_in_the_end(seed, rng):
    rows, scans, night = night_upload(seed)
    in_order = known_in_the_end(rows, scans, night)
    shuffled = scans.copy()
    rng.shuffle(shuffled)
    assert known_in_the_end(rows, shuffled, night) == in_order


@given(st.integers(0, 2**32), st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_no_alert_stands_that_the_facts_so_far_contradict(seed, rng):
    """What stands after each prefix of a shuffled upload is what stands after that prefix in order."""
    rows, scans, night = night_upload(seed)
    shuffled = scans[:40]
    rng.shuffle(shuffled)
    cuts = sorted({rng.randrange(1, len(shuffled) + 1) for _ in range(3)}) if shuffled else []
    for cut in cuts:
        some = shuffled[:cut]
        in_order = sorted(some, key=lambda scan: (moment(scan), scan["device"], scan["scan_id"]))
        assert known_in_the_end(rows, some, night) == known_in_the_end(rows, in_order, night)
    assert all(one <= other for one, other in pairwise(cuts))
