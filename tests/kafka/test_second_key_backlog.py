"""A backlog: two days of many deliveries lie in `scans` before the worker starts, and it drains them partition by partition.

Whether a count is over turns on what came before, so that every alert of 27, 28 and the number of 31 depends on the order.
"""

import json
import random
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from processors.model import encode
from processors.times import instant
from stream import kafka as clients
from stream import registry_load, topics
from stream.settings import Settings
from stream.up import Stack, running
from tests.kafka import harness
from tests.kafka.day import CITY, CREW, kill, states
from tests.stream.scans import LICENCE, bind, label, scan

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

CUSTOMERS, VANS, CYLINDERS = 60, 12, 400
TRADE = [
    *CITY,
    *({"kind": "customer", "id": f"B{n}", "customer_kind": "resident", "district": "330203"} for n in range(CUSTOMERS)),
    *(
        {"kind": "vehicle", "id": f"VB{n}", "enterprise": "E1", "permit": LICENCE, "max_cylinders": 2}
        for n in range(VANS)
    ),
]
LONG_AGO = datetime.fromisoformat("2026-07-10T08:00:00+08:00")
TODAY = datetime.fromisoformat("2026-11-20T00:00:00+08:00")


class Backlog:
    """Scans and ticks as the gateway would have written them, no two scans at one moment."""

    def __init__(self, broker: str, partitions: int) -> None:
        self.clock = LONG_AGO
        self._producer: Producer = clients.producer(Settings(broker=broker))
        self._partitions = partitions
        self._number = 0
        self._moment = int(time.time() * 1000)

    def scan(self, type: str, on: int, device: str = "D-st1", **data: Any) -> None:
        """A scan made and received ten seconds after the last."""
        self._number += 1
        self.clock += timedelta(seconds=10)
        one = bind(self._number, on) if type == "bind" else scan(self._number, type, on=on, device=device, **data)
        now = self.clock.isoformat()
        self._write(one | {"time": now, "received": now}, key=label(on))
        if self._number % 30 == 0:
            self.tick()

    def tick(self, **later: float) -> None:
        """The time, in every partition."""
        self.clock += timedelta(seconds=1, **later)
        for partition in range(self._partitions):
            self._write({"type": "tick", "received": self.clock.isoformat()}, partition=partition)

    def flush(self) -> None:
        assert self._producer.flush(30) == 0

    def _write(self, one: dict[str, Any], **where: Any) -> None:
        # Kafka's own timestamps tell the order alone: by those of months ago the broker would delete what it has just got.
        self._moment += 1
        self._producer.produce(topics.SCANS.name, value=encode(one), timestamp=self._moment, **where)


def trade(backlog: Backlog) -> None:
    """Customers known for long, a day of deliveries to them and of loads, and a day on which much is taken back."""
    rng = random.Random(27_28_31)
    where: dict[int, str] = {}
    for on in range(CYLINDERS):
        backlog.scan("bind", on)
    for customer in range(CUSTOMERS):
        backlog.scan("deliver", customer, "D-co1", customer=f"B{customer}")
        backlog.scan("collect", customer, "D-co1", customer=f"B{customer}")
    backlog.clock = TODAY
    for turn in range(6000):
        on = rng.randrange(CYLINDERS)
        at = where.pop(on, "")
        if at.startswith("VB") and rng.random() < 0.5:
            backlog.scan("unload", on, vehicle=at)
        elif at.startswith("B") and rng.random() < 0.8:
            backlog.scan("collect", on, "D-co1", customer=at)
        elif rng.random() < 0.4:
            where[on] = f"VB{rng.randrange(VANS)}"
            backlog.scan("load", on, vehicle=where[on], **CREW)
        elif turn < 5700:
            # Of most customers the couriers are of one enterprise or two: the third is what counts.
            customer, courier = rng.randrange(CUSTOMERS), rng.choice([1, 1, 1, 1, 1, 1, 2, 2, 3])
            where[on] = f"B{customer}"
            backlog.scan("deliver", on, f"D-co{courier}", customer=where[on])
    backlog.tick(hours=25)
    backlog.flush()


def counted_to(up: Stack, end: datetime) -> bool:
    """Whether every partition of the second key has come to that time."""
    found = states(up.settings.broker, topics.HOLDERS_CHANGELOG.name)
    return len(found) == up.settings.partitions and all(one.position.clock >= instant(end) for one in found.values())


@pytest.mark.parametrize("is_killed", [False, True], ids=["drained at once", "over kill -9"])
def test_a_backlog_is_counted_in_order_of_arrival(tmp_path: Path, kafka_alone: str, is_killed: bool) -> None:
    backlog = Backlog(kafka_alone, 4)

    def prepare(own: Settings) -> None:
        lines = tmp_path / "registry.jsonl"
        lines.write_text("\n".join(json.dumps(row) for row in TRADE))
        registry_load.load(own, lines)
        trade(backlog)

    with running(harness.settings(kafka_alone, tmp_path), lambda _: None, prepare) as up:
        for _ in range(3 if is_killed else 0):
            counted = len(harness.read_topic(kafka_alone, topics.HOLDERS_CHANGELOG.name))
            harness.until("more to be counted", lambda counted=counted: _counted_more(up, backlog, counted))
            kill(up, "worker")
        harness.until("all to be counted", lambda: counted_to(up, backlog.clock))
        assert harness.assert_as_judge_says(kafka_alone, TRADE) > 5000
        codes = Counter(
            (alert["code"], next(iter(alert["evidence"])))
            for alert in harness.standing_alerts(kafka_alone).values()
            if alert["type"] in ("deliver", "load")
        )
        assert codes["USER_EXCESS_HOLDING", "customer"] > 20
        assert codes["ABNORMAL_PURCHASE", "customer"] > 100
        assert codes["VEHICLE_UNLICENSED", "vehicle"] > 20


def _counted_more(up: Stack, backlog: Backlog, counted: int) -> bool:
    broker = up.settings.broker
    return len(harness.read_topic(broker, topics.HOLDERS_CHANGELOG.name)) > counted or counted_to(up, backlog.clock)
