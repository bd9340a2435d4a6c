"""The cylinders' state as a Faust table: live structs in memory, by partition, with a changelog in Kafka behind them.

Faust owns the table, its place in the group and when a partition comes and goes. Behind its store interface two things
are ours: a partition's state is restored in bulk (restore.py) before Faust's recovery looks, so that it finds nothing
left to do; and the outbox writes the changelog, a record a touched label and chunk, after the verdicts (Faust's own
write costs about 100 µs a key and is not ordered after anything).

- On an exception in a restore: the app crashes and the process is started again.
- On a revoked partition: its state is dropped; whoever has it next reads the changelog.
"""

import asyncio
from typing import Any

import faust
from faust.stores.memory import Store
from faust.types import TP

from processors.cylinder import Cylinder
from stream import topics
from stream.settings import Settings
from stream.tables.restore import changelog_end, restore


class CylinderStore(Store):
    """Labels' live state, by partition of `scans`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.states: dict[int, dict[str, Cylinder]] = {}
        self._ends: dict[int, int] = {}

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Drop what is no longer ours, restore what is new; of the rest the changelog holds just what we wrote."""
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)
        settings: Settings = self.options["settings"]
        ours = {tp.partition for tp in assigned if tp.topic == topics.CYLINDERS_CHANGELOG.name}
        for partition in self.states.keys() - ours:
            del self.states[partition]
        for partition in sorted(ours):
            if partition not in self.states:
                self.states[partition], self._ends[partition] = await asyncio.to_thread(restore, settings, partition)
            else:
                self._ends[partition] = await asyncio.to_thread(changelog_end, settings, partition)

    def persisted_offset(self, tp: TP) -> int | None:
        """The last changelog record our state includes: Faust restores what comes after it, which is nothing."""
        return self._ends.get(tp.partition, 0) - 1


class CylinderTable(faust.Table):
    """A Faust table on the store above."""

    def _new_store(self) -> CylinderStore:
        return CylinderStore(
            "memory://", self.app, self, table_name=self.name, options={"settings": self.options["settings"]}
        )


def declare(app: faust.App, settings: Settings) -> CylinderStore:
    """Give the app its table of cylinders; the store holds the state."""
    table: Any = app.tables.add(
        CylinderTable(
            app,
            name=topics.CYLINDERS_TABLE,
            partitions=settings.partitions,
            options={"settings": settings},
        )
    )
    store: CylinderStore = table.data
    return store
