"""Everything that waits, runs out or is counted, over four partitions and two crashes: told as `judge` tells it."""

import random
from pathlib import Path
from typing import Any

import pytest

from stream import topics
from tests.kafka import harness
from tests.kafka.day import CITY, CREW, Day, kill, name_alias, replace_label
from tests.stream.scans import label

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

CYLINDERS = range(24)
JUMPS = [{"minutes": 3}, {"minutes": 16}, {"hours": 5}, {"hours": 25}, {"days": 3}, {"days": 16}]


def test_a_mixed_month_over_four_partitions_is_told_as_judge_tells_it(kafka: str, tmp_path: Path) -> None:
    rng = random.Random(20261120)
    with harness.stack(kafka, tmp_path, CITY) as up:
        day = Day(up)
        day.post(*(day.scan("bind", on) for on in CYLINDERS))
        log = harness.read_topic(kafka, topics.SCANS.name)
        where = {one.key().decode(): one.partition() for one in log if one.key()}
        for turn in range(12):
            for on in rng.sample(CYLINDERS, 12):
                day.post(any_scan(day, rng, on, where[label(on)]))
            if turn == 4:
                replace_label(day, 3, 60)
                name_alias(day, 5, "NB-0005")
                day.post(day.scan("fill", 5, net_kg=14.5) | {"label": "NB-0005"})
            if turn in (2, 7):
                kill(up, "worker")
            day.after(**rng.choice(JUMPS))
        day.after(days=20)
        assert harness.assert_as_judge_says(kafka, CITY) > 100
        codes = {alert["code"] for alert in harness.standing_alerts(kafka).values()}
    assert codes >= {
        "PREFILL_CHECK_MISSING", "DELIVER_WITHOUT_LOAD", "DELIVER_WITHOUT_FILL", "FILLED_DWELL", "CYLINDER_MISSING",
        "USER_EXCESS_HOLDING", "ABNORMAL_PURCHASE", "VEHICLE_UNLICENSED", "SCRAPPED_IN_USE",
    }  # fmt: skip


def any_scan(day: Day, rng: random.Random, on: int, partition: int) -> dict[str, Any]:
    """Any scan of a cylinder. Each partition has a customer and a vehicle of its own: of one arrival the order is kept."""
    customer, vehicle = f"R{partition}", f"V1{partition}"
    return rng.choice(
        [
            day.scan("precheck", on, passed=True), day.scan("fill", on, net_kg=14.5), day.scan("fill", on, net_kg=16.0),
            day.scan("postcheck", on, passed=True), day.scan("load", on, vehicle=vehicle, **CREW),
            day.scan("load", on, vehicle=vehicle, **CREW), day.scan("receive", on), day.scan("missing", on, kind="lost"),
            day.scan("deliver", on, device="D-co1", customer=customer), day.scan("scrap", on, reason="old"),
            day.scan("deliver", on, device="D-co2", customer=customer),
            day.scan("deliver", on, device="D-co3", customer=customer), day.scan("incident", on, kind="leak"),
            day.scan("deliver", on, device="D-co1", customer=customer),
            day.scan("collect", on, device="D-co1", customer=customer), day.scan("bind", on),
        ]
    )  # fmt: skip
