"""A partition's states as they come out of the changelog, batch by batch, until all are there.

By key one by one a state costs 3.4 µs; here it is 1.7: nearly all is done for a batch at a time, in calls that go over a
whole list (`python -m load_tests.bench --rows restore`). A value is copied into
its record while it is warm, and let go.
"""

import sys
from array import array
from operator import add, itemgetter
from typing import cast
from zlib import crc32

from processors.packing import ALARM, alarm_of
from stream.tables.packed import BEGINNING, Frozen, PackedStore, room_for

_alarm_bytes = itemgetter(ALARM)
_BARE = [bytes((length, 0)) for length in range(256)]  # heads of keys that begin as no other

_EXPECTED_AT_MOST = 1 << 21  # a changelog may have many more records than keys
_NO_STATE = bytes(ALARM.stop)


class Filling:
    """States by key, the latest of each; their alarms by slot; and `later`, what has to be put in by key after that.

    Nothing is made for a key that would stay as long as its record and then leave a hole beside it.
    """

    def __init__(self, expected: int = 0) -> None:
        """`expected`: so many keys there may be."""
        self.alarms = array("q")
        self.later: dict[bytes, bytes | None] = {}
        self._store = PackedStore()  # numbers the beginnings of keys
        self._begins: dict[bytes, dict[int, bytes]] = {}  # heads by beginning and length of the key, as they are met
        self._records: list[bytes] = []
        self._hashes = array("I")  # by slot
        self._index = array("I", bytes(4 * room_for(min(expected, _EXPECTED_AT_MOST))))
        self._gone: list[int] = []

    def add(self, keys: list[bytes], values: list[bytes | None]) -> None:
        """The next records, in order; None deletes. Raises ValueError where one is no state."""
        heads = self._heads(keys)
        known = self._find(heads)
        if not known and None not in values:
            self._append(heads, cast(list[bytes], values))
            return
        new = [place for place in range(len(keys)) if place not in known]
        known |= {place: slot for slot, place in enumerate(new, len(self._records)) if values[place] is None}
        self._append([heads[place] for place in new], [values[place] or _NO_STATE for place in new])
        for place in sorted(known):
            self._replace(known[place], heads[place], keys[place], values[place])

    def store(self) -> PackedStore:
        """All of them. Nothing is added afterwards."""
        self._make_room(len(self._hashes))
        begun = self._store.frozen().begun
        return PackedStore.thawed(Frozen(begun, self._index, self._records, self._gone, []))

    def _find(self, heads: list[bytes]) -> dict[int, int]:
        """The slots of those that are there or look like it, by their place in the list. The others get the next ones."""
        hashes, known = self._hashes, dict[int, int]()
        if room_for(len(hashes) + len(heads)) > len(self._index):
            self._make_room(len(hashes) + len(heads))
        index, mask = self._index, len(self._index) - 1
        for at, hashed in enumerate(map(crc32, heads)):
            place = hashed & mask
            while number := index[place]:
                if hashes[number - 1] == hashed:
                    known[at] = number - 1
                    break
                place = (place + 1) & mask
            else:
                hashes.append(hashed)
                index[place] = len(hashes)
        return known

    def _make_room(self, keys: int) -> None:
        """An index of the right size for so many."""
        if (size := room_for(keys)) == len(self._index):
            return
        self._index = index = array("I", bytes(4 * size))
        mask = size - 1
        for number, hashed in enumerate(self._hashes, 1):
            place = hashed & mask
            while index[place]:
                place = (place + 1) & mask
            index[place] = number

    def _append(self, heads: list[bytes], states: list[bytes]) -> None:
        self._records += map(add, heads, states)
        self._ring(states)

    def _replace(self, slot: int, head: bytes, key: bytes, value: bytes | None) -> None:
        if not self._records[slot].startswith(head):  # another key of the same hash, or one deleted
            self.later[key] = value
        elif value is None:
            self._records[slot], self.alarms[slot] = b"", 0
            self._gone.append(slot)
        else:
            self._records[slot], self.alarms[slot] = head + value, alarm_of(value)

    def _ring(self, states: list[bytes]) -> None:
        packed = b"".join(map(_alarm_bytes, states))
        if len(packed) != 8 * len(states):
            raise ValueError("a record is too short to be a state")
        some = array("q", packed)
        if sys.byteorder == "big":
            some.byteswap()
        self.alarms += some

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
