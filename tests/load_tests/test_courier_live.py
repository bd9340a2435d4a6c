"""The courier's app killed in mid-upload, against a real gateway and Kafka: each scan is in the log, in its order."""

import json
import random
import subprocess
import sys
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from stream import topics
from tests.kafka import harness
from tests.kafka.day import Day
from tests.stream.scans import bind, scan

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

FIRST, SCANS, KILLS = 1000, 1500, 6
BAD = 1030  # the gateway never takes it


def made(number: int) -> dict[str, Any]:
    """Deliveries and returns of forty cylinders."""
    kind = "deliver" if number // 40 % 2 else "collect"
    data = {"customer": "C1"} | ({"vehicle": "V1"} if kind == "deliver" else {})
    one = scan(number, kind, on=number % 40, device="D-co1", **data)
    return one | ({"data": {"customer": 5}} if number == BAD else {})


def test_an_app_killed_again_and_again_gets_all_its_scans_into_kafka_in_order(kafka: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "load_tests.courier", str(tmp_path / "phone.db")]
    lines = tmp_path / "scans.jsonl"
    lines.write_text("".join(f"{json.dumps(made(number))}\n" for number in range(FIRST, FIRST + SCANS)))
    subprocess.run([*command, "add", str(lines)], check=True)
    rng, codes = random.Random(7), []
    with harness.stack(kafka, tmp_path / "stack") as up:
        harness.post(up, [bind(number, number) for number in range(40)])
        while not codes or codes[-1] < 0:
            upload = [*command, "upload", up.gateway, "--batch", "25"]
            with subprocess.Popen(upload, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
                assert process.stdout is not None
                # After some answers the next request is somewhere on its way.
                for _ in range(rng.randint(2, 6) if len(codes) < KILLS else SCANS):
                    if not process.stdout.readline():
                        break
                if len(codes) < KILLS:
                    process.kill()
            codes.append(process.returncode)
        assert codes == [-9] * KILLS + [0], "the rejected one was told before"
        shown = subprocess.run([*command, "status"], capture_output=True, text=True, check=True).stdout
        assert shown.startswith("0 wait, 1 rejected\ndata.customer: ")
        last = httpx.get(f"{up.gateway}/v1/devices/D-co1/last").json()
        assert last["scan_id"] == made(FIRST + SCANS - 1)["scan_id"]
        day = Day(up)
        day.clock = datetime.fromisoformat(last["received"])
        day.after(days=3)  # all waits are over, whichever partition's clock they ran by
        told = harness.verdicts(kafka)
        assert harness.assert_as_judge_says(kafka) >= SCANS
    arrived: dict[int, list[str]] = defaultdict(list)
    for record in harness.read_topic(kafka, topics.SCANS.name):
        one = json.loads(record.value())
        if one.get("device") == "D-co1":
            if one["scan_id"] in arrived[record.partition()]:
                assert told[record.partition(), record.offset()]["duplicate"]
            else:
                arrived[record.partition()].append(one["scan_id"])
    wanted = [made(number)["scan_id"] for number in range(FIRST, FIRST + SCANS) if number != BAD]
    assert sorted(scan_id for scan_ids in arrived.values() for scan_id in scan_ids) == wanted
    assert all(scan_ids == sorted(scan_ids) for scan_ids in arrived.values())
