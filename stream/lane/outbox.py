"""What a chunk causes leaves in this order: verdicts, alerts and rejects; then the changelog; then the offset commit.

- On an exception, or when Kafka does not take a record in time: `OutboxError`; the worker stops, and starts again from
  the last commit. Nothing is committed that was not acknowledged.
- On kill -9 between the steps: the chunk is read again. Before the changelog it is judged again and told again, to the
  letter but for `judged_at`; after it the state recognises the scans by offset and they are passed over.
- On a revoked partition: a chunk under way is finished first (the worker waits for its acknowledgement).
"""

import asyncio
from typing import Any

from confluent_kafka import Message, Producer

from processors.cylinder import pack
from processors.model import Alert, encode
from stream import kafka, topics
from stream.lane.chunk import Effects
from stream.rejected import blanked, reject_headers
from stream.settings import Settings

# Longer than a broker takes to restart: the worker waits for it rather than dying of it.
_GIVE_UP_SECONDS = 60.0


class OutboxError(Exception):
    """Kafka did not take what a chunk causes; the chunk must not be acknowledged."""


class Outbox:
    """The one way out of the worker."""

    def __init__(self, settings: Settings) -> None:
        self._producer: Producer = kafka.producer(
            settings,
            **{
                "linger.ms": 0,
                "message.timeout.ms": int(_GIVE_UP_SECONDS * 1000),
                "queue.buffering.max.messages": 2_000_000,
            },
        )
        self._failure: str | None = None

    async def send(self, effects: Effects) -> None:
        """Make everything durable, in order. Returns when Kafka has acknowledged the last of it."""
        for record in effects.verdicts:
            self._produce(topics.VERDICTS.name, None, record, partition=effects.partition)
        for alert in effects.alerts:
            self._tell(alert)
        for record, reject in effects.rejected:
            self._produce(
                topics.REJECTED.name,
                record.key,
                blanked(record.value),
                headers=reject_headers(reject, "worker", record.timestamp),
            )
        await self._flush()
        for label, cylinder in effects.touched.items():
            self._produce(topics.CYLINDERS_CHANGELOG.name, label.encode(), pack(cylinder), partition=effects.partition)
        await self._flush()

    def _tell(self, alert: Alert) -> None:
        key = alert.districts[0].encode() if alert.districts else b""
        value = encode(alert)
        for authority in dict.fromkeys((*alert.to, *alert.cc)):
            self._produce(topics.ALERTS[authority].name, key, value)

    def _produce(self, topic: str, key: bytes | None, value: bytes | None, **where: Any) -> None:
        try:
            self._producer.produce(topic, value=value, key=key, on_delivery=self._delivered, **where)
        except BufferError:
            self._producer.poll(1.0)
            self._producer.produce(topic, value=value, key=key, on_delivery=self._delivered, **where)

    def _delivered(self, error: Any, message: Message) -> None:
        if error is not None:
            self._failure = f"{message.topic()}: {error.str()}"

    async def _flush(self) -> None:
        if len(self._producer):
            left = await asyncio.get_running_loop().run_in_executor(None, self._producer.flush, _GIVE_UP_SECONDS + 5)
            if left:
                self._failure = self._failure or f"{left} records not acknowledged in {_GIVE_UP_SECONDS:.0f} s"
        if self._failure is not None:
            raise OutboxError(self._failure)
