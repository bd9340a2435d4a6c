"""A partition's states as they come out of the changelog, batch by batch, until all are there.

Nearly all is done for a batch at a time, in calls that go over a whole list (`python -m load_tests.bench --rows restore` has
the figures). A value is copied into its record while it is warm, and let go. Which records are another's successors is looked
up for many batches at once, in step: one by one, each would wait for memory before the next begins.
"""

from array import array
from operator import add, itemgetter
from typing import cast

import numpy as np
from numpy.typing import NDArray
from zlib_ng.zlib_ng import crc32

from processors.alarms import Frozen as FrozenAlarms
from processors.packing import ALARM
from processors.times import HOUR
from stream.tables.packed import BEGINNING, Frozen, PackedStore, room_for

_alarm_bytes = itemgetter(ALARM)
_BARE = [bytes((length, 0)) for length in range(256)]  # heads of keys that begin as no other

_EXPECTED_AT_MOST = 1 << 21  # a changelog may have many more records than keys
_NO_STATE = bytes(ALARM.stop)


class Filling:
    """States by key, the latest of each, in slots; and `later`, what has to be put in by key after that.

    Nothing is made for a key that would stay as long as its record and then leave a hole beside it.
    """

    def __init__(self, expected: int = 0, at_once: int = 1 << 14) -> None:
        """`expected`: so many keys there may be. `at_once`: so many records are looked up in step."""
        self._at_once = at_once
        self.later: dict[str, bytes | None] = {}
        self._store = PackedStore()  # numbers the beginnings of keys
        self._begins: dict[bytes, dict[int, bytes]] = {}  # heads by beginning and length of the key, as they are met
        self._records: list[bytes] = []
        self._gone: list[int] = []
        self._index = np.zeros(room_for(min(expected, _EXPECTED_AT_MOST)), np.uint32)
        self._hashes = np.zeros(len(self._index), np.uint32)  # by slot, as many as there are records
        self._moments = np.zeros(len(self._index), np.int64)  # of alarms, by slot
        self._waiting: list[bytes] = []  # records that are to be looked up
        self._deleted: set[int] = set()  # which of them have no state
        self._their_hashes: list[NDArray[np.uint32]] = []
        self._their_moments: list[bytes] = []

    def add(self, keys: list[bytes], values: list[bytes | None]) -> None:
        """The next records, in order; None deletes. Raises ValueError where one is no state."""
        heads = self._heads(keys)
        if None in values:
            begins = len(self._waiting)
            self._deleted.update(begins + place for place, value in enumerate(values) if value is None)
            values = [_NO_STATE if value is None else value for value in values]
        states = cast(list[bytes], values)
        moments = b"".join(map(_alarm_bytes, states))
        if len(moments) != 8 * len(states):
            raise ValueError("a record is too short to be a state")
        self._waiting += map(add, heads, states)
        self._their_hashes.append(np.fromiter(map(crc32, heads), np.uint32, len(heads)))
        self._their_moments.append(moments)
        if len(self._waiting) >= self._at_once:
            self._settle()

    def end(self) -> tuple[PackedStore, FrozenAlarms[int]]:
        """All of them, and which slots wait for which hour. Nothing is added afterwards."""
        self._settle()
        self._make_room(len(self._records))
        index = array("I", self._index.tobytes())
        begun = self._store.frozen().begun
        store = PackedStore.thawed(Frozen(begun, index, self._records, self._gone, []))
        return store, FrozenAlarms(self._by_hour(), 0, [], -1)

    def _by_hour(self) -> dict[int, "array[int]"]:
        moments = self._moments[: len(self._records)]
        slots = np.flatnonzero(moments)
        hours = moments[slots] // HOUR
        order = np.argsort(hours)
        hours, slots = hours[order], slots[order].astype(np.uint32)
        begins = np.flatnonzero(np.diff(hours, prepend=hours[:1] - 1))
        parts = np.split(slots, begins)[1:]
        return {hour: array("I", part.tobytes()) for hour, part in zip(hours[begins].tolist(), parts, strict=True)}

    def _settle(self) -> None:
        """Give those that wait their slots."""
        if not self._waiting:
            return
        waiting, deleted, begins = self._waiting, self._deleted, len(self._records)
        moments = np.frombuffer(b"".join(self._their_moments), "<i8")
        hashes = np.concatenate(self._their_hashes)
        self._waiting, self._deleted, self._their_hashes, self._their_moments = [], set(), [], []
        if room_for(begins + len(waiting)) > len(self._index):
            self._make_room(begins + len(waiting))
        new, known = self._find(hashes)
        ends = begins + len(new)
        self._moments[begins:ends] = moments[new]
        if len(new) == len(waiting):
            self._records += waiting
        else:
            self._records += map(waiting.__getitem__, new.tolist())
        if deleted:
            known |= {place: slot for slot, place in enumerate(new.tolist(), begins) if place in deleted}
        for place in sorted(known):
            self._replace(known[place], waiting[place], int(moments[place]), place in deleted)

    def _find(self, hashes: NDArray[np.uint32]) -> tuple[NDArray[np.intp], dict[int, int]]:
        """The places in the list of those that get the next slots; by theirs, the slots of those that are there."""
        index, mask = self._index, np.uint32(len(self._index) - 1)
        places = hashes & mask
        numbers = index[places]
        met = np.flatnonzero(numbers)
        while met.size:
            others = met[self._hashes[numbers[met] - 1] != hashes[met]]
            places[others] = (places[others] + 1) & mask
            numbers[others] = index[places[others]]
            met = others[numbers[others] != 0]
        known = np.flatnonzero(numbers)
        found = dict(zip(known.tolist(), (numbers[known] - 1).tolist(), strict=True))
        new, begins = np.flatnonzero(numbers == 0), len(self._records)
        ordered = np.sort(hashes[new])
        if (ordered[1:] == ordered[:-1]).any():
            first = np.unique(hashes[new], return_index=True)[1]
            slots = dict(zip(hashes[new[first]].tolist(), range(begins, begins + len(first)), strict=True))
            again = np.delete(new, first)
            found |= zip(again.tolist(), map(slots.__getitem__, hashes[again].tolist()), strict=True)
            new = new[first]
        self._hashes[begins : begins + len(new)] = hashes[new]
        self._lead(places[new], begins)
        return new, found

    def _lead(self, places: NDArray[np.uint32], begins: int) -> None:
        """From those places or the next free ones after them to the slots from there on."""
        index, mask = self._index, np.uint32(len(self._index) - 1)
        numbers = np.arange(begins + 1, begins + 1 + len(places), dtype=np.uint32)
        while numbers.size:
            free = index[places] == 0
            index[places[free]] = numbers[free]
            left = index[places] != numbers  # of two at one place the last has it
            numbers, places = numbers[left], (places[left] + 1) & mask

    def _make_room(self, keys: int) -> None:
        """An index of the right size for so many."""
        if (size := room_for(keys)) == len(self._index):
            return
        kept = len(self._records)
        self._index = np.zeros(size, np.uint32)
        hashes, self._hashes = self._hashes[:kept], np.zeros(size, np.uint32)
        moments, self._moments = self._moments[:kept], np.zeros(size, np.int64)
        self._hashes[:kept], self._moments[:kept] = hashes, moments
        self._lead(hashes & np.uint32(size - 1), 0)

    def _replace(self, slot: int, record: bytes, moment: int, gone: bool) -> None:
        head = record[: 2 + record[0]]
        if not self._records[slot].startswith(head):  # another key of the same hash, or one deleted
            self.later[self._store.key_of(record)] = None if gone else record[len(head) :]
        elif gone:
            self._records[slot], self._moments[slot] = b"", 0
            self._gone.append(slot)
        else:
            self._records[slot], self._moments[slot] = record, moment

    def _heads(self, keys: list[bytes]) -> list[bytes]:
        """As PackedStore.head says of each."""
        begins = self._begins
        if all(map(bytes.isascii, keys)):  # where they are not, a beginning has more bytes than characters
            try:
                if not self._store.numbers_no_more:
                    return [begins[key[:BEGINNING]][len(key)] + key[BEGINNING:] for key in keys]
                return [
                    _BARE[len(key)] + key
                    if (known := begins.get(key[:BEGINNING])) is None
                    else known[len(key)] + key[BEGINNING:]
                    for key in keys
                ]
            except KeyError:  # a beginning or a length that was not met before
                pass
        return list(map(self._head, keys))

    def _head(self, key: bytes) -> bytes:
        head = self._store.head(key.decode())
        if head[1] and key[:BEGINNING].isascii():
            self._begins.setdefault(key[:BEGINNING], {})[len(key)] = head[:2]
        return head
