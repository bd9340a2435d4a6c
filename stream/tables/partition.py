"""The live state of one partition: what each key has, how far it goes, and what time it is there.

The changelog holds a record a key, and under `POSITION` how far the partition's log is contained in it and the arrival
clock there. That record is written after all others of its group: what lies before it need not be looked at again.
"""

from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

from processors.alarms import Alarms
from processors.packing import Packing
from stream.tables.held import Held, Place

POSITION = b"@position"  # no label, customer or vehicle is spelled so


class Alarming(Protocol):
    """State that wants to be looked at again at a moment (instant; 0 is never)."""

    @property
    def alarm(self) -> int: ...


State = TypeVar("State", bound=Alarming)


class Position(Struct, array_like=True, gc=False):
    """How far the state goes: `upto` is the last offset read, `clock` the arrival clock there (instant).

    At the second key alone, by partition of `scans`: `ticks`, its latest, whose lowest is the clock; `taken`, the place of
    the change taken last. What was read and not taken stands in the log from offset `since` on.
    """

    upto: int = -1
    clock: int = 0
    ticks: dict[int, int] = {}
    taken: dict[int, Place] = {}
    since: int = 0


class _Position1(Struct, array_like=True, gc=False):
    """As it was when every change was taken as it was read: `heard` is the offset of the arrival told last."""

    upto: int = -1
    clock: int = 0
    ticks: dict[int, int] = {}
    heard: dict[int, int] = {}


_POSITIONS = Packing(Position, b"\x02")
_POSITIONS_1 = Packing(_Position1, b"\x01")


def _position(packed: bytes) -> Position:
    if packed[:1] != b"\x01":
        return _POSITIONS.unpack(packed)
    old = _POSITIONS_1.unpack(packed)
    taken = {partition: (offset, -1) for partition, offset in old.heard.items()}  # that arrival may have told another
    return Position(old.upto, old.clock, old.ticks, taken, old.upto + 1)


class Partition(Generic[State]):
    """All keys of one partition, live."""

    def __init__(self) -> None:
        self.live: dict[str, State] = {}
        self.position = Position()
        self.held = Held()
        self.alarms = Alarms(lambda key: found.alarm if (found := self.live.get(key)) is not None else 0)

    @classmethod
    def restored(cls, records: dict[bytes, bytes], packing: Packing[Any]) -> "Partition[Any]":
        """From the latest record of each key. Raises ValueError for a format of another version.

        What was held back is not in them: the caller lets `held` hear the log again, from `position.since` to `upto`.
        """
        partition: Partition[Any] = cls()
        position = records.pop(POSITION, None)
        if position is not None:
            partition.position = _position(position)
            partition.held = Held(partition.position.taken)
        partition.live = {key.decode(): packing.unpack(packed) for key, packed in records.items()}
        for key, state in partition.live.items():
            partition.alarms.moved(key, 0, state.alarm)
        return partition

    def packed_position(self) -> bytes:
        """The record under `POSITION`."""
        return _POSITIONS.pack(self.position)
