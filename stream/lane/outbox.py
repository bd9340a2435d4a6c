"""What chunks cause leaves in this order: all that others hear; then the changelog; then the acknowledgement.

What others hear of everything that waits goes out together, one flush for all of it, while the next chunks are judged.
Then each partition's state is kept (keeping.py) about once a second, which no verdict waits for. What the second key hears
waits a tenth of a second for more, since nothing is counted before a tick: to send it with each small chunk had the broker
and both agents do twice the work. It goes out with a tick, and before the state is kept.

- On an exception, or when Kafka does not take a record in time: `OutboxError`; the worker stops, and starts again from
  the last commit. Nothing is acknowledged to Faust that Kafka has not acknowledged to us.
- What is handed on stays in order, whatever becomes of the partition: a change sent without those before it would have them
  taken for known.
- No record is given up alone, only the worker: a record that timed out between others that got through would be a gap.
  In `holders` what is told again after it would be taken for known (tables/held.py). So records wait without end, in
  order (idempotent), and the flush is what ends.
- On kill -9 between the steps: the chunks are read again. Before the changelog they are judged again and told again, to
  the letter but for `judged_at`; after it the state recognises the scans by offset and they are passed over.
- On a revoked partition: chunks under way are finished first (the worker waits for their acknowledgements).
- A worker frozen and continued when another has its partitions: it may tell once more what the other tells, and that is
  recognised; the changelog is closed to it (tables/fence.py), it ends.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from confluent_kafka import Message, Producer

from processors.model import Alert, encode
from stream import kafka, topics
from stream.fault_points import FaultPoint, reach
from stream.lane.effects import Effects
from stream.lane.keeping import Keeper, Told
from stream.rejected import blanked, reject_headers
from stream.settings import Settings
from stream.tables.fence import Fences

# Chunks judged and not yet told, and changelog records of chunks not yet acknowledged. More would only be judged again
# after a crash, and fill the memory while Kafka takes nothing.
_UNTOLD = 16
_UNDER_WAY = 200_000
_TOGETHER_SECONDS = 0.1  # what is handed on comes together for so long
# Records with the producer and not yet acknowledged, and handed to it in one call.
_WAITING_AT_MOST = 1_000_000
_AT_ONCE = 10_000


class OutboxError(Exception):
    """Kafka did not take what a chunk causes; the chunk must not be acknowledged."""


def make_producer(settings: Settings) -> Producer:
    """The producer an outbox wants: a flush sends at once whatever waits, an outage is waited out, no record times out."""
    return kafka.producer(
        settings,
        **{
            "linger.ms": 0,
            "message.timeout.ms": 0,
            "queue.buffering.max.messages": 2 * _WAITING_AT_MOST,  # never full: an order must not get gaps
            "queue.buffering.max.kbytes": 2_000_000,
            "delivery.report.only.error": True,
        },
    )


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Parcel:
    """One chunk's effects; `told` is called when others can hear them, `kept` when all is in Kafka: handed on, and state."""

    effects: Effects
    kept: Callable[[], None]
    told: Callable[[], None] = _nothing


@dataclass(frozen=True)
class _HandOn:
    """A partition's state is to be kept: what the second key must hear before that; and what to say when it can."""

    partition: int
    done: asyncio.Future[None]


class Outbox:
    """The one way out of the worker. `put` from the agent, `run` as a task beside it."""

    def __init__(self, producer: Producer, partitions: int, fences: Fences, patience: float = 60) -> None:
        """`partitions`: of `holders`, each of which hears of the time. `patience`: seconds Kafka has for a flush."""
        self._producer = producer
        self._partitions = partitions
        self._fences = fences
        self._patience = patience  # longer than a broker takes to restart: it is waited for
        self._waiting: asyncio.Queue[Parcel | _HandOn] = asyncio.Queue(_UNTOLD)
        self._handed_on: dict[int, list[dict[str, Any]]] = {}  # by partition of `scans`: not yet with the producer
        self._due = 0.0  # when it goes out
        self._under_way = 0
        self._room = asyncio.Event()
        self._keepers: dict[int, Keeper] = {}
        self._broken: list[BaseException] = []
        self._teller: asyncio.Task[None] | None = None
        self._failure: str | None = None

    async def put(self, parcel: Parcel) -> None:
        """Hand over a chunk's effects; waits while too many are under way."""
        while self._under_way > _UNDER_WAY:
            self._room.clear()
            await self._room.wait()
        self._under_way += parcel.effects.records
        await self._waiting.put(parcel)

    def hurry(self) -> None:
        """Partitions are about to go: nothing waits for more to come."""
        self._fences.is_in_haste = True
        for keeper in self._keepers.values():
            keeper.hurry()

    async def run(self) -> None:
        """Send for ever. Raises OutboxError, FenceError."""
        self._fences.given_up = self._close
        self._teller = asyncio.create_task(self._tell_all())
        try:
            await self._teller
        except asyncio.CancelledError:
            if self._broken:
                raise self._broken[0] from None
            raise
        finally:
            self._teller.cancel()
            for partition in list(self._keepers):
                self._close(partition)

    async def _tell_all(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            waiting = await self._arrived()
            reach(FaultPoint.JUDGED)
            for one in waiting:
                if isinstance(one, Parcel):
                    self._tell(one.effects)
                else:
                    self._hand_on(one.partition)
            if clock() >= self._due:
                for partition in list(self._handed_on):
                    self._hand_on(partition)
            reach(FaultPoint.TOLD_IN_PART)
            await self._flush()
            reach(FaultPoint.TOLD)
            for one in waiting:
                if isinstance(one, Parcel):
                    one.told()
                    self._keep(one)
                elif not one.done.done():
                    one.done.set_result(None)

    async def _arrived(self) -> list[Parcel | _HandOn]:
        """All that waits; nothing where only what is handed on is due."""
        found = []
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._due if self._handed_on else None):
                found.append(await self._waiting.get())
        while not self._waiting.empty():
            found.append(self._waiting.get_nowait())
        return found

    def _keep(self, parcel: Parcel) -> None:
        """On to the keeper of its partition; where that is no longer ours, its next owner judges the chunk again."""
        effects = parcel.effects
        let_go = partial(self._let_go, effects.records)
        fence = self._fences.get(effects.partition)
        if fence is None:
            let_go()
            return
        keeper = self._keepers.get(effects.partition)
        if keeper is None:
            handed_on = partial(self._until_handed_on, effects.partition)
            keeper = self._keepers[effects.partition] = Keeper(fence, self._fences, handed_on, self._broke)
        keeper.take(Told(effects, parcel.kept, let_go))

    async def _until_handed_on(self, partition: int) -> None:
        """In turn with all else: of two that flush at one time the one would wait for what the other sends meanwhile."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await self._waiting.put(_HandOn(partition, done))
        await done

    def _close(self, partition: int) -> None:
        """The partition is given up."""
        keeper = self._keepers.pop(partition, None)
        if keeper is not None:
            keeper.close()

    def _broke(self, error: BaseException) -> None:
        self._broken.append(error)
        if self._teller is not None:
            self._teller.cancel()

    def _let_go(self, weight: int) -> None:
        self._under_way -= weight
        self._room.set()

    def _tell(self, effects: Effects) -> None:
        for run in effects.verdicts:
            self._produce(topics.VERDICTS.name, None, run, partition=effects.partition)
        for alert in effects.alerts:
            self._alert(alert)
        for record, reject in effects.rejected:
            headers = reject_headers(reject, "worker", record.timestamp)
            self._produce(topics.REJECTED.name, record.key, blanked(record.value), headers=headers)
        if effects.handed_on:
            if not self._handed_on:
                self._due = asyncio.get_running_loop().time() + _TOGETHER_SECONDS
            changes = [{"key": key, "value": change} for key, change in effects.handed_on]
            self._handed_on.setdefault(effects.partition, []).extend(changes)
        for code, label in effects.aliases:
            self._produce(topics.ALIASES.name, code.encode(), encode({"label": label}))
        for label, retired in effects.retired:
            self._produce(topics.SCANS.name, label.encode(), retired)
        if effects.tick is not None:  # after what was handed on: the clock must not run ahead of that
            self._hand_on(effects.partition)
            for partition in range(self._partitions):
                self._produce(topics.HOLDERS.name, None, effects.tick, partition=partition)

    def _hand_on(self, partition: int) -> None:
        self._produce_all(topics.HOLDERS.name, self._handed_on.pop(partition, []))

    def _alert(self, alert: Alert) -> None:
        key = alert.districts[0].encode() if alert.districts else b""
        value = encode(alert)
        for authority in dict.fromkeys((*alert.to, *alert.cc)):
            self._produce(topics.ALERTS[authority].name, key, value)

    def _produce(self, topic: str, key: bytes | None, value: bytes | None, **where: Any) -> None:
        self._make_room(topic, 1)
        self._producer.produce(topic, value=value, key=key, on_delivery=self._failed, **where)

    def _produce_all(self, topic: str, records: list[dict[str, Any]]) -> None:
        """The same of many, in order, each to the partition of its key, at half the cost of one by one."""
        for first in range(0, len(records), _AT_ONCE):
            some = records[first : first + _AT_ONCE]
            self._make_room(topic, len(some))
            if self._producer.produce_batch(topic, some, on_delivery=self._failed) < len(some):
                error = next(record["_error"] for record in some if "_error" in record)
                raise OutboxError(f"{topic}: {error}")  # those after it may have been taken: not to be mended in order

    def _make_room(self, topic: str, records: int) -> None:
        """Wait until so many more are taken: this is the only one that produces."""
        give_up = None
        while len(self._producer) + records > _WAITING_AT_MOST:
            give_up = give_up or time.monotonic() + self._patience
            if time.monotonic() > give_up:
                raise OutboxError(f"{topic}: no room for a record in {self._patience:.0f} s")
            self._producer.poll(1.0)

    def _failed(self, error: Any, message: Message) -> None:
        """Kafka will not take a record (the producer reports only those)."""
        if error is not None:
            self._failure = f"{message.topic()}: {error.str()}"

    async def _flush(self) -> None:
        if len(self._producer):
            left = await asyncio.to_thread(self._producer.flush, self._patience)
            if left and self._failure is None:
                self._failure = f"{left} records not acknowledged in {self._patience:.0f} s"
        if self._failure is not None:
            raise OutboxError(self._failure)
