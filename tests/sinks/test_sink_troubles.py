"""The sink against a real broker when the world around it changes: topics, owners, a dead archive, deleted records."""

import threading

import pytest
from clickhouse_connect.driver.exceptions import OperationalError
from confluent_kafka import TopicPartition
from confluent_kafka.admin import OffsetSpec
from sink_city import City, admin, committed, exactly, kept, make_topics, sinking, until

from sinks import archive
from sinks.writer import Writer
from stream import topics

pytestmark = pytest.mark.kafka


def test_a_topic_made_anew_is_kept_beside_the_old_one(settings):
    for _ in range(2):
        make_topics(settings.broker)
        city = City(settings.broker)
        city.write(200)
        with sinking(settings):
            until(lambda city=city: committed(settings) == 2 * city.alerts)
    assert kept(settings) == [(2 * city.scans,) * 2, (2 * city.alerts,) * 2]


def test_partitions_that_change_hands_are_kept_once(settings):
    city = City(settings.broker)
    with sinking(settings) as first:
        until(lambda: first.ready)
        for _ in range(3):
            city.write(300)
            with sinking(settings) as second:
                city.write(300)
                until(lambda second=second: second.ready)
                city.write(300)
                until(lambda: committed(settings) == 2 * city.alerts)
                city.write(300)
        until(lambda: committed(settings) == 2 * city.alerts)
    rows = kept(settings)
    assert rows == exactly(city)


def test_an_archive_that_takes_nothing_is_waited_for(settings, monkeypatch):
    monkeypatch.setattr(archive, "RETRY_SECONDS", (0.05, 0.2))
    whole, down = Writer.insert, threading.Event()
    down.set()

    def insert(writer, batch):
        if down.is_set() and batch.size:
            raise OperationalError("connection refused")
        return whole(writer, batch)

    monkeypatch.setattr(Writer, "insert", insert)
    city = City(settings.broker)
    city.write(1_000)
    with sinking(settings) as health:
        until(lambda: health.failure is not None)
        city.write(1_000)
        until(lambda: committed(settings) == 0)
        down.clear()
        until(lambda: committed(settings) == 2 * city.alerts)
        assert health.failure is None
        assert health.last_insert is not None
    assert kept(settings) == exactly(city)


def test_scans_that_kafka_has_deleted_do_not_stop_it(settings):
    city = City(settings.broker)
    city.write(300)
    for deleted in admin(settings.broker).delete_records([TopicPartition(topics.SCANS.name, 0, 120)]).values():
        deleted.result()
    place = TopicPartition(topics.SCANS.name, 0)
    assert (
        next(iter(admin(settings.broker).list_offsets({place: OffsetSpec.earliest()}).values())).result().offset == 120
    )
    with sinking(settings):
        until(lambda: committed(settings) == 2 * city.alerts)
    lost = sum(1 for offset in range(120) if offset % 50 != 49)
    verdicts_left = sum(1 for offset in range(120) if offset % 20 == 0)
    rows = city.scans - lost + verdicts_left
    assert kept(settings)[0] == (rows, rows)
