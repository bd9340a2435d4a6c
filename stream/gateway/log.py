"""The gateway's way into Kafka: records out, and a request woken when every one of its records is acknowledged.

On an exception or when Kafka does not acknowledge in time the request hears 503 and posts again; what Kafka took of it
by then is a repeat, which changes nothing. On kill -9 nothing was acknowledged that Kafka does not have.
"""

import asyncio
import threading
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Message

from stream import kafka
from stream.settings import Settings
from stream.vital import VitalThread


class NotTakenError(Exception):
    """Kafka did not acknowledge in time, or its queue here is full."""


@dataclass
class _Batch:
    """The records of one request, counted down from the producer's thread."""

    done: asyncio.Future[None]
    loop: asyncio.AbstractEventLoop
    places: list[tuple[int, int]]
    left: int
    failure: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def delivered(self, index: int, error: Any, message: Message) -> None:
        """One record is acknowledged, or never will be."""
        with self.lock:
            if error is not None:
                self.failure = error.str()
            else:
                self.places[index] = (message.partition(), message.offset())
            self.left -= 1
            last = self.left == 0
        if last:
            self.loop.call_soon_threadsafe(self._finish)

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)


@dataclass(frozen=True)
class Record:
    topic: str
    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    partition: int = -1  # by the key


class Log:
    """An acknowledged log: `append` returns when Kafka has everything."""

    def __init__(self, settings: Settings) -> None:
        self._seconds = settings.ack_seconds
        self.client = self._producer = kafka.producer(
            settings,
            **{"message.timeout.ms": int(settings.ack_seconds * 1000), "queue.buffering.max.messages": 200_000},
        )
        self._stop = threading.Event()
        self._thread = VitalThread("deliveries", self._poll)
        self._thread.start()

    async def append(self, records: list[Record]) -> list[tuple[int, int]]:
        """Write records; their (partition, offset) in order. Raises NotTakenError."""
        if not records:
            return []
        loop = asyncio.get_running_loop()
        batch = _Batch(loop.create_future(), loop, [(-1, -1)] * len(records), len(records))
        for index, record in enumerate(records):
            self._produce(record, index, batch)
        try:
            # The producer itself gives up first; this bound is for the case that it does not.
            await asyncio.wait_for(batch.done, self._seconds + 1)
        except TimeoutError as error:
            raise NotTakenError("no acknowledgement in time") from error
        if batch.failure is not None:
            raise NotTakenError(batch.failure)
        return batch.places

    def send(self, record: Record) -> None:
        """Write a record that nobody waits for: a tick. It is dropped when Kafka is away."""
        try:
            self._producer.produce(record.topic, value=record.value, key=record.key, partition=record.partition)
        except BufferError:
            return

    def close(self) -> None:
        """Let what is under way arrive, then stop."""
        self._producer.flush(self._seconds)
        self._stop.set()
        self._thread.join()

    def _produce(self, record: Record, index: int, batch: _Batch) -> None:
        def delivered(error: Any, message: Message) -> None:
            batch.delivered(index, error, message)

        try:
            self._producer.produce(
                record.topic, value=record.value, key=record.key, headers=record.headers, on_delivery=delivered
            )
        except BufferError as error:
            raise NotTakenError("too much is under way") from error

    def _poll(self) -> None:
        while not self._stop.is_set():
            self._producer.poll(0.1)
