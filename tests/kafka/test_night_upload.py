"""A night upload on the real stack: 2,000 scans of 200 cylinders, late and in any order, end as they do in order.

So they do in Kafka and in ClickHouse, though gateway, worker and sink are each killed on the way.
"""

import asyncio
import json
import os
import random
import signal
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from load_tests.courier import Courier, Queue
from processors.registry import parse_row
from processors.replay import Replay
from processors.times import instant
from stream import topics
from stream.up import Stack
from tests.kafka import harness
from tests.kafka.day import Day
from tests.oracle.cylinders import good_label
from tests.oracle.histories import History
from tests.stream.scans import PARAMETERS

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

CYLINDERS, SCANS, LONGEST = 200, 2000, 12
WINDOW = timedelta(hours=72)
Scan = dict[str, Any]


def lives(history: History) -> dict[str, list[Scan]]:
    """The scans of each label as they were accepted; aliases and new labels, which count from arrival, are left out."""
    found: dict[str, list[Scan]] = defaultdict(list)
    for line, answers in zip(history.lines, history.outputs, strict=False):
        answer = answers[-1]
        if "rejected" in answer or answer.get("duplicate") or answer["type"] in ("lookup", "home_check"):
            continue
        scan = json.loads(line)
        if not scan.get("dry_run"):
            data = {name: one for name, one in scan.get("data", {}).items() if name not in ("aliases", "replaces")}
            found[answer["label"]].append(scan | {"data": data})
    return found


def cylinders(history: History, rng: random.Random) -> Iterator[list[Scan]]:
    """Lives of at most `LONGEST` scans. A long one is cut into those of several cylinders, each bound as the first was."""
    for scans in lives(history).values():
        bind = next((scan for scan in scans if scan["type"] == "bind"), None)
        for start in range(0, len(scans), LONGEST - 1):
            piece = scans[start : start + LONGEST - 1]
            if bind and start and rng.random() < 0.95:
                again = bind | {"scan_id": f"{bind['scan_id'][:50]}-{start:04d}", "time": piece[0]["time"]}
                piece = [again, *piece]
            label = good_label(rng)
            yield [scan | {"label": label} for scan in piece]


def night_upload(seed: int) -> tuple[list[dict[str, Any]], list[Scan], datetime]:
    """Registry rows, scans of three days that one night brings in, and when that night is."""
    history, rng = History(seed, 4500, disorder=False), random.Random(seed)
    rows = [{name: value for name, value in row.items() if name != "received"} for row in history.rows]
    # Few that were never bound: one code would be all there is to say of them.
    longest = sorted(cylinders(history, rng), key=lambda one: (one[0]["type"] == "bind", len(one)), reverse=True)
    scans = rng.sample([scan for piece in longest[:CYLINDERS] for scan in piece], SCANS)
    moments = [datetime.fromisoformat(scan["time"]) for scan in scans]
    first = min(moments)
    share = (WINDOW - timedelta(minutes=1)) / max(max(moments) - first, WINDOW)  # years become three days
    night = first + WINDOW + timedelta(hours=1)
    return rows, [
        scan | {"time": (first + (moment - first) * share).isoformat(), "received": night.isoformat()}
        for scan, moment in zip(scans, moments, strict=True)
    ], night  # fmt: skip


def upload(up: Stack, scans: list[Scan], seed: int) -> None:
    """Each device uploads what it has in an order of its own, all at the same time and in requests of differing sizes.

    Before each quarter of the scans one of the processes is killed.
    """
    rng, by_device = random.Random(seed), defaultdict(list)
    victims, taken = ["worker", "gateway", "sink"], 0
    for scan in rng.sample(scans, len(scans)):
        by_device[scan["device"]].append(json.dumps(scan).encode())

    async def one(bodies: list[bytes], most: int) -> None:
        queue = Queue(":memory:")
        queue.add(*bodies)
        async with httpx.AsyncClient(base_url=up.gateway, timeout=30, trust_env=False) as client:
            courier = Courier(queue, client, most=most)
            while settled := await courier.upload_batch():
                assert not settled.rejected
                nonlocal taken
                taken += len(settled.scans)
                if victims and taken > len(scans) * (4 - len(victims)) / 4:
                    os.kill(up.services.pid(victims.pop(0)), signal.SIGKILL)
        queue.close()

    async def everyone() -> None:
        await asyncio.gather(*(one(bodies, rng.randrange(1, 80)) for bodies in by_device.values()))

    asyncio.run(everyone())


def let_pass(up: Stack, device: str, clock: datetime) -> None:
    """Let the arrival clock go on, and wait until all that comes of it stands."""
    day = Day(up)
    day.clock = clock
    day.post(day.scan("lookup", 999, device=device))
    day.until_past()


def verdict_of(told: Scan) -> Scan:
    """What is compared of a verdict, whether it stood at first or was revised."""
    return {name: told[name] for name in ("label", "decision", "violations", "prevented", "late")}


def final_verdicts(broker: str) -> dict[tuple[str, str], Scan]:
    """By device and scan_id the verdict's last revision, read from the bus."""
    plain = {"decision": "allow", "violations": [], "prevented": [], "late": False}
    revisions: dict[tuple[int, int], dict[int, Scan]] = defaultdict(dict)
    for record in harness.read_topic(broker, topics.VERDICTS.name):
        for one in json.loads(record.value())["verdicts"]:
            revisions[record.partition(), one["offset"]][one.get("revision", 0)] = one
    found = {}
    for record, scan in logged(broker):
        told = revisions.get((record.partition(), record.offset()), {})
        if told.get(0, {}).get("duplicate"):  # posted again when the gateway was killed
            continue
        last = told[max(told)] if told else plain | {"label": scan["label"]}
        found[scan["device"], scan["scan_id"]] = verdict_of(last)
    return found


def logged(broker: str) -> list[tuple[Any, Scan]]:
    """The scans of the log but the look-ups, with their records."""
    log = [(record, json.loads(record.value())) for record in harness.read_topic(broker, topics.SCANS.name)]
    return [(record, scan) for record, scan in log if scan["type"] not in ("tick", "lookup")]


def archived_verdicts(up: Stack, labels: set[str]) -> dict[tuple[str, str], Scan]:
    """By device and scan_id the verdict as the query service tells it, of all scans but the look-ups."""
    rows = [row for label in labels for row in harness.archived(up, label) if row["scan"]["type"] != "lookup"]
    found = {(row["scan"]["device"], row["scan"]["scan_id"]): verdict_of(row["verdict"]) for row in rows}
    assert len(found) == len(rows), "each scan once"
    return found


def standing(records: list[Scan]) -> dict[str, Scan]:
    """By alert_id what stands. 27, 28 and the number of 31 count from arrival (domain.md 5.3), and are left out."""
    alerts = {}
    for alert in records:
        counted = alert["code"] == "VEHICLE_UNLICENSED" and "approved" in alert["evidence"]
        if not counted and alert["code"] not in ("USER_EXCESS_HOLDING", "ABNORMAL_PURCHASE"):
            alerts[alert["alert_id"]] = alert
    return {
        key: {name: value for name, value in alert.items() if name not in ("raised_at", "reason")}
        for key, alert in alerts.items()
        if alert["status"] != "retracted"
    }


def in_order(rows: list[Scan], scans: list[Scan], end: datetime) -> tuple[dict[tuple[str, str], Scan], dict[str, Scan]]:
    """The final verdicts and the standing alerts of the same scans, in order of time, by one run of `judge`."""
    replay = Replay([parse_row(json.dumps(row).encode()) for row in rows], PARAMETERS)  # type: ignore[misc] # they are right
    scans = sorted(scans, key=lambda one: (datetime.fromisoformat(one["time"]), one["device"], one["scan_id"]))
    device_of = {scan["scan_id"]: scan["device"] for scan in scans}
    assert len(device_of) == len(scans), "so that a revision is known by its scan_id alone"
    told: dict[tuple[str, str], Scan] = {}
    alerts: list[Scan] = []
    for answer in [json.loads(answer.line()) for scan in scans for answer in replay.take(json.dumps(scan).encode())]:
        alerts += answer.get("alerts", [])
        if answer.get("type") != "timer":
            verdict = answer.get("verdict", answer)
            told[device_of[verdict["scan_id"]], verdict["scan_id"]] = verdict_of(verdict)
    if fell_due := replay.advance(instant(end)):
        alerts += json.loads(fell_due.line())["alerts"]
    return told, standing(alerts)


@pytest.mark.parametrize("seed", [5])
def test_a_night_upload_in_any_order_ends_as_it_does_in_order(kafka: str, tmp_path: Path, seed: int) -> None:
    rows, scans, night = night_upload(seed)
    end = night + timedelta(days=3)
    with harness.stack(kafka, tmp_path, rows) as up:
        upload(up, scans, seed)
        let_pass(up, scans[0]["device"], end)
        entered = [*{(scan["device"], scan["scan_id"]): scan for _, scan in logged(kafka)}.values()]
        verdicts, alerts = final_verdicts(kafka), standing(harness.alerts(kafka))
        labels = {scan["label"] for scan in entered}
        harness.until("the archive to say the same", lambda: archived_verdicts(up, labels) == verdicts)
    assert len({scan["label"] for scan in entered}) == CYLINDERS
    assert {(one["device"], one["scan_id"]) for one in entered} == {(one["device"], one["scan_id"]) for one in scans}
    wanted, wanted_alerts = in_order(rows, entered, end)
    assert verdicts == wanted
    assert alerts == wanted_alerts
    assert len({alert["code"] for alert in alerts.values()}) > 20, "most rules have something to say"
