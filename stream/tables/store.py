"""State as Faust tables: live structs in memory, by partition, with a changelog in Kafka behind them.

Faust owns each table, its place in the group and when a partition comes and goes. Behind its store interface three things
are ours: a partition's state is restored in bulk (restore.py) before Faust's recovery looks, so that it finds nothing
left to do; the outbox writes the changelog, a record a touched key and chunk, after the verdicts (Faust's own write costs
about 100 µs a key and is not ordered after anything); and checkpoints of it are kept on this machine (checkpoints.py).

- On an exception in a restore: the app crashes and the process is started again.
- On a revoked partition: its state is dropped; whoever has it next fences us off (fence.py) and reads the changelog.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

import faust
from confluent_kafka import KafkaException
from faust.stores.memory import Store
from faust.types import TP

from stream import kafka, metrics
from stream.tables.checkpoints import Checkpoints, Kept
from stream.tables.fence import Fences
from stream.tables.partition import LIVE_AT_MOST, Partition
from stream.tables.restore import Restored, Source, restore

_LOG = logging.getLogger(__name__)


class PartitionStore(Store):
    """State by partition. `options`: the `source` it is restored from, `checkpoints` and `fences`: those of all tables."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.states: dict[int, Partition[Any]] = {}
        self._ends: dict[int, int] = {}
        self._kept: dict[int, Kept] = {}

    @property
    def _source(self) -> Source:
        found: Source = self.options["source"]  # which Faust sets after __post_init__
        return found

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Drop what is no longer ours, restore what is new; of the rest the changelog holds just what we wrote."""
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)
        source, checkpoints = self._source, self.options["checkpoints"]
        ours = {tp.partition for tp in assigned if tp.topic == source.changelog}
        for partition in self.states.keys() - ours:
            del self.states[partition]
            if kept := self._kept.pop(partition, None):
                kept.drop()
        fences: Fences = self.options["fences"]
        await fences.hold(ours, generation_id)
        if new := sorted(ours - self.states.keys()):
            described, restored = await asyncio.to_thread(self._restore, new)
            for partition, found in restored.items():
                self.states[partition], self._ends[partition] = found.state, found.end
                found.state.live_at_most = LIVE_AT_MOST // source.settings.partitions
                if described is not None:
                    self._kept[partition] = kept = Kept(source, partition, found, described)
                    checkpoints.add(kept)

    def persisted_offset(self, tp: TP) -> int | None:
        """The last changelog record that was restored. Faust is told (driver.py) that it is the last there is."""
        return self._ends.get(tp.partition, 0) - 1

    def under_way(self, partition: int, records: int) -> Callable[[], None]:
        """A chunk of a partition is judged; call what this gives when its records are in the changelog."""
        kept = self._kept.get(partition)
        return kept.under_way(records) if kept else _nothing

    def _restore(self, partitions: list[int]) -> tuple[kafka.Described | None, dict[int, Restored]]:
        source, began = self._source, time.monotonic()
        described = self._describe()
        restored = dict(restore(source, partitions, described))
        metrics.RESTORE_SECONDS.labels(self.table_name).set(time.monotonic() - began)
        for one in restored.values():
            metrics.RESTORED.labels(self.table_name, "checkpoint" if one.warm else "changelog").inc()
        return described, restored

    def _describe(self) -> kafka.Described | None:
        """The changelog as the broker has it; None where no checkpoints are kept of it."""
        source = self._source
        if not source.settings.checkpoint_records:
            return None
        try:
            return kafka.describe(source.settings, source.changelog)
        except KafkaException as error:
            _LOG.warning("%s: no checkpoints are read or kept: %s", source.changelog, error.args[0].str())
            return None


def _nothing() -> None:
    """No checkpoint waits for it."""


class _PartitionTable(faust.Table):
    """A Faust table on the store above."""

    def _new_store(self) -> PartitionStore:
        return PartitionStore("memory://", self.app, self, table_name=self.name, options=self.options)


def declare(app: faust.App, name: str, source: Source, checkpoints: Checkpoints, fences: Fences) -> PartitionStore:
    """Give the app a table; the store holds its state."""
    options = {"source": source, "checkpoints": checkpoints, "fences": fences}
    table: Any = app.tables.add(_PartitionTable(app, name=name, partitions=source.settings.partitions, options=options))
    store: PartitionStore = table.data
    return store
