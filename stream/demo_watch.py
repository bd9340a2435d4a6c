"""What the demo sees of the stack from outside: alerts in Kafka, the city's own report, the worker's metrics."""

import json
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from stream import topics
from stream.alerts_tail import follow
from stream.settings import Settings

_LATEST = 12
_RATE_REPORTS = 4  # the rate is that of the last two seconds


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
    """The simulated city as a process; what it says on stderr goes to `say`.

    Its report is a JSON line each half second, to which the `rate` of scans a second is added here.
    """

    def __init__(self, argv: list[str], say: Callable[[str], None]) -> None:
        self.report: dict[str, Any] = {}
        self._say = say
        self._process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._threads = [
            threading.Thread(target=read, name=f"city-{read.__name__}", daemon=True)
            for read in (self._read, self._listen)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def finish(self) -> int:
        """Wait for its end; its exit code."""
        code = self._process.wait()
        for thread in self._threads:
            thread.join()
        return code

    def stop(self) -> None:
        """End it now, if it still runs."""
        if self.running:
            self._process.terminate()
            self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        seen = deque([(time.monotonic(), 0)], maxlen=_RATE_REPORTS)
        with self._process.stdout as lines:
            for line in lines:
                report = json.loads(line)
                (began, before), (now, sent) = seen[0], (time.monotonic(), report["sent"])
                seen.append((now, sent))
                self.report = report | {"rate": (sent - before) / max(now - began, 0.001)}

    def _listen(self) -> None:
        # Not straight to the terminal: under a live screen a line of another process tears it.
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            for line in lines:
                self._say(line.rstrip())


def metric_total(base: str, name: str) -> float:
    """The sum of a metric over its labels, as a process shows it at /metrics; 0 while it does not answer."""
    try:
        text = httpx.get(f"{base}/metrics", timeout=2).text
    except httpx.TransportError:
        return 0.0
    families = text_string_to_metric_families(text)
    return sum(sample.value for family in families for sample in family.samples if sample.name == name)
