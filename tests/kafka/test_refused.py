"""Kafka does not take what the worker writes: it gives up in time, starts again, and goes on when it can."""

import os
import signal
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from stream import kafka, topics
from stream.local.kafka import LocalKafka
from stream.settings import Settings
from tests.kafka import harness
from tests.kafka.faults import assert_state_as_never_interrupted
from tests.kafka.test_crashes import assert_whole, history

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

# An overfill goes there (tests/kafka/test_crashes.py has one in every batch).
ALERTS = topics.ALERTS["market-supervision"].name


def take_records_of(broker: str, topic: str, size: int) -> None:
    """Have a topic refuse every batch of records that is larger."""
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    admin = AdminClient(kafka.common(Settings(broker=broker)))
    wanted = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    for future in admin.incremental_alter_configs([wanted]).values():
        future.result(10)


@pytest.mark.parametrize("topic", [ALERTS, topics.CYLINDERS_CHANGELOG.name], ids=["alerts", "changelog"])
def test_a_topic_that_takes_nothing_ends_the_worker_and_costs_nothing(
    kafka_alone: str, tmp_path: Path, topic: str
) -> None:
    with harness.stack(kafka_alone, tmp_path) as up:
        batches = history(1_000)
        harness.post_until_taken(up, next(batches))
        take_records_of(kafka_alone, topic, 120)  # what ends a transaction is smaller
        for batch in batches:
            harness.post_until_taken(up, batch)
        harness.until("the worker to give up twice", lambda: up.services.restarts("worker") >= 2, 150)
        take_records_of(kafka_alone, topic, 1_000_000)
        assert_whole(up)
        assert_state_as_never_interrupted(kafka_alone, harness.ROWS)


def test_a_producer_that_times_out_ends_the_worker_and_costs_nothing(tmp_path: Path) -> None:
    with LocalKafka(tmp_path / "kafka") as broker, harness.stack(broker.bootstrap, tmp_path, kafka_seconds=4) as up:
        batches = history(1_000)
        for _ in range(4):
            harness.post(up, next(batches))  # judged, and of all but the first the state is kept a second later
        assert broker.pid is not None
        os.kill(broker.pid, signal.SIGSTOP)  # it neither answers nor hangs up
        harness.until("the worker to give up", lambda: up.services.restarts("worker") >= 1)
        os.kill(broker.pid, signal.SIGCONT)
        for batch in batches:
            harness.post_until_taken(up, batch)
        assert_whole(up)
        assert_state_as_never_interrupted(broker.bootstrap, harness.ROWS)
