"""State as Faust tables: live structs in memory, by partition, with a changelog in Kafka behind them.

Faust owns each table, its place in the group and when a partition comes and goes. Behind its store interface two things
are ours: a partition's state is restored in bulk (restore.py) before Faust's recovery looks, so that it finds nothing
left to do; and the outbox writes the changelog, a record a touched key and chunk, after the verdicts (Faust's own
write costs about 100 µs a key and is not ordered after anything).

- On an exception in a restore: the app crashes and the process is started again.
- On a revoked partition: its state is dropped; whoever has it next fences us off (fence.py) and reads the changelog.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import faust
from faust.stores.memory import Store
from faust.types import TP

from processors.packing import Packing
from stream.settings import Settings
from stream.tables.fence import Fences
from stream.tables.partition import LIVE_AT_MOST, Partition
from stream.tables.restore import restore


class PartitionStore(Store):
    """State by partition. `options`: `settings`, the `changelog` topic's name, `packing` makes that of a partition.

    `log` names the topic of which it holds records back, if any; `fences` are those of all tables.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self.states: dict[int, Partition[Any]] = {}
        self._ends: dict[int, int] = {}

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Drop what is no longer ours, restore what is new; of the rest the changelog holds just what we wrote."""
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)
        settings, changelog, packing, log = (self.options[name] for name in ("settings", "changelog", "packing", "log"))
        fences: Fences = self.options["fences"]
        ours = {tp.partition for tp in assigned if tp.topic == changelog}
        for partition in self.states.keys() - ours:
            del self.states[partition]
        await fences.hold(ours, generation_id)
        for partition in sorted(ours - self.states.keys()):
            self.states[partition], self._ends[partition] = await asyncio.to_thread(
                restore, settings, changelog, partition, packing(), log
            )
            self.states[partition].live_at_most = LIVE_AT_MOST // settings.partitions

    def persisted_offset(self, tp: TP) -> int | None:
        """The last changelog record that was restored. Faust is told (driver.py) that it is the last there is."""
        return self._ends.get(tp.partition, 0) - 1


class _PartitionTable(faust.Table):
    """A Faust table on the store above."""

    def _new_store(self) -> PartitionStore:
        return PartitionStore("memory://", self.app, self, table_name=self.name, options=self.options)


def declare(
    app: faust.App,
    settings: Settings,
    name: str,
    changelog: str,
    packing: Callable[[], Packing[Any]],
    fences: Fences,
    log: str | None = None,
) -> PartitionStore:
    """Give the app a table; the store holds its state. `log`: the topic of which it holds records back, if any."""
    options = {"settings": settings, "changelog": changelog, "packing": packing, "fences": fences, "log": log}
    table: Any = app.tables.add(_PartitionTable(app, name=name, partitions=settings.partitions, options=options))
    store: PartitionStore = table.data
    return store
