"""What compares must see a difference: the oracle's own outputs, written as the engine writes them, are broken one by one."""

from datetime import datetime, timedelta

import pytest

from tests.oracle.compare import by_line, line_differences
from tests.oracle.compare_alerts import of_ids
from tests.oracle.histories import History


def as_printed(output: dict) -> dict:
    """An output of the oracle in the shape of the engine's."""
    if "rejected" in output:
        field = min(output["rejected"]) if output["rejected"] else "line"
        return {"scan_id": output["scan_id"], "rejected": {"field": field, "reason": "so"}}
    if output.get("type") == "revision":
        return output | {"verdict": verdict_as_printed(output["verdict"])}
    told = [alert_as_printed(alert) for alert in output["alerts"] if not alert.get("optional")]
    return verdict_as_printed(output) | {"alerts": told}


def verdict_as_printed(verdict: dict) -> dict:
    return {name: text(value) for name, value in verdict.items() if name not in {"conditions", "arrived"}}


def alert_as_printed(alert: dict) -> dict:
    moves = [{"type": kind, "time": text(moment)} for kind, moment in alert["evidence"].get("moves", [])]
    evidence = {name: text(value) for name, value in alert["evidence"].items()} | ({"moves": moves} if moves else {})
    since = evidence.get("since", alert["scan_id"])
    printed = {name: text(value) for name, value in alert.items() if name != "whom"} | alert["whom"][-1]
    return printed | {
        "alert_id": f"{alert['label']} {alert['code']} {since}",
        "raised_at": text(alert["raised_at"][-1]),
        "title": {**alert["title"], "en": "so"},
        "basis": alert["basis"] or ["a law"],
        "evidence": evidence,
        **({"reason": "so"} if "reason" in alert else {}),
    }


def text(value):
    return value.isoformat() if isinstance(value, datetime) else value


@pytest.fixture(scope="module")
def history():
    return History(3, 400)


@pytest.fixture
def printed(history):
    return [as_printed(output) for output in history.answers]


def found(history, printed) -> list[str]:
    lines = by_line(printed)
    lines += [[]] * (len(history.outputs) - len(lines))
    differences = [line_differences(engine, oracle) for engine, oracle in zip(lines, history.outputs, strict=True)]
    return [*of_ids(printed), *(each for some in differences for each in some)]


def test_same_is_no_difference(history, printed):
    assert found(history, printed) == []


@pytest.mark.parametrize(
    "field", ["status", "time", "raised_at", "label", "districts", "to", "type", "alert_id", "since"]
)
def test_another_alert_of_a_timer_is_a_difference(history, printed, field):
    alerts = [alert for output in printed for alert in output.get("alerts", []) if alert["code"] == "FILLED_DWELL"]
    part = alerts[0]["evidence"] if field == "since" else alerts[0]
    later = field in {"time", "raised_at", "since"}
    part[field] = (datetime.fromisoformat(part[field]) + timedelta(seconds=1)).isoformat() if later else "another"
    assert found(history, printed)


def test_missing_alert_is_a_difference(history, printed):
    next(output for output in printed if output.get("type") == "timer")["alerts"].pop()
    assert found(history, printed)


def test_missing_timer_line_is_a_difference(history, printed):
    printed.remove(next(output for output in printed if output.get("type") == "timer"))
    assert found(history, printed)


def test_other_time_of_a_timer_line_is_a_difference(history, printed):
    next(output for output in printed if output.get("type") == "timer")["time"] = "2026-01-01T00:00:00Z"
    assert found(history, printed)


def revisions(printed) -> list[dict]:
    return [output for output in printed if output.get("type") == "revision"]


def test_missing_revision_is_a_difference(history, printed):
    printed.remove(revisions(printed)[3])
    assert found(history, printed)


def test_needless_revision_is_a_difference(history, printed):
    verdict = {name: value for name, value in printed[0].items() if name != "alerts"}
    printed.insert(1, {"type": "revision", "revision": 1, "verdict": verdict})
    assert found(history, printed)


def test_other_number_of_a_revision_is_a_difference(history, printed):
    revisions(printed)[0]["revision"] += 1
    assert found(history, printed)


@pytest.mark.parametrize("field", ["decision", "violations", "late", "time", "judged_at", "label"])
def test_another_verdict_in_a_revision_is_a_difference(history, printed, field):
    verdict = revisions(printed)[0]["verdict"]
    changed = {"late": not verdict["late"], "violations": [*verdict["violations"], {"code": "OTHER"}]}
    verdict[field] = changed.get(field, "2026-01-01T00:00:00Z")
    assert found(history, printed)


@pytest.mark.parametrize("status", ["retracted", "resolved"])
def test_missing_end_of_an_alert_is_a_difference(history, printed, status):
    output = next(each for each in printed if status in {alert["status"] for alert in each.get("alerts", [])})
    output["alerts"] = [alert for alert in output["alerts"] if alert["status"] != status]
    assert found(history, printed)


def test_an_alert_told_again_unchanged_is_a_difference(history, printed):
    first, *_ = [alert for output in printed for alert in output.get("alerts", [])]
    printed[-1].setdefault("alerts", []).append(first | {"raised_at": "2026-01-01T00:00:00Z"})
    assert list(of_ids(printed))
