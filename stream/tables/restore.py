"""State read back from its changelog in bulk: a partition at the broker's speed, not a record at a time.

Why: Faust's own recovery takes 5,700 records a second, stalls for ever where segments were deleted, and goes on with
holes after a record it cannot decode. Here such a record, a broker that does not answer and a restore that makes no
progress each raise `RestoreError`: the worker exits and is started again, it never judges with half its memory.
"""

import time
from collections.abc import Iterator
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from processors.packing import Packing
from stream import kafka
from stream.settings import Settings
from stream.tables.partition import Partition

_NO_PROGRESS_SECONDS = 60.0
_BATCH = 10_000


class RestoreError(Exception):
    """The state of a partition cannot be read back; the message says why."""


def restore(
    settings: Settings, changelog: str, partition: int, packing: Packing[Any], log: str | None = None
) -> tuple[Partition[Any], int]:
    """The live state of one partition and the changelog offset up to which it was read. Raises RestoreError.

    What is committed is state; what a worker that broke had begun to write is not.
    `log`: the topic whose records it holds back until their turn; those that wait are read again.
    """
    consumer = kafka.follower(
        settings, "restore", **{"queued.min.messages": 1_000_000, "isolation.level": "read_committed"}
    )
    latest: dict[bytes, bytes] = {}
    try:
        end = kafka.end_of(consumer, changelog, partition, _NO_PROGRESS_SECONDS)
        for message in _read(consumer, changelog, partition, 0, end):
            latest[message.key()] = message.value()
        found = Partition.restored({key: value for key, value in latest.items() if value}, packing)
        if log is not None:
            _hear_again(consumer, log, partition, found)
        return found, end  # noqa: TRY300 - what is caught is whatever the lines above raise
    except (KafkaException, ValueError) as error:
        reason = error.args[0].str() if isinstance(error, KafkaException) else str(error)
        raise RestoreError(f"{changelog}[{partition}]: {reason}") from error
    finally:
        consumer.close()


def _hear_again(consumer: Consumer, log: str, partition: int, state: Partition[Any]) -> None:
    """What waited for its turn waits again."""
    position = state.position
    end = min(position.upto + 1, kafka.end_of(consumer, log, partition, _NO_PROGRESS_SECONDS))
    for message in _read(consumer, log, partition, position.since, end):
        if message.offset() <= position.upto:
            state.held.hear_again(message.offset(), message.key(), message.value())


def _read(consumer: Consumer, topic: str, partition: int, start: int, end: int) -> Iterator[Message]:
    """The records of a partition from one offset to before another. Raises RestoreError, KafkaException."""
    consumer.assign([TopicPartition(topic, partition, start)])
    position, progress = start, time.monotonic()
    while position < end:
        for message in kafka.arrived(consumer, 1.0, _BATCH):
            if kafka.at_end(message):
                position = max(position, message.offset())
            elif message.error() is None:
                yield message
                position, progress = message.offset() + 1, time.monotonic()
        if time.monotonic() - progress > _NO_PROGRESS_SECONDS:
            raise RestoreError(f"{topic}[{partition}]: nothing came for {_NO_PROGRESS_SECONDS:.0f} s")
