"""What the demo sees of the stack from outside: alerts in Kafka, the city's own report, the worker's metrics."""

import json
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from stream import topics
from stream.alerts_tail import follow
from stream.settings import Settings

_LATEST = 12


class AlertWatch:
    """Reads every authority's topic from the beginning, in a thread of its own."""

    def __init__(self, settings: Settings) -> None:
        self.latest: deque[dict[str, Any]] = deque(maxlen=_LATEST)
        self.seen: dict[str, dict[str, Any]] = {}  # by alert_id: the last record stands
        self.records = 0
        self.failure: Exception | None = None
        self._quiet = threading.Event()
        self._stop = threading.Event()
        self._settings = settings
        self._thread = threading.Thread(target=self._read, name="alert-watch", daemon=True)

    @contextmanager
    def watching(self) -> Iterator["AlertWatch"]:
        """Read while the block runs."""
        self._thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            self._thread.join()

    def read_to_end(self, timeout: float) -> None:
        """Wait until nothing new comes: all that is in Kafka has been seen."""
        self._quiet.clear()
        if not self._quiet.wait(timeout):
            raise TimeoutError(f"alerts were still coming after {timeout:.0f} s")
        if self.failure is not None:
            raise self.failure

    def _read(self) -> None:
        try:
            for alert in follow(self._settings, list(topics.AUTHORITIES), from_beginning=True):
                if self._stop.is_set():
                    return
                if alert is None:
                    self._quiet.set()
                    continue
                self.records += 1
                if alert["alert_id"] not in self.seen:
                    self.latest.append(alert)
                self.seen[alert["alert_id"]] = alert
        except Exception as error:
            self.failure = error
            self._quiet.set()


class City:
    """The simulated city as a process: its report is a JSON line each half second."""

    def __init__(self, argv: list[str]) -> None:
        self.report: dict[str, Any] = {}
        self._process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        self._thread = threading.Thread(target=self._read, name="city", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def finish(self) -> int:
        """Wait for its end; its exit code."""
        code = self._process.wait()
        self._thread.join()
        return code

    def stop(self) -> None:
        """End it now, if it still runs."""
        if self.running:
            self._process.terminate()
            self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.report = json.loads(line)


def metric_total(base: str, name: str) -> float:
    """The sum of a metric over its labels, as a process shows it at /metrics; 0 while it does not answer."""
    try:
        text = httpx.get(f"{base}/metrics", timeout=2).text
    except httpx.TransportError:
        return 0.0
    families = text_string_to_metric_families(text)
    return sum(sample.value for family in families for sample in family.samples if sample.name == name)
