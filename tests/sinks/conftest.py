import pytest
from sink_city import PARTITIONS, make_topics

from sinks.connection import connect
from sinks.migrate import migrate
from stream.local.kafka import LocalKafka
from stream.local.processes import free_port
from stream.settings import Settings


@pytest.fixture
def dsn(tmp_path):
    """An embedded archive of this test's own. chDB holds one path a process: who opens a client here closes it."""
    return f"chdb://{tmp_path}/archive"


@pytest.fixture
def client(dsn):
    client = connect(dsn)
    migrate(client)
    yield client
    client.close()


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """A broker of this module's own, for topic names are fixed and the tests make them anew."""
    with LocalKafka(tmp_path_factory.mktemp("kafka"), progress=False) as kafka:
        yield kafka.bootstrap


@pytest.fixture
def settings(broker, dsn):
    make_topics(broker)
    return Settings(broker=broker, clickhouse=dsn, partitions=PARTITIONS, query_port=free_port())
