"""State read back from its changelog in bulk: a partition at the broker's speed, not a record at a time.

Why: Faust's own recovery takes 5,700 records a second, stalls for ever where segments were deleted, and goes on with
holes after a record it cannot decode. Here such a record, a broker that does not answer and a restore that makes no
progress each raise `RestoreError`: the worker exits and is started again, it never judges with half its memory.
"""

import time
from typing import Any

from confluent_kafka import KafkaException, TopicPartition

from processors.packing import Packing
from stream import kafka
from stream.settings import Settings
from stream.tables.partition import Partition

_NO_PROGRESS_SECONDS = 60.0
_BATCH = 10_000


class RestoreError(Exception):
    """The state of a partition cannot be read back; the message says why."""


def changelog_end(settings: Settings, changelog: str, partition: int) -> int:
    """The offset after the last record of a partition's changelog. Raises KafkaException."""
    consumer = kafka.follower(settings, "restore")
    try:
        return kafka.end_of(consumer, changelog, partition)
    finally:
        consumer.close()


def restore(settings: Settings, changelog: str, partition: int, packing: Packing[Any]) -> tuple[Partition[Any], int]:
    """The live state of one partition and the changelog offset up to which it was read. Raises RestoreError."""
    consumer = kafka.follower(settings, "restore", **{"queued.min.messages": 1_000_000})
    latest: dict[bytes, bytes] = {}
    try:
        place = TopicPartition(changelog, partition, 0)
        end = kafka.end_of(consumer, changelog, partition, _NO_PROGRESS_SECONDS)
        consumer.assign([place])
        position, progress = 0, time.monotonic()
        while position < end:
            messages = kafka.arrived(consumer, 1.0, _BATCH)
            for message in messages:
                if kafka.at_end(message):
                    position = max(position, message.offset())
                elif message.error() is None:
                    latest[message.key()] = message.value()
                    position, progress = message.offset() + 1, time.monotonic()
            if time.monotonic() - progress > _NO_PROGRESS_SECONDS:
                raise RestoreError(f"{changelog}[{partition}]: nothing came for {_NO_PROGRESS_SECONDS:.0f} s")
        return Partition.restored({key: value for key, value in latest.items() if value}, packing), end
    except (KafkaException, ValueError) as error:
        reason = error.args[0].str() if isinstance(error, KafkaException) else str(error)
        raise RestoreError(f"{changelog}[{partition}]: {reason}") from error
    finally:
        consumer.close()
