"""The demo as a newcomer runs it: scans over HTTP, alerts in Kafka, a trace out of ClickHouse, nothing left behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def test_the_demo_finds_all_that_was_planted_and_traces_the_accident(tmp_path: Path) -> None:
    environment = {"TMPDIR": str(tmp_path), "COLUMNS": "160"}
    demo = subprocess.run(
        [sys.executable, "-m", "stream.cli", "demo", "--seconds", "8", "--json"],
        env=os.environ | environment, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    shown = demo.stdout + demo.stderr
    assert demo.returncode == 0, shown
    answer = json.loads(demo.stdout)  # and nothing else on stdout
    assert (answer["good"], answer["traced"]) == (True, True)
    (total,) = [line.split() for line in demo.stderr.splitlines() if line.startswith("│ all ")]
    planted, found, missed, false = (int(figure) for figure in total if figure.isdigit())
    assert (found, missed, false) == (planted, 0, 0)
    assert planted == sum(rule["planted"] for rule in answer["rules"]) >= 33, "at least three of each of eleven rules"
    assert "事故 incident" in demo.stderr
    assert "INCIDENT_REPORTED" in demo.stderr
    assert "\x1b" not in shown
    assert list(tmp_path.glob("pingliu-demo-*")) == [], "the demo's directory stays behind"
    assert still_running(tmp_path) == []


def still_running(home: Path) -> list[str]:
    """The command lines of processes that name this directory."""
    listed = subprocess.run(["ps", "-eww", "-o", "args="], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if str(home) in line and "pytest" not in line]
