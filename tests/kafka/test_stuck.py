"""A worker that stands still while its heartbeats go on ends, says so, and is started again."""

from pathlib import Path

import httpx
import pytest

from stream.fault_points import FaultPoint
from tests.kafka import harness
from tests.kafka.faults import Faults
from tests.kafka.test_crashes import assert_whole, history

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def commit_age(worker: str) -> float:
    lines = httpx.get(f"{worker}/metrics", timeout=10).text.splitlines()
    return float(next(line for line in lines if line.startswith("pingliu_worker_commit_age_seconds")).split()[1])


def test_a_stuck_worker_ends_and_is_started_again(kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = Faults(monkeypatch, tmp_path)
    with harness.stack(kafka, tmp_path, stuck_seconds=4) as up:
        batches = history(1_000)
        harness.post_until_taken(up, next(batches))
        harness.until("the worker to commit", lambda: commit_age(up.worker) < 3)
        faults.arm(FaultPoint.TOLD, "hang")
        for batch in batches:
            harness.post_until_taken(up, batch)
        harness.until("the worker to be started again", lambda: up.services.restarts("worker") == 1)
        said = (tmp_path / "logs" / "worker.log").read_text()
        assert "stuck: scans[" in said or "stuck: holders[" in said
        assert "this worker ends" in said
        assert "fault_points.py" in said, "every thread's stack: where it hung"
        assert_whole(up)
        assert up.services.restarts("worker") == 1, "one that judges is left alone"
