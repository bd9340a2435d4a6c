"""The commands that speak to Kafka, on a real one: what they answer, and how they end."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from processors.model import encode
from stream import kafka as clients
from stream import topics
from stream.settings import Settings
from stream.terminal import Exit
from tests.stream.scans import ROWS

pytestmark = pytest.mark.kafka
ROOT = Path(__file__).parents[2]
ALERT = {
    "alert_id": "a1", "code": "OVERFILL", "title": {"zh": "超装", "en": "Filled over the maximum"}, "severity": "critical",
    "status": "suspected", "time": "2026-11-23T10:15:30+08:00", "label": "0690123456789200047A2Y", "districts": ["330212"],
    "responsible": {"kind": "enterprise", "id": "E1", "name": "甬城燃气"},
}  # fmt: skip


def pingliu(broker: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stream.cli", *arguments, "--broker", broker]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, check=False, timeout=120, env={"PYTHONPATH": str(ROOT)}
    )


def test_more_copies_than_brokers_are_refused_in_a_line(kafka: str, tmp_path: Path) -> None:
    refused = pingliu(kafka, "topics", "--replication", "3", cwd=tmp_path)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (Exit.AWAY, "", 1)
    for part in (kafka, "scans", "eplication factor"):
        assert part in refused.stderr


def test_topics_says_which_it_made_and_which_were_there(kafka: str, tmp_path: Path) -> None:
    first = pingliu(kafka, "topics", "--partitions", "3", "--json", cwd=tmp_path)
    assert json.loads(first.stdout) == {"made": [topic.name for topic in topics.ALL], "there": []}, first.stderr
    assert clients.partition_count(Settings(broker=kafka), topics.SCANS.name) == 3
    again = pingliu(kafka, "topics", cwd=tmp_path)
    assert again.stdout == f"made 0 of {len(topics.ALL)} topics: all were there\n"


def test_a_registry_is_loaded_and_counted(kafka: str, tmp_path: Path) -> None:
    file = tmp_path / "registry.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    loaded = pingliu(kafka, "registry", "load", str(file), "--json", cwd=tmp_path)
    assert json.loads(loaded.stdout) == {"file": str(file), "rows": len(ROWS)}, loaded.stderr
    assert loaded.stderr == ""


def test_alerts_are_printed_as_they_come_and_ctrl_c_ends_it(kafka: str, tmp_path: Path) -> None:
    settings = Settings(broker=kafka, partitions=3)
    clients.make_topics(settings)
    producer = clients.producer(settings)
    producer.produce(topics.ALERTS["fire-rescue"].name, value=encode(ALERT), key=b"330212")
    assert producer.flush(30) == 0
    for flags, expected in (
        (["--json"], json.dumps(ALERT | {"authority": "fire-rescue"}, separators=(",", ":"), ensure_ascii=False)),
        ([], "critical 2026-11-23 10:15:30 OVERFILL 超装 · Filled over the maximum  0690123456789200047A2Y"),
    ):
        command = [sys.executable, "-m", "stream.cli", "alerts", "tail", "--from-beginning", "--broker", kafka, *flags]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, text=True,
            env={"PYTHONPATH": str(ROOT)},
        ) as tail:  # fmt: skip
            assert tail.stdout is not None
            assert tail.stdout.readline().startswith(expected)
            tail.send_signal(signal.SIGINT)
            _, told = tail.communicate(timeout=60)
        assert (tail.returncode, told) == (Exit.STOPPED, "")
