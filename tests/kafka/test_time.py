"""Time on the real stack: what waits is told when its wait is over, what runs too long when it does; once, over crashes."""

import json
import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from stream import topics
from tests.kafka import harness
from tests.kafka.day import Day, kill
from tests.stream.scans import LICENCE, ROWS, label

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

CREW = {"driver": "P3", "escort": "P4"}
CITY = [*ROWS, {"kind": "vehicle", "id": "V2", "enterprise": "E1", "permit": LICENCE, "max_cylinders": 1}]


@pytest.fixture(scope="module")
def day(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    with harness.stack(kafka, tmp_path_factory.mktemp("time"), CITY) as running:
        yield Day(running)


def told(day: Day, code: str, on: int) -> list[dict[str, Any]]:
    """What one authority hears of a rule and a cylinder, each record of it."""
    topic = "market-supervision" if code == "PREFILL_CHECK_MISSING" else "urban-enforcement"
    if code == "VEHICLE_UNLICENSED":
        topic = "transport"
    records = harness.read_topic(day.up.settings.broker, topics.ALERTS[topic].name)
    found = [json.loads(record.value()) for record in records]
    return [alert for alert in found if (alert["code"], alert["label"]) == (code, label(on))]


def load_full(day: Day, on: int, vehicle: str = "V1") -> None:
    day.post(
        day.scan("bind", on), day.scan("precheck", on, passed=True), day.scan("fill", on, net_kg=14.5),
        day.scan("postcheck", on, passed=True), day.scan("load", on, vehicle=vehicle, **CREW),
    )  # fmt: skip


@pytest.mark.parametrize("is_killed", [False, True])
def test_an_alert_waits_until_its_wait_is_over_and_is_told_once(day: Day, is_killed: bool) -> None:
    on = 1 + is_killed
    day.post(day.scan("bind", on), day.scan("fill", on, net_kg=14.5))
    if is_killed:
        day.until_past()
        kill(day.up, "worker")
    day.after(minutes=15)
    assert told(day, "PREFILL_CHECK_MISSING", on) == [], "its moment is now and not past"
    day.after(seconds=1)
    (alert,) = told(day, "PREFILL_CHECK_MISSING", on)
    assert (alert["status"], alert["raised_at"]) == ("suspected", day.clock.isoformat())
    day.after(hours=1)
    assert told(day, "PREFILL_CHECK_MISSING", on) == [alert]


@pytest.mark.parametrize("when", ["at once", "as the tick comes", "as it is told"])
def test_a_worker_killed_around_the_moment_tells_it_and_says_the_same(day: Day, when: str) -> None:
    on = {"at once": 10, "as the tick comes": 11, "as it is told": 12}[when]
    day.post(day.scan("bind", on), day.scan("fill", on, net_kg=14.5))
    day.after(minutes=14)
    day.clock += timedelta(minutes=2)
    day.post_look_up()
    if when == "as the tick comes":
        harness.until("the tick", lambda: newest_tick(day) == day.clock.isoformat())
    elif when == "as it is told":
        harness.until("the alert", lambda: told(day, "PREFILL_CHECK_MISSING", on))
    kill(day.up, "worker")
    day.until_past()
    day.after(hours=1)
    first, *again = told(day, "PREFILL_CHECK_MISSING", on)
    assert all(alert == first for alert in again), "what is told again says the same"


def newest_tick(day: Day) -> str:
    ticks = [r for r in harness.read_topic(day.up.settings.broker, topics.SCANS.name) if r.key() is None]
    received: str = max(json.loads(tick.value())["received"] for tick in ticks)
    return received


def test_a_timer_is_told_once_over_a_crash_and_resolved_by_the_next_move(day: Day) -> None:
    load_full(day, 20)
    day.after(hours=24)
    assert told(day, "FILLED_DWELL", 20) == []
    kill(day.up, "worker")
    day.after(minutes=1)
    (alert,) = told(day, "FILLED_DWELL", 20)
    assert (alert["status"], alert["type"]) == ("suspected", "load")
    kill(day.up, "worker")
    day.post(day.scan("unload", 20, vehicle="V1"))
    day.after(minutes=1)
    assert [(one["alert_id"], one["status"]) for one in told(day, "FILLED_DWELL", 20)] == [
        (alert["alert_id"], "suspected"), (alert["alert_id"], "resolved"),
    ]  # fmt: skip


def test_a_backlog_fires_nothing_that_it_answers_itself(day: Day) -> None:
    load_full(day, 30)
    load_full(day, 31)
    day.after(hours=23, minutes=30)
    os.kill(day.up.services.pid("worker"), signal.SIGSTOP)
    day.clock += timedelta(minutes=10)
    day.post(day.scan("unload", 30, vehicle="V1"))
    load_full(day, 140, "V2")
    load_full(day, 141, "V2")  # one more than approved; of the same partition, so that the order is kept
    day.clock += timedelta(minutes=10)
    day.post(day.scan("unload", 141, vehicle="V2"))
    day.clock += timedelta(minutes=100)
    day.post_look_up()
    harness.until("the ticks of two hours on", lambda: newest_tick(day) == day.clock.isoformat())
    kill(day.up, "worker")
    day.until_past()
    assert told(day, "FILLED_DWELL", 30) == []
    assert len(told(day, "FILLED_DWELL", 31)) == 1, "what the backlog does not answer"
    assert [told(day, "VEHICLE_UNLICENSED", on) for on in (140, 141)] == [[], []]


def test_the_live_worker_told_what_one_run_of_judge_tells(day: Day) -> None:
    assert harness.assert_as_judge_says(day.up.settings.broker, CITY) > 10
