"""The archive, and not Kafka's commit, is the truth of where the sink stands: against a real broker."""

import logging
import threading

import pytest
from clickhouse_connect.driver.exceptions import OperationalError
from confluent_kafka import TopicPartition
from sink_city import City, Nobody, admin, committed, exactly, kept, sinking, stands, until

from sinks import archive
from sinks.archive import Health
from sinks.connection import connect
from sinks.feed import Feed
from sinks.start import Logs, starting_points
from sinks.writer import Writer
from stream import topics

VERDICTS = topics.VERDICTS.name


def rows(settings):
    """Every column of every row."""
    client = connect(settings.clickhouse)
    try:
        return [
            client.query(f"SELECT * FROM {table} ORDER BY log, partition, offset").result_rows
            for table in ("scans", "alerts", "registry")
        ]
    finally:
        client.close()


def delete_below(settings, offset):
    """What retention does to partition 0 of `verdicts`."""
    place = TopicPartition(VERDICTS, 0, offset)
    for deleted in admin(settings.broker).delete_records([place]).values():
        deleted.result()


@pytest.mark.kafka
def test_a_sink_that_has_nothing_more_to_read_commits_where_it_stands(settings, monkeypatch):
    """Whoever ended between the archive and the commit left a lag behind that is none."""
    city = City(settings.broker)
    city.write(300)
    with monkeypatch.context() as never:
        never.setattr(Feed, "commit", lambda *_: None)
        with sinking(settings):
            until(lambda: stands(settings) == 2 * city.alerts)
    with sinking(settings):
        until(lambda: committed(settings) == 2 * city.alerts)
    assert kept(settings) == exactly(city)


@pytest.mark.kafka
def test_a_second_archive_behind_the_same_group_gets_all_that_kafka_has(settings, tmp_path):
    city = City(settings.broker)
    city.write(300)
    city.register(
        b'{"kind": "site", "id": "S1", "enterprise": "E1", "site_kind": "filling_station", "district": "330212"}'
    )
    everything = 2 * city.alerts + 1
    with sinking(settings):
        until(lambda: committed(settings) == everything)
    other = settings.model_copy(update={"clickhouse": f"chdb://{tmp_path}/other"})
    with sinking(other):
        until(lambda: stands(other) == everything)
    assert kept(other) == exactly(city)
    assert rows(other) == rows(settings)
    assert len(rows(other)[2]) == 1
    # Back to the first, which the group's commit is now ahead of: it has what came in meanwhile too.
    city.write(100)
    with sinking(other):
        until(lambda: committed(settings) == 2 * city.alerts + 1)
    with sinking(settings):
        until(lambda: stands(settings) == 2 * city.alerts + 1)
    assert kept(settings) == exactly(city)
    assert rows(other) == rows(settings)


@pytest.mark.kafka
def test_what_retention_took_before_a_start_is_passed_over_and_counted(settings, caplog):
    city = City(settings.broker)
    city.write(100)
    with sinking(settings):
        until(lambda: stands(settings) == 2 * city.alerts)
    for _ in range(3):
        city.write(100)
    delete_below(settings, 3)
    with caplog.at_level(logging.WARNING, "sinks.start"), sinking(settings):
        until(lambda: stands(settings) == 2 * city.alerts)
    assert [record.getMessage() for record in caplog.records if record.name == "sinks.start"] == [
        "verdicts[0]: 2 offsets, 1 to 2, are gone from Kafka and not in the archive"
    ]
    left = city.scans - 2 * 98  # of partition 0 the second and the third run, 2 ticks in each
    assert kept(settings)[0] == (left, left)


@pytest.mark.kafka
def test_what_retention_takes_while_the_sink_stands_still_is_passed_over_and_counted(settings, caplog, monkeypatch):
    monkeypatch.setattr(archive, "RETRY_SECONDS", (0.05, 0.2))
    whole, down = Writer.insert, threading.Event()

    def insert(writer, batch):
        if down.is_set():
            raise OperationalError("connection refused")
        return whole(writer, batch)

    monkeypatch.setattr(Writer, "insert", insert)
    city = City(settings.broker)
    city.write(100)
    with caplog.at_level(logging.WARNING, "sinks.start"), sinking(settings) as health:
        until(lambda: stands(settings) == 2 * city.alerts)
        down.set()
        until(lambda: health.failure is not None)
        for _ in range(3):
            city.write(100)
        delete_below(settings, 3)
        down.clear()
        until(lambda: stands(settings) == 2 * city.alerts)
    assert "verdicts[0]: 2 offsets, 1 to 2, are gone" in caplog.text
    left = city.scans - 2 * 98
    assert kept(settings)[0] == (left, left)


@pytest.mark.kafka
def test_an_archive_that_does_not_say_where_it_stands_is_waited_for(settings, monkeypatch):
    monkeypatch.setattr(archive, "RETRY_SECONDS", (0.05, 0.2))
    whole, down = archive.read_positions, threading.Event()

    def read_positions(client, logs):
        if down.is_set():
            raise OperationalError("connection refused")
        return whole(client, logs)

    monkeypatch.setattr(archive, "read_positions", read_positions)
    city = City(settings.broker)
    city.write(100)
    down.set()
    with sinking(settings) as first:
        until(lambda: first.failure is not None)
        assert not first.ready
        down.clear()
        until(lambda: stands(settings) == 2 * city.alerts)
        assert (first.ready, first.failure) == (True, None)
        down.set()
        before = 2 * city.alerts
        with sinking(settings) as second:
            until(lambda: first.failure and second.failure)
            city.write(100)
            assert not first.ready
            assert not second.ready
            assert stands(settings) == before
            down.clear()
            until(lambda: stands(settings) == 2 * city.alerts)
            until(lambda: first.ready and second.ready)
    assert kept(settings) == exactly(city)


@pytest.mark.kafka
def test_a_log_that_ends_before_the_archives_position_is_an_error(settings):
    City(settings.broker).write(20)
    log = Logs(settings.broker).ids([VERDICTS])[VERDICTS]
    with sinking(settings):
        until(lambda: stands(settings) > 0)
    client = connect(settings.clickhouse)
    client.insert("positions", [[VERDICTS, log, 1, 7]], column_names=["topic", "log", "partition", "position"])
    client.close()
    with pytest.raises(
        RuntimeError, match=r"verdicts\[1\] ends at 1 and the archive has read to 7: Kafka lost records"
    ):
        archive.run(settings, threading.Event(), Nobody(), Health())


def test_reading_begins_at_the_position_or_at_the_first_offset_that_is_kept():
    standing = {("a", 0): 5, ("a", 1): 2, ("gone", 0): 9}
    kept = {("a", 0): (0, 5), ("a", 1): (4, 9), ("a", 2): (0, 3), ("b", 0): (7, 8)}
    starts = [(place.topic, place.partition, place.offset) for place in starting_points(standing, kept)]
    assert starts == [("a", 0, 5), ("a", 1, 4), ("a", 2, 0), ("b", 0, 7)]
