"""The sink when Kafka goes away in the middle of a commit: it can be told to end, and what it kept is kept once."""

import os
import signal

import pytest
from sink_city import PARTITIONS, City, committed, exactly, kept, make_topics, process, sinking, until

from stream.local.kafka import LocalKafka
from stream.local.processes import free_port
from stream.settings import Settings

pytestmark = pytest.mark.kafka

# The broker stands still when the first batch of scans is in the archive, and is about to be committed.
FREEZING = """
import os, signal
from sinks import writer
def freeze(client, batch, write=writer.write_positions):
    write(client, batch)
    if "scans" in batch.rows:
        os.kill({broker}, signal.SIGSTOP)
        print("frozen", flush=True)
writer.write_positions = freeze
"""


def test_it_ends_when_told_to_though_kafka_is_away(dsn, tmp_path):
    with LocalKafka(tmp_path / "kafka", progress=False) as kafka:
        settings = Settings(broker=kafka.bootstrap, clickhouse=dsn, partitions=PARTITIONS, query_port=free_port())
        make_topics(kafka.bootstrap)
        city = City(kafka.bootstrap)
        city.write(300)
        try:
            with process(settings, before=FREEZING.format(broker=kafka.pid)) as sink:
                assert next(line for line in sink.stdout if line == "frozen\n")
                sink.terminate()
                assert sink.wait(60) == 0
        finally:
            os.kill(kafka.pid, signal.SIGCONT)
        with sinking(settings):
            until(lambda: committed(settings) == 2 * city.alerts)
        assert kept(settings) == exactly(city)
