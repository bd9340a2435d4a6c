"""`pingliu up` as an operator runs it: a broker of one's own, and an end in order."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.kafka import harness
from tests.stream.scans import bind

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "stream.cli", *arguments]


def children_of(pid: int) -> list[str]:
    listed = subprocess.run(["ps", "-eo", "ppid=,pid=,stat="], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if line.split()[0] == str(pid) and not line.split()[2].startswith("Z")]


def status(url: str) -> int | None:
    try:
        return httpx.get(url, timeout=5).status_code
    except httpx.TransportError:
        return None


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_up_serves_and_ends_with_all_its_children(ending: signal.Signals, kafka: str, tmp_path: Path) -> None:
    settings = harness.settings(kafka, tmp_path)
    up = subprocess.Popen(
        command("up"), env=os.environ | settings.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    ports = (settings.gateway_port, settings.worker_port, settings.query_port)

    def answering(path: str) -> list[int]:
        return [port for port in ports if status(f"http://127.0.0.1:{port}/{path}") == 200]

    try:
        harness.until("every service to be ready", lambda: len(answering("readyz")) == len(ports))
        assert httpx.post(f"http://127.0.0.1:{settings.gateway_port}/v1/scans", json=bind(1)).status_code == 202
        assert children_of(up.pid)
        up.send_signal(ending)
        code = up.wait(60)
    finally:
        up.kill()
    assert code == (-signal.SIGKILL if ending is signal.SIGKILL else 0)
    harness.until("every service to be gone", lambda: not answering("healthz"))


def test_the_demo_refuses_a_cluster_that_holds_scans(kafka: str, tmp_path: Path) -> None:
    with harness.stack(kafka, tmp_path) as running:
        harness.post(running, bind(1))
    demo = subprocess.run(
        command("demo", "--broker", kafka), capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path
    )
    assert demo.returncode == 2
    assert "holds scans already" in demo.stderr
