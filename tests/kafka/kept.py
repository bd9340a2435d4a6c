"""Checkpoints under test: what a stack has of them, what is restored from them, and that it is what the changelog says."""

import re
import time
from typing import Any

import httpx

from processors.holder import HolderPacking
from processors.packed import LedgerPacking
from stream import kafka as broker_of
from stream import topics
from stream.settings import Settings
from stream.tables import checkpoint
from stream.tables.partition import Partition
from stream.tables.restore import Restored, Source, restore
from stream.up import Stack
from tests.kafka import harness
from tests.kafka.day import Day, replace_label

TABLES = {
    topics.CYLINDERS_TABLE: (topics.CYLINDERS_CHANGELOG.name, LedgerPacking, None),
    topics.HOLDERS_TABLE: (topics.HOLDERS_CHANGELOG.name, HolderPacking, topics.HOLDERS.name),
}


def live_a_day(day: Day, first: int) -> None:
    """Cylinders bound, filled and delivered, one label replaced, a code nobody bound, and an overfill."""
    for on in range(first, first + 8):
        day.post(
            day.scan("bind", on), day.scan("precheck", on, passed=True), day.scan("fill", on, net_kg=14.5),
            day.scan("postcheck", on, passed=True), day.scan("deliver", on, device="D-co1", customer=f"R{on % 10}"),
        )  # fmt: skip
        day.after(minutes=1)
    replace_label(day, first, first + 8)
    day.post(day.scan("incident", first + 9, kind="leak"), day.scan("fill", first + 1, net_kg=16.0))
    day.after(hours=1)


def said(settings: Settings, name: str) -> float:
    """A metric of the worker; 0 where it has not been counted or is not reached."""
    try:
        page = httpx.get(f"http://{settings.host}:{settings.worker_port}/metrics", timeout=5).text
    except httpx.TransportError:
        return 0.0
    found = re.search(rf"^{re.escape(name)} (\S+)$", page, re.MULTILINE)
    return float(found[1]) if found else 0.0


def restored(settings: Settings, table: str, source: str) -> float:
    """How many partitions of a table a worker has restored, and from what."""
    return said(settings, f'pingliu_worker_restored_partitions_total{{source="{source}",table="{table}"}}')


def until_written(up: Stack) -> None:
    """Wait for a checkpoint of every partition of both tables, made after all that was posted."""
    written = 'pingliu_worker_checkpoints_total{outcome="written"}'
    since = time.time()

    def is_there() -> bool:
        found = [
            checkpoint.place(up.settings, changelog, partition)
            for changelog, _, _ in TABLES.values()
            for partition in range(up.settings.partitions)
        ]
        return all(path.exists() and path.stat().st_mtime > since for path in found)

    harness.until("all checkpoints to be written", is_there)
    assert said(up.settings, written) > 0


def read(settings: Settings, table: str, *, warm: bool) -> dict[int, Restored]:
    """A table's partitions as a worker with these settings would have them, from its checkpoints or without."""
    changelog, packing, log = TABLES[table]
    described = broker_of.describe(settings, changelog) if warm else None
    return dict(restore(Source(settings, changelog, packing, log), range(settings.partitions), described))


def contents(partitions: dict[int, Restored]) -> list[Any]:
    """All that they say and do."""
    return [
        (one.end, one.state.position, len(one.state.held), _states(one.state), _rings(one.state))
        for one in partitions.values()
    ]


def _states(state: Partition[Any]) -> dict[str, Any]:
    found = {name: state.get(name) for name in state}
    for one in found.values():
        if hasattr(one, "open"):
            one.open()
    return found


def _rings(state: Partition[Any]) -> dict[str, int]:
    moments = sorted({one.alarm for name in state if (one := state.get(name)) and one.alarm})
    rung: dict[str, int] = {}  # the first time: what does not move on when it rings may be given again
    for at in moments:
        rung = {key: at for key, _ in state.past(at + 1)} | rung
    return rung


def assert_warm_is_cold(settings: Settings) -> None:
    for table in TABLES:
        warm, cold = (read(settings, table, warm=warm) for warm in (True, False))
        assert all(one.warm for one in warm.values())
        assert not any(one.warm for one in cold.values())
        assert sum(one.tail for one in warm.values()) < sum(one.tail for one in cold.values())
        for one, other in zip(contents(warm), contents(cold), strict=True):
            for part, found in enumerate(one):
                assert found == other[part], f"{table}: the position, what is held, states or what rings differ"
    assert any(len(one.state) for one in warm.values())
