"""A small city's log in a real broker, and sinks over it: as a process of their own, or in a thread of the test."""

import functools
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from sink_records import alert, entry, run, scan, tick

from sinks import archive
from sinks.archive import Health
from sinks.connection import connect
from stream import topics

PARTITIONS = 3
SINK = """
import sys
from sinks.service import serve
from stream.settings import Settings
class Observer:
    def on_insert(self, table, rows): print(table, rows, flush=True)
    def on_flush(self): pass
    def on_lag(self, topic, partition, records): pass
sys.exit(serve(Settings(), Observer(), sink=True, query=True))
"""

# The same, but it kills itself with -9 when its second batch of scans is in the archive and its positions are not.
DYING = """
import os, signal
from sinks import writer
batches = []
def die(client, batch, write=writer.write_positions):
    if "scans" in batch.rows:
        batches.append(batch)
    if len(batches) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    write(client, batch)
writer.write_positions = die
"""


@functools.cache
def admin(broker):
    return AdminClient({"bootstrap.servers": broker, "log_level": 0})


def make_topics(broker):
    def ours():
        return [name for name in admin(broker).list_topics(timeout=10).topics if not name.startswith("__")]

    if old := ours():
        for deleted in admin(broker).delete_topics(old).values():
            deleted.result()
        until(lambda: not ours())
    new = [NewTopic(topic.name, topic.partitions or PARTITIONS, 1) for topic in topics.ALL]
    for made in admin(broker).create_topics(new).values():
        made.result()
    until(lambda: len(ours()) == len(new))


_FAILURES = []  # of sinks in threads of this process


def until(true, seconds=150):
    deadline = time.monotonic() + seconds
    while not true():
        if _FAILURES:
            raise AssertionError("waited for a sink that failed") from _FAILURES[0]
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


class City:
    """Writes scans, and runs that judge them, as gateway and worker would."""

    def __init__(self, broker):
        self._producer = Producer({"bootstrap.servers": broker, "linger.ms": 5, "log_level": 0})
        self._next = [0] * PARTITIONS
        self.scans = 0
        self.alerts = 0

    def write(self, scans):
        """So many scans into each partition, a tick after every 50th, and the runs that say all of them are judged."""
        for partition in range(PARTITIONS):
            first, denied = self._next[partition], []
            for i in range(scans):
                offset = self._next[partition]
                self._next[partition] += 1
                if offset % 50 == 49:
                    self._producer.produce(topics.SCANS.name, tick(offset), partition=partition)
                    continue
                body = scan(offset, cylinder=1000 * partition + offset % 97)
                self._producer.produce(topics.SCANS.name, body, partition=partition)
                self.scans += 1
                if i % 20 == 0:
                    denied.append(entry(offset, body))
            told = run(first, self._next[partition] - 1, *denied)
            self._producer.produce(topics.VERDICTS.name, told, partition=partition)
            self._producer.produce(
                topics.ALERTS["fire-rescue"].name, alert(f"{partition}-{first}"), partition=partition
            )
            self.alerts += 1
        self._producer.flush()

    def register(self, line):
        self._producer.produce(topics.REGISTRY.name, line, partition=0)
        self._producer.flush()


@contextmanager
def process(settings, before=""):
    """A sink with its query service, as the command line starts them; killed at the end if it still runs."""
    command = [sys.executable, "-c", before + SINK]
    with subprocess.Popen(command, env=settings.environment(), stdout=subprocess.PIPE, text=True) as sink:
        try:
            yield sink
        finally:
            sink.kill()


def ready(settings):
    try:
        with urllib.request.urlopen(f"http://{settings.host}:{settings.query_port}/readyz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


@functools.cache
def _onlooker(broker):
    return Consumer({"bootstrap.servers": broker, "group.id": topics.SINK_GROUP, "log_level": 0})


def committed(settings):
    """Records the group has committed, of all topics.

    Asked by a consumer that never joins: the admin client's `list_consumer_group_offsets` crashes the process where the
    answer is an error that may pass (librdkafka in confluent-kafka 2.16.1).
    """
    places = [
        TopicPartition(topic.name, partition)
        for topic in (topics.VERDICTS, topics.REGISTRY, *topics.ALERTS.values())
        for partition in range(topic.partitions or PARTITIONS)
    ]
    try:
        found = _onlooker(settings.broker).committed(places, timeout=10)
    except KafkaException:  # the group's coordinator is busy; ask again
        return -1
    return sum(place.offset for place in found if place.offset > 0)


def stands(settings):
    """Records that the archive says it has read, of all topics; 0 while it has no such table."""
    client = connect(settings.clickhouse)
    try:
        if not client.command("EXISTS TABLE positions"):
            return 0
        return int(client.command("SELECT sum(position) FROM positions FINAL"))
    finally:
        client.close()


def kept(settings):
    """Rows and different positions, of scans and of alerts."""
    client = connect(settings.clickhouse)
    try:
        sql = "SELECT count(), uniqExact(log, partition, offset) FROM"
        return [client.query(f"{sql} {table}").result_rows[0] for table in ("scans", "alerts")]
    finally:
        client.close()


def exactly(city):
    return [(city.scans, city.scans), (city.alerts, city.alerts)]


class Nobody:
    def on_insert(self, table, rows):
        pass

    def on_flush(self):
        pass

    def on_lag(self, topic, partition, records):
        pass


@contextmanager
def sinking(settings):
    """A sink in a thread of this process; an exception in it fails the test."""
    stop, health = threading.Event(), Health()

    def body():
        try:
            archive.run(settings, stop, Nobody(), health)
        except BaseException as error:
            _FAILURES.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    try:
        yield health
    finally:
        stop.set()
        thread.join(60)
    failed = _FAILURES.copy()
    _FAILURES.clear()
    assert not failed
    assert not thread.is_alive()
