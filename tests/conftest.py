"""What tests share: one real broker a session, and fresh topics for each test that wants them."""

from collections.abc import Iterator

import pytest

from stream.local.kafka import LocalKafka


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap servers of a real Apache Kafka."""
    with LocalKafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker.bootstrap
