"""The live state of one partition: what each key has, how far it goes, and what time it is there.

The changelog holds a record a key, and under `POSITION` how far the partition's log is contained in it and the arrival
clock there. That record is written after all others of its group: what lies before it need not be looked at again.
"""

from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

from processors.alarms import Alarms
from processors.packing import Packing

POSITION = b"@position"  # no label, customer or vehicle is spelled so


class Alarming(Protocol):
    """State that wants to be looked at again at a moment (instant; 0 is never)."""

    @property
    def alarm(self) -> int: ...


State = TypeVar("State", bound=Alarming)


class Position(Struct, array_like=True, gc=False):
    """How far the state goes: `upto` is the last offset it includes, `clock` the arrival clock there (instant).

    At the second key alone, by partition of `scans`: `ticks`, its latest, whose lowest is the clock; `heard`, the offset of
    the scan whose change came last.
    """

    upto: int = -1
    clock: int = 0
    ticks: dict[int, int] = {}
    heard: dict[int, int] = {}


_POSITIONS = Packing(Position, b"\x01")


class Partition(Generic[State]):
    """All keys of one partition, live."""

    def __init__(self) -> None:
        self.live: dict[str, State] = {}
        self.position = Position()
        self.alarms = Alarms(lambda key: found.alarm if (found := self.live.get(key)) is not None else 0)

    @classmethod
    def restored(cls, records: dict[bytes, bytes], packing: Packing[Any]) -> "Partition[Any]":
        """From the latest record of each key. Raises ValueError for a format of another version."""
        partition: Partition[Any] = cls()
        position = records.pop(POSITION, None)
        if position is not None:
            partition.position = _POSITIONS.unpack(position)
        partition.live = {key.decode(): packing.unpack(packed) for key, packed in records.items()}
        for key, state in partition.live.items():
            partition.alarms.moved(key, 0, state.alarm)
        return partition

    def packed_position(self) -> bytes:
        """The record under `POSITION`."""
        return _POSITIONS.pack(self.position)
