"""A stack under test in a time of its own, which the posts carry; and its state, as a worker would restore it."""

import itertools
import json
import os
import signal
from datetime import datetime, timedelta
from typing import Any

import httpx

from processors.holder import HolderPacking
from processors.packed import LedgerPacking
from processors.times import instant
from stream import topics
from stream.tables.partition import Partition
from stream.up import Stack
from tests.kafka import harness
from tests.stream.scans import LICENCE, ROWS, bind, label, scan

CREW = {"driver": "P3", "escort": "P4"}
CITY: list[dict[str, Any]] = [
    *ROWS,
    {"kind": "device", "id": "D-co2", "enterprise": "E2", "device_kind": "courier"},
    {"kind": "device", "id": "D-co3", "enterprise": "E3", "device_kind": "courier"},
    *({"kind": "customer", "id": f"R{n}", "customer_kind": "resident", "district": "330203"} for n in range(10)),
    *({"kind": "vehicle", "id": f"V1{n}", "enterprise": "E1", "permit": LICENCE, "max_cylinders": 1} for n in range(5)),
]


def states(broker: str, changelog: str) -> dict[int, Partition[Any]]:
    """The state of each partition, as a worker would restore it from that changelog."""
    packing: Any = HolderPacking if changelog == topics.HOLDERS_CHANGELOG.name else LedgerPacking
    latest: dict[int, dict[bytes, bytes | None]] = {}
    for record in harness.read_topic(broker, changelog):
        latest.setdefault(record.partition(), {})[record.key()] = record.value()
    return {
        partition: Partition.restored({key: value for key, value in found.items() if value is not None}, packing())
        for partition, found in latest.items()
    }


class Day:
    """Posts to a stack in a time of its own: what it posts is made and arrives at `clock`."""

    def __init__(self, up: Stack) -> None:
        self.up = up
        self.clock = datetime.fromisoformat("2026-11-20T08:00:00+08:00")
        self._numbers = itertools.count(1)

    def scan(self, type: str, on: int, *, device: str = "D-st1", **data: Any) -> dict[str, Any]:
        """A scan of a cylinder in good order, as it is made now."""
        number = next(self._numbers)
        one = bind(number, on) if type == "bind" else scan(number, type, on=on, device=device)
        # Of one arrival the order of making is that of posting: a cylinder's scans are ordered by when they were made.
        made = (self.clock + timedelta(microseconds=number)).isoformat()
        return one | {"time": made, "received": self.clock.isoformat(), "data": one["data"] | data}

    def post(self, *scans: dict[str, Any]) -> None:
        harness.post_until_taken(self.up, list(scans))

    def post_look_up(self) -> None:
        """A scan that does nothing: the gateway's ticks tell its arrival to every partition."""
        self.post(self.scan("lookup", 999))

    def after(self, **delta: float) -> None:
        """Let time go on, and wait until every partition of both keys has counted with it."""
        self.clock += timedelta(**delta)
        self.post_look_up()
        self.until_past()

    def until_past(self) -> None:
        """Wait until everything has happened that comes of the clock as it is: it stands in the changelogs."""
        now, broker, partitions = instant(self.clock), self.up.settings.broker, self.up.settings.partitions

        def past(changelog: str) -> bool:
            found = states(broker, changelog)
            return len(found) == partitions and all(state.position.clock >= now for state in found.values())

        for topic in (topics.CYLINDERS_CHANGELOG, topics.HOLDERS_CHANGELOG):
            harness.until(f"{topic.name} to be at {self.clock}", lambda changelog=topic.name: past(changelog))


def kill(up: Stack, name: str) -> None:
    """kill -9, and wait until it is started again."""
    restarts = up.services.restarts(name)
    os.kill(up.services.pid(name), signal.SIGKILL)
    harness.until(f"{name} to be started again", lambda: up.services.restarts(name) > restarts)


def replace_label(day: Day, old: int, new: int) -> None:
    """Bind a new label in place of an old one, and wait until the old one's partition has heard."""
    day.post(day.scan("bind", new, replaces=label(old)))

    def retired() -> bool:
        log = harness.read_topic(day.up.settings.broker, topics.SCANS.name)
        return any(json.loads(one.value())["type"] == "retired" for one in log if one.key() == label(old).encode())

    harness.until("the old label to be retired", retired)


def name_alias(day: Day, on: int, code: str) -> None:
    """Bind an alias too, and wait until the gateway knows it: until then the same scan under the code is a conflict."""
    again = day.scan("lookup", on)
    day.post(day.scan("bind", on, aliases=[code]), again)

    def known() -> bool:
        return httpx.post(f"{day.up.gateway}/v1/scans", json=again | {"label": code}).status_code == 202

    harness.until(f"{code} to be known", known)
