"""State read back in bulk: from a partition's checkpoint and its changelog's tail, or else from the whole changelog.

Why: Faust's own recovery takes 5,700 records a second, stalls for ever where segments were deleted, and goes on with
holes after a record it cannot decode. Here such a record, a broker that does not answer and a restore that makes no
progress each raise `RestoreError`: the worker exits and is started again, it never judges with half its memory.

What is committed is state; what a worker that broke had begun to write is not (fence.py, reading.py).

A checkpoint that cannot be used is ignored with one line, and what it would have said is read from the changelog.
"""

import gc
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaException

from processors.packing import Packing
from stream.kafka import Described
from stream.settings import Settings
from stream.tables import checkpoint
from stream.tables.checkpoint import CheckpointError, Wanted
from stream.tables.partition import Partition
from stream.tables.reading import Log, NoProgressError

# Of `delete.retention.ms`, for which a deletion stays to be read: how old a checkpoint may be (checkpoint.py).
_OF_RETENTION = 0.5

_LOG = logging.getLogger(__name__)


class RestoreError(Exception):
    """The state of a partition cannot be read back; the message says why."""


@dataclass(frozen=True)
class Source:
    """What a table is restored from: its changelog, and `log`, the topic of which it holds records back, if any."""

    settings: Settings
    changelog: str
    packing: Callable[[], Packing[Any]]
    log: str | None = None


@dataclass(frozen=True)
class Restored:
    """The live state of a partition up to offset `end` of the changelog, of which `tail` records were read for it."""

    state: Partition[Any]
    end: int
    tail: int
    warm: bool


def changelog_end(settings: Settings, changelog: str, partition: int) -> int:
    """The offset after the last record of a partition's changelog. Raises KafkaException."""
    with Log(settings, changelog) as log:
        return log.end(partition)


def restore(
    source: Source, partitions: Sequence[int], described: Described | None = None
) -> Iterator[tuple[int, Restored]]:
    """The state of one partition after the other. Raises RestoreError.

    `described`: the changelog; None where no checkpoints are kept.
    """
    with Log(source.settings, source.changelog) as log, _without_collecting():
        for partition in partitions:
            try:
                found = _restore(source, log, partition, described)
                if source.log is not None:
                    _hear_again(source.settings, source.log, partition, found.state)
            except (KafkaException, ValueError, NoProgressError) as error:
                reason = error.args[0].str() if isinstance(error, KafkaException) else str(error)
                raise RestoreError(f"{source.changelog}[{partition}]: {reason}") from error
            yield partition, found


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Nothing made here refers to itself. To look for what does would touch every state again and again.

    What there is then is looked at never more: a full collection would hold up judging for as long as that takes.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _restore(source: Source, log: Log, partition: int, described: Described | None) -> Restored:
    end = log.end(partition)
    if described is not None and (warm := _warm(source, log, partition, end, described)):
        return warm
    count = 0

    def batches() -> Iterator[tuple[list[bytes], list[bytes | None]]]:
        nonlocal count
        for keys, values in log.records(partition, 0, end):
            count += len(keys)
            yield keys, values

    return Restored(Partition.read(batches(), source.packing(), end), end, count, warm=False)


def _warm(source: Source, log: Log, partition: int, end: int, described: Described) -> Restored | None:
    """What the checkpoint and the changelog's tail make; None where there is no checkpoint that will do."""
    path = checkpoint.place(source.settings, source.changelog, partition)
    wanted = Wanted(
        source.changelog, described.id, partition, end, time.time(), described.delete_retention_seconds * _OF_RETENTION
    )
    try:
        since, frozen = checkpoint.read(path, wanted)
        tail, count = log.latest(partition, since, end)
        return Restored(Partition.thawed(frozen, tail, source.packing()), end, count, warm=True)
    except FileNotFoundError:
        return None
    except (CheckpointError, OSError, ValueError) as error:
        _LOG.warning("%s is ignored, the state is restored from the changelog: %s", path, error)
        return None


def _hear_again(settings: Settings, topic: str, partition: int, state: Partition[Any]) -> None:
    """What waited for its turn waits again."""
    upto = state.position.upto
    with Log(settings, topic) as log:
        end = min(upto + 1, log.end(partition))
        for batch in log.batches(partition, state.position.since, end):
            for message in batch:
                if message.offset() <= upto:
                    state.held.hear_again(message.offset(), message.key(), message.value())
