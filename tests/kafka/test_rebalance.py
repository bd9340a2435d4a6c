"""A second worker comes, freezes, dies and comes back: what waits and what runs out is told once by whoever has it then."""

import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from stream.local.processes import free_port
from stream.up import READY_SECONDS, Stack, command
from tests.kafka import harness
from tests.kafka.day import CITY, CREW, Day, kill
from tests.stream.scans import label

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

SECOND = "worker-1"
UNCHECKED, STANDING, HELD = range(8), range(10, 18), range(20, 23)


def second_worker(up: Stack) -> str:
    """Start another worker, wait until it has partitions of its own, and say where it tells how it is."""
    port = free_port()
    own = up.settings.model_copy(update={"member": SECOND, "worker_port": port})
    url = f"http://{own.host}:{port}"
    up.services.add(SECOND, command("worker"), env=own.environment(), ready_url=f"{url}/readyz")
    up.services.start()
    up.services.wait_ready(READY_SECONDS)
    return url


def judged(url: str) -> float:
    """How many scans a worker has judged in this life."""
    lines = httpx.get(f"{url}/metrics", timeout=10).text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("pingliu_worker_judged_scans_total"))


def told(broker: str, code: str) -> dict[str, set[int]]:
    """By label, how often one authority heard of a rule."""
    alerts = [alert for alert in harness.alerts(broker) if alert["code"] == code]
    heard = Counter((alert["label"], alert["alert_id"]) for alert in alerts)
    whom = {alert["alert_id"]: len(alert["to"]) + len(alert["cc"]) for alert in alerts}
    return {on: {heard[on, one] // whom[one] for label, one in heard if label == on} for on, _ in heard}


def test_each_is_told_once_whoever_has_the_partition(kafka: str, tmp_path: Path) -> None:
    with harness.stack(kafka, tmp_path, CITY) as up:
        day = Day(up)
        once: Callable[..., dict[str, set[int]]] = lambda *some: {label(on): {1} for on in some}  # noqa: E731
        day.post(*(day.scan("bind", on) for on in (*UNCHECKED, *STANDING, *HELD)))
        for on in STANDING:
            day.post(
                day.scan("precheck", on, passed=True), day.scan("fill", on, net_kg=14.5),
                day.scan("postcheck", on, passed=True), day.scan("load", on, vehicle="V1", **CREW),
            )  # fmt: skip
        for on in HELD:
            day.after(seconds=1)  # of several partitions the second key knows no order but that of the clock
            day.post(day.scan("deliver", on, device="D-co1", customer="R0"))
        day.post(*(day.scan("fill", on, net_kg=14.5) for on in UNCHECKED))
        day.until_past()

        url = second_worker(up)
        day.after(minutes=15)
        assert told(kafka, "PREFILL_CHECK_MISSING") == {}, "their moment is now and not past"
        day.after(seconds=1)
        assert told(kafka, "PREFILL_CHECK_MISSING") == once(*UNCHECKED)
        day.post(*(day.scan("postcheck", on, passed=True) for on in (*UNCHECKED, *STANDING)))
        day.until_past()
        assert judged(url) > 0, "the second worker has its share"

        os.kill(up.services.pid(SECOND), signal.SIGSTOP)  # until its session is over, and the first one has all
        day.after(hours=24)
        assert told(kafka, "FILLED_DWELL") == once(*STANDING)
        assert told(kafka, "USER_EXCESS_HOLDING") == once(HELD[-1])

        kill(up, SECOND)  # it is started again, and given partitions once more
        up.services.wait_ready(READY_SECONDS)
        day.after(days=2)
        day.after(minutes=1)
        assert told(kafka, "CYLINDER_MISSING") == once(*STANDING)
        for code, some in (("PREFILL_CHECK_MISSING", UNCHECKED), ("FILLED_DWELL", STANDING)):
            assert told(kafka, code) == once(*some), "and not once more by who came later"
        assert harness.assert_as_judge_says(kafka, CITY) > 50
