"""The state of one partition: how far it goes, its clock, and its keys. Those that move are live, the others packed.

Pure: restore.py fills it, chunk judges change it, the outbox writes its records.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Generic, Protocol, TypeVar

import msgspec
from msgspec import Struct

from processors.alarms import Alarms
from processors.alarms import Frozen as FrozenAlarms
from processors.packing import Packing, alarm_of
from stream.tables.filling import Filling
from stream.tables.held import Held, Place
from stream.tables.packed import Frozen as FrozenStore
from stream.tables.packed import PackedStore

POSITION = b"@position"  # no label, customer or vehicle is spelled so
_NAMED = b"@"  # begins the keys of what states name by number
_FORMAT, _FORMAT_1 = b"\x02", b"\x01"

# So many keys are kept live beside their packed form, in all partitions of a topic together. At 3 KB each: 12 bytes a
# cylinder of a city. To take one up again costs as much as to judge its scan.
LIVE_AT_MOST = 12_000


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


_first = itemgetter(0)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Position).decode
_decode_1 = msgspec.msgpack.Decoder(_Position1).decode


def _position(packed: bytes) -> Position:
    """From its record. Raises ValueError for a format of another version than this and the one before it."""
    if packed[:1] == _FORMAT:
        return _decode(packed[1:])
    if packed[:1] != _FORMAT_1:
        raise ValueError(f"Position of format {packed[:1]!r}, this version reads {_FORMAT!r} and {_FORMAT_1!r}")
    old = _decode_1(packed[1:])
    taken = {partition: (offset, -1) for partition, offset in old.heard.items()}  # that arrival may have told another
    return Position(old.upto, old.clock, old.ticks, taken, old.upto + 1)


@dataclass(frozen=True, slots=True)
class Frozen:
    """A partition at one moment: a packed position, the records of what states name by number, states, alarms."""

    position: bytes
    named: Iterable[tuple[bytes, bytes]]
    store: FrozenStore
    alarms: FrozenAlarms[int]


class Partition(Generic[State]):
    """All keys of one partition."""

    def __init__(self, packing: Packing[State]) -> None:
        self.live_at_most = 1_000
        self.is_between = False  # whether a chunk is half judged: then it must not be frozen
        self.position = Position()
        self.held = Held()
        self._packing = packing
        self.live: dict[str, State] = {}  # to be looked at by others; `get` for one that may be packed
        self._slots: dict[str, int] = {}  # of live keys, once known
        self._rung: dict[int, int] = {}  # by slot: moments that are others than those packed, until they are put away
        self._packed = PackedStore()
        self._alarms: Alarms[int] = Alarms(self._moment, partial(array, "I"))
        self.is_past = self._alarms.is_past  # whether `past` may find any

    @classmethod
    def restored(cls, records: dict[bytes, bytes], packing: Packing[State]) -> "Partition[State]":
        """From the latest record of each key. Raises ValueError for a format of another version.

        What was held back is not in them: the caller lets `held` hear the log again, from `position.since` to `upto`.
        """
        return cls.read([(list(records), list(records.values()))], packing)

    @classmethod
    def read(
        cls, batches: Iterable[tuple[list[bytes], list[bytes | None]]], packing: Packing[State], expected: int = 0
    ) -> "Partition[State]":
        """From all records in order, by lists of keys and of values, None where a key is deleted. Raises as `restored`.

        `expected`: so many keys there may be.
        """
        found, filling = cls(packing), Filling(expected)
        named: dict[bytes, bytes | None] = {}
        for keys, values in batches:
            if _NAMED[0] in map(_first, keys):
                apart = [place for place, key in enumerate(keys) if key[0] == _NAMED[0]]
                named |= {keys[place]: values[place] for place in apart}
                for place in reversed(apart):
                    del keys[place], values[place]
            filling.add(keys, values)
        if position := named.pop(POSITION, None):
            found._go_on_from(_position(position))
        store, alarms = filling.end()
        found._take_over(store, named)
        found._alarms.thaw(alarms)
        for key, value in filling.later.items():
            found._take_back(key, value)
        return found

    @classmethod
    def thawed(cls, frozen: Frozen, tail: dict[bytes, bytes | None], packing: Packing[State]) -> "Partition[State]":
        """As it was frozen, and what the changelog says since: the latest record of each key, None where it is deleted.

        Raises ValueError for a format of another version, and where the changelog goes back behind it.
        """
        found = cls(packing)
        then = _position(frozen.position)
        now = _position(tail.pop(POSITION, None) or frozen.position)
        if now.upto < then.upto:
            raise ValueError(f"it goes to scan {then.upto} and the changelog to {now.upto}")
        found._go_on_from(now)
        named = dict[bytes, bytes | None](frozen.named)
        named |= {key: tail.pop(key) for key in [key for key in tail if key.startswith(_NAMED)]}
        found._take_over(PackedStore.thawed(frozen.store), named)
        found._alarms.thaw(frozen.alarms)
        for key, value in tail.items():
            found._take_back(key.decode(), value)
        return found

    def frozen(self) -> Frozen:
        """What there is now, between two chunks; to be read by another thread while judging goes on."""
        return Frozen(self.packed_position(), self._packing.known(), self._packed.frozen(), self._alarms.frozen())

    def _go_on_from(self, position: Position) -> None:
        self.position = position
        self.held = Held(position.taken)

    def _take_over(self, store: PackedStore, named: dict[bytes, bytes | None]) -> None:
        """Raises ValueError for a format of another version before anything is judged."""
        left = {key: value for key, value in named.items() if value is not None}
        self._packing.learn(left)
        if left:
            raise ValueError(f"{len(left)} records such as {next(iter(left))!r} are of no kind known")
        self._packed = store
        for name in store:
            self._packing.unpack(name, store.get(name) or b"")
            break

    def _take_back(self, key: str, packed: bytes | None) -> None:
        if packed:
            last = self._packed.get(key)
            before = alarm_of(last) if last else 0
            self._alarms.moved(self._packed.put(key, packed), before, alarm_of(packed))
        else:
            self._packed.remove(key)

    def __len__(self) -> int:
        return len(self._packed)

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def get(self, key: str) -> State | None:
        """The state of a key, live from now on; `keep` it when it changed."""
        state = self.live.get(key)
        if state is None:
            self.wake((key,))
            state = self.live.get(key)
        return state

    def wake(self, keys: Iterable[str]) -> None:
        """Have those of them live that have a state: all in one go, which takes half of what it does one by one between
        other work.
        """
        live, slots, find, unpack = self.live, self._slots, self._packed.find, self._packing.unpack
        for key in keys:
            if key not in live:
                slot, packed = find(key)
                if packed:
                    live[key], slots[key] = unpack(key, packed), slot

    def keep(self, key: str, state: State, alarm_before: int) -> None:
        """A key's state, as it is now; it is packed by `put_away`."""
        self.live[key] = state
        if state.alarm != alarm_before:
            self.rings(key, alarm_before, state.alarm)

    def rings(self, key: str, before: int, now: int) -> None:
        """A live key wants to be looked at at another moment than before."""
        slot = self._slot_of(key)
        self._rung[slot] = now
        self._alarms.moved(slot, before, now)

    def forget(self, key: str) -> bytes:
        """Nothing of a key is kept: its last state, packed, should a crash leave its deletion out."""
        last = self._packing.pack(key, self.live.pop(key))
        self._slots.pop(key, None)
        self._packed.remove(key)
        return last

    def past(self, clock: int) -> list[tuple[str, State]]:
        """The keys whose moment the arrival clock is past, in order of moment and key, and their states."""
        due = []
        for slot in self._alarms.past(clock):
            key = self._packed.key_at(slot)
            state = self.get(key)
            if state is not None:
                self._rung[slot] = 0
                due.append((state.alarm, key, state))
        due.sort(key=lambda one: one[:2])
        return [(key, state) for _, key, state in due]

    def put_away(self, touched: Iterable[str]) -> tuple[dict[bytes, bytes], dict[bytes, bytes]]:
        """Pack what was touched: the records to be kept before them, and theirs. The longest untouched are live no more."""
        states = self.pack(touched)
        return self.all_packed(), states

    def pack(self, touched: Iterable[str]) -> dict[bytes, bytes]:
        """The records of some of what was touched; once it is all of it, `all_packed`."""
        live, pack, slots, put_at = self.live, self._packing.pack, self._slots, self._packed.put_at
        states = {}
        for key in touched:
            state = live[key] = live.pop(key)  # the latest at the end
            slot = slots.get(key)
            packed = states[key.encode()] = pack(key, state)
            put_at(self._slot_of(key) if slot is None else slot, packed)
        return states

    def all_packed(self) -> dict[bytes, bytes]:
        """The records to be kept before those of `pack`. The longest untouched are live no more."""
        live = self.live
        if len(live) > self.live_at_most:
            for key in list(live)[: len(live) - self.live_at_most // 2]:
                del live[key]
                self._slots.pop(key, None)
        self._rung.clear()
        return dict(self._packing.fresh())

    def _slot_of(self, key: str) -> int:
        """Its slot, kept with a live key: to find it by the key's hash takes as long as to pack a state."""
        slot = self._slots.get(key)
        if slot is None:
            slot = self._slots[key] = self._packed.slot(key)
        return slot

    def packed_position(self) -> bytes:
        """The record under `POSITION`."""
        return _FORMAT + _encode(self.position)

    def _moment(self, slot: int) -> int:
        moment = self._rung.get(slot)
        return self._packed.alarm_at(slot) if moment is None else moment
