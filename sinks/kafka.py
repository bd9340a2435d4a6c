"""What both of the sink's consumers share: their settings, and which of Kafka's errors may pass."""

import logging
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message

from stream.settings import Settings

_LOG = logging.getLogger(__name__)

ADMIN_SECONDS: Final = 30.0
WAIT_SECONDS: Final = 0.05

_RETRIED: Final = frozenset(
    {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT}
)


def consumer_config(settings: Settings) -> dict[str, str | int | bool]:
    """No position is taken from Kafka: one that is not there is an error, which the reader handles."""
    return {
        "bootstrap.servers": settings.broker,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "queued.max.messages.kbytes": 32_768,
    }


def may_pass(error: KafkaError) -> bool:
    """Whether waiting is the right answer."""
    return error.code() in _RETRIED or bool(error.retriable())


def failed(message: Message) -> bool:
    """Whether the message is no record but an error that may pass. Raises KafkaException where it is one that may not."""
    error = message.error()
    if error is None:
        return False
    if not may_pass(error):
        raise KafkaException(error)
    _LOG.warning("kafka: %s", error)
    return True
