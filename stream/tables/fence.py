"""Who may write the changelogs of a partition: whoever was given it last, and nobody else.

A worker that was frozen past its session and comes back does not know that another has taken over, and has records at
hand: 31 of them were seen written after the new owner's, and compaction keeps the last. So each partition has a
transactional id, and both its changelogs (they come and go together) are written in transactions under it. To take the id
fences every earlier holder and aborts what it had open; that comes before the restore, which reads what is committed.

- On an exception, or when a transaction is not through in time: `FenceError`; the worker ends, what was open is aborted
  by whoever takes the partition next, and its chunks were not acknowledged.
- On kill -9, and on a worker frozen and continued: the same. Fenced, not one record more gets in; the worker ends.
- On a revoked partition: the id stays as it is until the next owner takes it. A partition that stays with us over a
  rebalance is proved to be ours still, for between two of them another may have had it: our state of it would be old.

Why one id a partition: ids go with partitions, so that whichever worker comes next fences the last. One a worker would
fence that worker's own return alone. What it costs: `python -m load_tests.fence_cost`, figures in ARCHITECTURE.md.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from stream import kafka, topics
from stream.settings import Settings

_AT_ONCE = 10_000  # records handed over in one call
_TOGETHER = 12  # partitions taken, or transactions committed, at one time
_PROOF = b"@owner"  # its deletion: a record that says nothing, and is only let in from the owner

_NOT_OURS = frozenset({KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH})


class FenceError(Exception):
    """The changelogs of a partition cannot be written, or no more by us; the message says why."""


class Fence:
    """The right to write one partition's changelogs. `lock` is held from a transaction's first record to its commit."""

    def __init__(self, settings: Settings, partition: int) -> None:
        self.partition = partition
        self.lock = asyncio.Lock()
        self._is_open = False
        self._lost: str | None = None  # what Kafka said when it first refused us: a producer that is through says less
        self._patience = settings.kafka_seconds
        self._producer: Producer = kafka.producer(
            settings,
            **{
                "transactional.id": f"{topics.APP_ID}-changelog-{partition}",
                "transaction.timeout.ms": int(1000 * (settings.kafka_seconds + 10)),  # ours to end, not the broker's
                "linger.ms": 200,  # a commit waits for none of it; a request a chunk kept the broker from the verdicts
                "queue.buffering.max.messages": 2_000_000,  # never full: who writes counts what is under way
                "queue.buffering.max.kbytes": 2_000_000,
                "delivery.report.only.error": True,
                "error_cb": lambda _: None,  # the outbox's producer says what the network does; the rest is raised
            },
        )

    def take(self) -> None:
        """Fence whoever had it. Blocks; raises FenceError.

        A changelog that lost its end may have lost that of a transaction, and nothing behind would ever be read: our own
        ends it. Of two the second begins when what ends the first is written.
        """
        self._try(lambda: self._producer.init_transactions(self._patience))
        for _ in range(2):
            self.prove()

    def write(self, changelog: str, records: Sequence[tuple[bytes, bytes | None]]) -> None:
        """Records by key, None deletes: into the transaction that is open, or a new one. Raises FenceError."""
        if not self._is_open:
            self._try(self._producer.begin_transaction)
            self._is_open = True
        for first in range(0, len(records), _AT_ONCE):
            some: list[dict[str, Any]] = [
                {"key": key, "value": value} for key, value in records[first : first + _AT_ONCE]
            ]
            # The partition is that of the call: one that a record names is passed over (confluent-kafka 2.16.1).
            if self._producer.produce_batch(changelog, some, self.partition) < len(some):
                error = next(record["_error"] for record in some if "_error" in record)
                if error.code() == KafkaError._FATAL:  # which is no reason; a producer that is through tells it here
                    self._try(self._producer.begin_transaction)
                raise self._explained(error)

    def flush(self) -> None:
        """Have Kafka hold what is written, which is not to say committed. Blocks."""
        self._producer.flush(self._patience)

    def commit(self) -> None:
        """All that was written is state from now on. Blocks; raises FenceError."""
        self._try(lambda: self._producer.commit_transaction(self._patience))
        self._is_open = False

    def prove(self) -> None:
        """Nobody has taken it since we did. Blocks; raises FenceError."""
        for changelog in (topics.CYLINDERS_CHANGELOG, topics.HOLDERS_CHANGELOG):
            self.write(changelog.name, [(_PROOF, None)])
        self.commit()

    def _try(self, step: Callable[[], Any]) -> None:
        try:
            step()
        except KafkaException as error:
            raise self._explained(error.args[0]) from error

    def _explained(self, error: KafkaError) -> FenceError:
        where = f"the changelogs of partition {self.partition}"
        if self._lost is None and (error.fatal() or error.code() in _NOT_OURS):
            self._lost = error.str()
        if self._lost is not None:
            return FenceError(f"{where} are another worker's by now, this one was away: {self._lost}")
        return FenceError(f"{where}: {error.str()}")


class Fences:
    """Those of the partitions that this worker has."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._held: dict[int, Fence] = {}
        self.given_up: Callable[[int], None] = lambda _: None
        """Called with each partition that is no longer ours."""
        self.is_in_haste = False
        """Partitions are about to go: what is written is to be committed at once. Until the next `hold`."""
        self._generation: int | None = None
        self._threads = ThreadPoolExecutor(_TOGETHER, thread_name_prefix="changelog")

    def get(self, partition: int) -> Fence | None:
        """The fence of a partition, if it is ours."""
        return self._held.get(partition)

    async def hold(self, partitions: set[int], generation: int) -> None:
        """After a rebalance: give up what is no longer ours, prove what still is, take what is new. Raises FenceError.

        Each table asks for it, with the same partitions: the first of a generation has it done.
        """
        if generation == self._generation:
            if partitions != self._held.keys():
                raise FenceError(
                    f"the tables have partitions {sorted(partitions)} and {sorted(self._held)}, wanted the same"
                )
            return
        self.is_in_haste = False
        gone = [self._held.pop(partition) for partition in self._held.keys() - partitions]
        for fence in gone:
            self.given_up(fence.partition)
        await asyncio.gather(
            *(self._prove(fence) for fence in self._held.values()),
            *(self._take(partition) for partition in sorted(partitions - self._held.keys())),
        )
        self._generation = generation

    async def apart(self, step: Callable[[], None]) -> None:
        """A step that blocks, in a thread of ours: verdicts must not wait for the threads of others."""
        await asyncio.get_running_loop().run_in_executor(self._threads, step)

    async def _prove(self, fence: Fence) -> None:
        async with fence.lock:
            await self.apart(fence.prove)

    async def _take(self, partition: int) -> None:
        fence = Fence(self._settings, partition)
        await self.apart(fence.take)
        self._held[partition] = fence
