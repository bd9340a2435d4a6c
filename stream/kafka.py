"""How this product talks to Kafka: the settings of its producers and consumers, and the making of topics."""

import logging
import time
from dataclasses import dataclass
from typing import Any

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, ClusterMetadata, ConfigResource, NewTopic, ResourceType

from stream import topics
from stream.quiet import OncePerPause
from stream.settings import Settings

# Errors that waiting does not mend. All others librdkafka retries by itself, for as long as it takes.
_FOR_GOOD = frozenset(
    {
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError._AUTO_OFFSET_RESET,
        KafkaError._AUTHENTICATION,
    }
)

_NO_LEADER_YET = frozenset(
    {KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError._TRANSPORT}
)

_log = logging.getLogger(__name__)
_log.addFilter(OncePerPause())  # librdkafka says it each second while a broker is away


class BrokerError(Exception):
    """Kafka cannot be reached or refused; the message says what was tried and what to do."""


def _report(error: KafkaError) -> None:
    """What a client notices by itself. Single connections come and go; all of them gone is worth a line."""
    if error.code() == KafkaError._ALL_BROKERS_DOWN or error.fatal():
        _log.warning("Kafka: %s", error.str())


def common(settings: Settings) -> dict[str, Any]:
    """What every client of this product is made with."""
    return {
        "bootstrap.servers": settings.broker,
        "reconnect.backoff.max.ms": 1000,  # a broker is back in seconds; librdkafka's own bound is 10 s
        "log_level": 2,  # its connection log goes to stderr a line an attempt; `error_cb` says it once
        "error_cb": _report,
    }


def producer(settings: Settings, **extra: Any) -> Producer:
    """A producer that loses nothing (acks=all, idempotent) and places keys as Java clients do."""
    return Producer(
        {
            **common(settings),
            "acks": "all",
            "enable.idempotence": True,
            "partitioner": topics.PARTITIONER,
            "compression.type": "lz4",
            "linger.ms": 1,
            **extra,
        }
    )


def follower(settings: Settings, name: str, **extra: Any) -> Consumer:
    """A consumer that reads a topic for itself: no group work, no commits, told when it reaches an end."""
    return Consumer(
        {
            **common(settings),
            "group.id": f"pingliu-{name}-reader",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 100,
            **extra,
        }
    )


def arrived(consumer: Consumer, seconds: float, most: int = 500) -> list[Message]:
    """What has arrived, waiting up to `seconds` for a first record and not at all for more.

    `consume(n, t)` alone waits its whole time for n records: 50 ms of it was all of a verdict's latency at low load.
    """
    first = consumer.poll(seconds)
    return [] if first is None else [first, *consumer.consume(most - 1, 0)]


def _metadata(client: Consumer | Producer | AdminClient, timeout: float) -> ClusterMetadata:
    try:
        return client.list_topics(timeout=timeout)
    except KafkaException as error:
        why = error.args[0].str()
        raise BrokerError(
            f"Kafka does not answer ({why}): start it, or name it with --broker; `pingliu doctor` looks"
        ) from error


def at_end(message: Message) -> bool:
    """Whether this is no record but the news that a partition is read to its end. Raises KafkaException.

    An error that will pass is neither: the caller has nothing to do for it (`message.error()` is set).
    """
    error = message.error()
    if error is None:
        return False
    if error.fatal() or error.code() in _FOR_GOOD:
        raise KafkaException(error)
    return bool(error.code() == KafkaError._PARTITION_EOF)


def partitions_of(client: Consumer | Producer | AdminClient, topic: str, timeout: float = 10) -> list[int]:
    """The partitions a topic really has. Raises BrokerError where the topic or the broker is missing."""
    found = _metadata(client, timeout).topics.get(topic)
    if found is None:
        raise BrokerError(f"there is no topic {topic}; `pingliu topics` makes all topics")
    return sorted(found.partitions)


def partition_count(settings: Settings, topic: str) -> int:
    """How many partitions a topic really has; it was chosen when the topics were made. Raises BrokerError."""
    consumer = follower(settings, "count")
    try:
        return len(partitions_of(consumer, topic))
    except BrokerError as error:
        raise BrokerError(f"{settings.broker}: {error}") from error
    finally:
        consumer.close()


def end_of(consumer: Consumer, topic: str, partition: int, timeout: float = 30) -> int:
    """The offset after the last record of a partition; 0 where nothing was ever written.

    A partition just made, or one whose broker just came back, has no leader for a moment: that is waited out. Raises
    KafkaException.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            _, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=timeout)
        except KafkaException as error:
            if error.args[0].code() not in _NO_LEADER_YET or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return int(end)


@dataclass(frozen=True)
class Described:
    """A topic's own id, another one when it was made anew, and how long a deletion in it stays to be read."""

    id: str
    delete_retention_seconds: float


def describe(settings: Settings, topic: str, timeout: float = 30) -> Described:
    """Ask the broker. Raises KafkaException."""
    admin = AdminClient(common(settings))
    asked = ConfigResource(ResourceType.TOPIC, topic)
    configs = admin.describe_configs([asked], request_timeout=timeout)
    found = admin.describe_topics(TopicCollection([topic]), request_timeout=timeout)
    retention = int(configs[asked].result(timeout)["delete.retention.ms"].value)
    return Described(str(found[topic].result(timeout).topic_id), retention / 1000)


def holds_records(settings: Settings, topic: str) -> bool:
    """Whether a topic has ever been written to."""
    consumer = follower(settings, "end")
    try:
        return any(end_of(consumer, topic, partition) for partition in partitions_of(consumer, topic))
    finally:
        consumer.close()


def make_topics(settings: Settings, timeout: float = 30) -> list[str]:
    """Make every topic that is not there yet; the names of those made. Existing ones are left as they are."""
    admin = AdminClient(common(settings))
    try:
        _metadata(admin, timeout=5)
    except BrokerError as error:
        raise BrokerError(f"{settings.broker}: {error}") from error
    wanted = [
        NewTopic(
            topic.name,
            num_partitions=topic.partitions or settings.partitions,
            replication_factor=settings.replication,
            config=dict(topic.config),
        )
        for topic in topics.ALL
    ]
    made = []
    for name, future in admin.create_topics(wanted, operation_timeout=timeout, request_timeout=timeout).items():
        try:
            future.result(timeout)
            made.append(name)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise BrokerError(f"topic {name} at {settings.broker}: {error.args[0].str()}") from error
    return made
