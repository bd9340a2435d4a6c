"""The product's own processes for the rows that need more than the worker: started, and ready."""

import http.client
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from load_tests.bench.process import Process
from load_tests.bench.programs import paths
from load_tests.bench.run import PATIENCE_S, RunError
from load_tests.bench.setting import Setting

_LOOKS_S = 0.25  # seldom: to be asked every 10 ms made a restore take a fifth longer


@contextmanager
def gateway(setting: Setting) -> Iterator[Process]:
    """`pingliu gateway --insecure-devices`, ready."""
    with _service(setting, "gateway", setting.settings.gateway_port, "--insecure-devices") as process:
        yield process


@contextmanager
def worker(setting: Setting) -> Iterator[Process]:
    """`pingliu worker`, judging."""
    with _service(setting, "worker", setting.settings.worker_port) as process:
        yield process


def is_ready(host: str, port: int) -> bool:
    """Whether /readyz answers 200."""
    connection = http.client.HTTPConnection(host, port, timeout=2.0)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def until_ready(process: Process, host: str, port: int, seconds: float) -> None:
    """Wait for it. Raises EndedError, RunError."""
    deadline = time.monotonic() + seconds
    while not is_ready(host, port):
        process.must_run()
        if time.monotonic() > deadline:
            raise RunError(f"not ready in {seconds:.0f} s\n{process.log_tail}")
        time.sleep(_LOOKS_S)


@contextmanager
def _service(setting: Setting, name: str, port: int, *flags: str) -> Iterator[Process]:
    command = (sys.executable, "-m", "stream.cli", name, *flags)
    environment = setting.settings.environment() | paths()
    with Process(command, environment, setting.folder / f"{name}.log") as process:
        until_ready(process, setting.settings.host, port, PATIENCE_S)
        yield process
