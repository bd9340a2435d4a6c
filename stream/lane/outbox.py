"""What chunks cause leaves in this order: all that others hear; then the changelog; then the acknowledgement.

Everything that waits goes out together, two flushes for all of it, while the next chunks are judged: twelve partitions
that trickle cost two round trips to the broker and not twenty-four.

- On an exception, or when Kafka does not take a record in time: `OutboxError`; the worker stops, and starts again from
  the last commit. Nothing is acknowledged to Faust that Kafka has not acknowledged to us.
- No record is given up alone, only the worker: a record that timed out between others that got through would be a gap.
  In `holders` what is told again after it would be taken for known (tables/held.py); in a changelog the position would
  speak of a state that is not there. So records wait without end, in order (idempotent), and the flush is what ends.
- On kill -9 between the steps: the chunks are read again. Before the changelog they are judged again and told again, to
  the letter but for `judged_at`; after it the state recognises the scans by offset and they are passed over.
- On a revoked partition: chunks under way are finished first (the worker waits for their acknowledgements).
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Message, Producer

from processors.model import Alert, encode
from stream import kafka, topics
from stream.lane.effects import Effects
from stream.rejected import blanked, reject_headers
from stream.settings import Settings

# Longer than a broker takes to restart: the worker waits for it rather than dying of it.
_GIVE_UP_SECONDS = 60.0
# Chunks judged and not yet out. More would only be judged again after a crash.
_UNDER_WAY = 64


class OutboxError(Exception):
    """Kafka did not take what a chunk causes; the chunk must not be acknowledged."""


def make_producer(settings: Settings) -> Producer:
    """The producer an outbox wants: a flush sends at once whatever waits, an outage is waited out, no record times out."""
    return kafka.producer(
        settings,
        **{
            "linger.ms": 0,
            "message.timeout.ms": 0,
            "queue.buffering.max.messages": 2_000_000,
        },
    )


@dataclass(frozen=True)
class Parcel:
    """One chunk's effects, and what to call when all of them are in Kafka."""

    effects: Effects
    delivered: Callable[[], None]


class Outbox:
    """The one way out of the worker. `put` from the agent, `run` as a task beside it."""

    def __init__(self, producer: Producer, partitions: int) -> None:
        """`partitions`: of `holders`, each of which hears of the time."""
        self._producer = producer
        self._partitions = partitions
        self._waiting: asyncio.Queue[Parcel] = asyncio.Queue(_UNDER_WAY)
        self._failure: str | None = None

    async def put(self, parcel: Parcel) -> None:
        """Hand over a chunk's effects; waits while too many are under way."""
        await self._waiting.put(parcel)

    async def run(self) -> None:
        """Send for ever. Raises OutboxError."""
        while True:
            parcels = [await self._waiting.get()]
            while not self._waiting.empty():
                parcels.append(self._waiting.get_nowait())
            await self._send([parcel.effects for parcel in parcels])
            for parcel in parcels:
                parcel.delivered()

    async def _send(self, group: list[Effects]) -> None:
        for effects in group:
            self._tell(effects)
        await self._flush()
        for effects in group:
            for key, packed in effects.changelog():
                self._produce(effects.changelog_topic, key, packed, partition=effects.partition)
        await self._flush()

    def _tell(self, effects: Effects) -> None:
        for run in effects.verdicts:
            self._produce(topics.VERDICTS.name, None, run, partition=effects.partition)
        for alert in effects.alerts:
            self._alert(alert)
        for record, reject in effects.rejected:
            headers = reject_headers(reject, "worker", record.timestamp)
            self._produce(topics.REJECTED.name, record.key, blanked(record.value), headers=headers)
        for key, change in effects.handed_on:
            self._produce(topics.HOLDERS.name, key.encode(), change)
        for code, label in effects.aliases:
            self._produce(topics.ALIASES.name, code.encode(), encode({"label": label}))
        for label, retired in effects.retired:
            self._produce(topics.SCANS.name, label.encode(), retired)
        if effects.tick is not None:  # after what was handed on: the clock must not run ahead of that
            for partition in range(self._partitions):
                self._produce(topics.HOLDERS.name, None, effects.tick, partition=partition)

    def _alert(self, alert: Alert) -> None:
        key = alert.districts[0].encode() if alert.districts else b""
        value = encode(alert)
        for authority in dict.fromkeys((*alert.to, *alert.cc)):
            self._produce(topics.ALERTS[authority].name, key, value)

    def _produce(self, topic: str, key: bytes | None, value: bytes | None, **where: Any) -> None:
        give_up = time.monotonic() + _GIVE_UP_SECONDS
        while True:
            try:
                self._producer.produce(topic, value=value, key=key, on_delivery=self._settled, **where)
            except BufferError:
                if time.monotonic() > give_up:
                    raise OutboxError(f"{topic}: no room for a record in {_GIVE_UP_SECONDS:.0f} s") from None
                self._producer.poll(1.0)
            else:
                return

    def _settled(self, error: Any, message: Message) -> None:
        if error is not None:
            self._failure = f"{message.topic()}: {error.str()}"

    async def _flush(self) -> None:
        if len(self._producer):
            left = await asyncio.to_thread(self._producer.flush, _GIVE_UP_SECONDS)
            if left and self._failure is None:
                self._failure = f"{left} records not acknowledged in {_GIVE_UP_SECONDS:.0f} s"
        if self._failure is not None:
            raise OutboxError(self._failure)
