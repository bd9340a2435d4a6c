"""The cylinders' state: a Faust table, live structs in memory, restored by Faust from its changelog.

Faust owns the table, its changelog topic and its recovery. Two things are done here instead: values are mutated in place
and written to the changelog by the outbox, a record a touched label and chunk (Faust's own write costs about 100 µs a
key and is not ordered after the verdicts), and the memory store is told each new key's partition, so that a revoked
partition's labels are forgotten.
"""

from collections.abc import Iterator, MutableMapping
from typing import Any

import faust
from faust.serializers import codecs

from processors.cylinder import Cylinder, pack, unpack
from stream import topics


class _Packed(codecs.Codec):
    """Faust's view of the packed form."""

    def _dumps(self, obj: Any) -> bytes:
        return pack(obj)

    def _loads(self, s: bytes) -> Cylinder:
        return unpack(s)


codecs.register("cylinder", _Packed())


def declare(app: faust.App, partitions: int) -> Any:
    """The Faust table of cylinders."""
    return app.Table(
        topics.CYLINDERS_TABLE,
        partitions=partitions,
        schema=faust.Schema(key_type=str, key_serializer="raw", value_serializer="cylinder"),
    )


class LiveCylinders(MutableMapping[str, Cylinder]):
    """The table's own dictionary, without Faust's bookkeeping a key. Set `partition` before new labels are put in."""

    def __init__(self, table: Any) -> None:
        self._store = table.data
        self.partition = 0

    def __getitem__(self, label: str) -> Cylinder:
        found: Cylinder = self._store.data[label]
        return found

    def __setitem__(self, label: str, cylinder: Cylinder) -> None:
        self._store.data[label] = cylinder
        self._store._key_partition[label] = self.partition

    def __delitem__(self, label: str) -> None:
        del self._store.data[label]

    def __iter__(self) -> Iterator[str]:
        return iter(self._store.data)

    def __len__(self) -> int:
        return len(self._store.data)
