"""What tests share: a real broker for each module that asks for one, gone after it."""

import os
import signal
from collections.abc import Iterator

import pytest

from stream.local.kafka import LocalKafka

pytest.register_assert_rewrite("tests.kafka.harness", "tests.kafka.kept")

# A test's broker lives for seconds: the second compiler would cost it 2 s of CPU and be of no use to anyone.
os.environ["JDK_JAVA_OPTIONS"] = "-XX:TieredStopAtLevel=1"

# Started in the background of a shell, tests have Ctrl-C ignored, and so would what they start and stop with it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap servers of a real Apache Kafka."""
    with LocalKafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker.bootstrap


@pytest.fixture
def kafka_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same for one test alone: it fills topics that others would find full."""
    with LocalKafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker.bootstrap
