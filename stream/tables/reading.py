"""A partition of a topic read from one offset to another, as fast as the broker gives it.

No line of Python runs for a single record: keys and values of a batch are taken by way of `map`.
`python -m load_tests.bench --rows restore` has the figures.
"""

import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from confluent_kafka import Message, TopicPartition

from stream import kafka
from stream.settings import Settings

_NO_PROGRESS_SECONDS = 60.0
# What stays warm until it is looked at: of 10,000 each costs half a microsecond more.
_BATCH = 1_000
_FETCH = {
    "isolation.level": "read_committed",  # what a writer that broke had begun is no state
    "queued.min.messages": 1_000_000,
    "fetch.queue.backoff.ms": 10,  # its own second is as long as a million records take
    "fetch.wait.max.ms": 10,  # behind the end of a transaction is no record: the end of the partition is waited for
}


class NoProgressError(Exception):
    """Nothing came for a long time."""


class Log:
    """One topic. `with Log(settings, topic) as log: ...`"""

    def __init__(self, settings: Settings, topic: str) -> None:
        self._topic = topic
        self._consumer = kafka.follower(settings, "restore", **_FETCH)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()

    def end(self, partition: int) -> int:
        """The offset after the last record. Raises KafkaException."""
        return kafka.end_of(self._consumer, self._topic, partition, _NO_PROGRESS_SECONDS)

    def latest(self, partition: int, start: int, end: int) -> tuple[dict[bytes, bytes | None], int]:
        """The latest value of each key, None where it is deleted, and of how many records. Raises as `batches`."""
        found: dict[bytes, bytes | None] = {}
        count = 0
        for keys, values in self.records(partition, start, end):
            found.update(zip(keys, values, strict=True))
            count += len(keys)
        return found, count

    def records(self, partition: int, start: int, end: int) -> Iterator[tuple[list[bytes], list[bytes | None]]]:
        """Keys and values by the batch. Raises as `batches`."""
        for batch in self.batches(partition, start, end):
            yield list(map(Message.key, batch)), list(map(Message.value, batch))

    def batches(self, partition: int, start: int, end: int) -> Iterator[list[Message]]:
        """Records to before `end`, and those after it that came along. Raises NoProgressError, KafkaException."""
        if start < end:
            self._consumer.assign([TopicPartition(self._topic, partition, start)])
        position, progress = start, time.monotonic()
        while position < end:
            batch = kafka.arrived(self._consumer, 1.0, _BATCH)
            if any(map(Message.error, batch)):
                for message in batch:
                    if kafka.at_end(message):
                        position = max(position, message.offset())
                batch = [message for message in batch if message.error() is None]
            if batch:
                yield batch
                position, progress = max(position, batch[-1].offset() + 1), time.monotonic()
            elif time.monotonic() - progress > _NO_PROGRESS_SECONDS:
                raise NoProgressError(f"nothing came for {_NO_PROGRESS_SECONDS:.0f} s")
