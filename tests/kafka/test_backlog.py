"""Two hours without a worker, through a real broker: what the backlog answers is never told, all else once."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from processors.times import instant
from tests.kafka import harness
from tests.kafka.day import CREW, Day, kill
from tests.kafka.test_time import load_full, newest_tick
from tests.stream.scans import label

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

# By cylinder: full in a vehicle since 23 and a half hours; and what the backlog brings.
STANDING, UNLOADED = (0, 2, 4), (1, 3, 5)
CHECKED_AFTER_ALL, UNCHECKED = (8, 9), (10, 11)
LOADED_AFTER_ALL, NEVER_FILLED, TAKEN_BACK, NO_POSTCHECK = 12, 13, 14, 15


@pytest.fixture
def day(kafka: str, tmp_path: Path) -> Iterator[Day]:
    with harness.stack(kafka, tmp_path) as running:
        yield Day(running)


def made_before(day: Day, minutes: float, type: str, on: int, **data: Any) -> dict[str, Any]:
    """A scan that arrives now and was made so long ago."""
    one = day.scan(type, on, **data)
    made = datetime.fromisoformat(one["time"]) - timedelta(minutes=minutes)
    return one | {"time": made.isoformat()}


def told(day: Day) -> Counter[str]:
    """How often each is told. A record to several authorities is one; so is one told again to the letter after a crash."""
    records = {
        (one["alert_id"], one["status"], one["raised_at"]): f"{one['label']} {one['code']} {one['status']}"
        for one in harness.alerts(day.up.settings.broker)
    }
    return Counter(records.values())


def backlog(day: Day) -> None:
    """Some forty minutes of scans."""
    day.clock += timedelta(minutes=10)
    day.post(*(day.scan("unload", on, vehicle="V1") for on in UNLOADED))
    day.post(*(day.scan("fill", on, net_kg=14.5) for on in (*CHECKED_AFTER_ALL, *UNCHECKED)))
    day.clock += timedelta(minutes=10)
    day.post(*(made_before(day, 15, "precheck", on, passed=True) for on in CHECKED_AFTER_ALL))
    day.post(*(day.scan("deliver", on, device="D-co1", customer="C1") for on in (LOADED_AFTER_ALL, NEVER_FILLED)))
    kill(day.up, "gateway")
    day.clock += timedelta(minutes=14)
    on = LOADED_AFTER_ALL
    day.post(
        made_before(day, 30, "precheck", on, passed=True), made_before(day, 29, "fill", on, net_kg=14.5),
        made_before(day, 28, "postcheck", on, passed=True), made_before(day, 27, "load", on, vehicle="V1", **CREW),
    )  # fmt: skip
    over, on = day.scan("fill", TAKEN_BACK, net_kg=16.0), NO_POSTCHECK
    day.post(over, day.scan("precheck", on, passed=True), day.scan("fill", on, net_kg=14.5))
    day.clock += timedelta(minutes=5)
    taken = {"device": over["device"], "scan_id": over["scan_id"], "reason": "wrong cylinder"}
    day.post(day.scan("void", TAKEN_BACK, device="D-of1") | {"data": taken}, day.scan("load", on, vehicle="V1", **CREW))


def test_two_hours_of_backlog_tell_nothing_that_they_answer(day: Day) -> None:
    for on in (*STANDING, *UNLOADED):
        load_full(day, on)
    day.post(*(day.scan("bind", on) for on in range(8, 16)))
    day.after(hours=23, minutes=30)
    assert told(day) == Counter()
    os.kill(day.up.services.pid("worker"), signal.SIGSTOP)
    end = day.clock + timedelta(hours=2)
    backlog(day)
    day.clock = end
    day.post_look_up()
    now = instant(end)
    harness.until("the ticks of two hours on", lambda: instant(datetime.fromisoformat(newest_tick(day))) == now)
    kill(day.up, "worker")
    day.until_past()
    standing = {f"{label(on)} FILLED_DWELL suspected" for on in STANDING}
    unchecked = {f"{label(on)} PREFILL_CHECK_MISSING suspected" for on in UNCHECKED}
    assert told(day) == Counter(
        standing
        | unchecked
        | {
            f"{label(NEVER_FILLED)} DELIVER_WITHOUT_FILL suspected",
            f"{label(TAKEN_BACK)} OVERFILL suspected",
            f"{label(TAKEN_BACK)} OVERFILL retracted",
            f"{label(NO_POSTCHECK)} POSTFILL_CHECK_MISSING suspected",
        }
    )
    assert harness.assert_as_judge_says(day.up.settings.broker) > 50
