"""The demo as a newcomer runs it: scans over HTTP, alerts in Kafka, a trace out of ClickHouse, nothing left behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def test_the_demo_finds_all_that_was_planted_and_traces_the_accident(tmp_path: Path) -> None:
    environment = {"TMPDIR": str(tmp_path), "COLUMNS": "160"}
    demo = subprocess.run(
        [sys.executable, "-m", "stream.cli", "demo", "--seconds", "8"],
        env=os.environ | environment, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    shown = demo.stdout + demo.stderr
    assert demo.returncode == 0, shown
    (total,) = [line.split() for line in demo.stdout.splitlines() if line.startswith("│ all ")]
    planted, found, missed, false = (int(figure) for figure in total if figure.isdigit())
    assert (found, missed, false) == (planted, 0, 0)
    assert planted >= 33, "at least three of each of eleven rules"
    assert "事故 incident" in demo.stdout
    assert "INCIDENT_REPORTED" in demo.stdout
    assert list(tmp_path.glob("pingliu-demo-*")) == [], "the demo's directory stays behind"
    assert still_running(tmp_path) == []


def still_running(home: Path) -> list[str]:
    """The command lines of processes that name this directory."""
    listed = subprocess.run(["ps", "-eww", "-o", "args="], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if str(home) in line and "pytest" not in line]
