"""A partition's states at rest: bytes by key, for millions of keys.

A dict of str and bytes costs 165 bytes a key before the first byte of state. Here it is about 65: a record is one bytes
object that begins with its key, and an open-addressing index of four-byte numbers leads to it. Figures:
`python -m load_tests.bench --rows memory`.

The index goes by CRC-32, which costs what `hash` does and is the same in every process: a checkpoint keeps the index as
it is, and a warm restart makes none.

Keys also have a number, their slot, for as long as they are kept; what waits for a moment (`alarms`) knows them by it.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct as Layout

from zlib_ng.zlib_ng import crc32

from processors.packing import ALARM

_ALARM = 2 + ALARM.start  # in a record, if its key ended with its head
_alarm_in = Layout("<q").unpack_from
_FIRST = 1 << 10
_FULL = 3 / 4  # of the index, when it doubles: 5 to 11 bytes a key, found at the third look where it is fullest


# What labels begin with: `0`, the asset type (the cylinder's model) and its check digit. A city has some dozens.
BEGINNING = 14
BEGINNINGS_AT_MOST = 255


@dataclass(frozen=True, slots=True)
class Frozen:
    """A store at one moment. Made at 0.01 µs a key, since what it holds is never changed: records are replaced."""

    begun: list[str]
    index: "array[int]"  # not to be had at run time before Python 3.12
    records: list[bytes]
    gone: list[int]
    free: list[int]


def room_for(keys: int) -> int:
    """How large an index they want."""
    size = _FIRST
    while keys >= size * _FULL:
        size *= 2
    return size


class PackedStore:
    """Packed states by key. Not for keys over 255 bytes of UTF-8."""

    def __init__(self) -> None:
        self._beginnings: dict[str, int] = {}  # of keys, by number; 0 is none
        self._begun = [""]
        self._index = array("I", bytes(4 * _FIRST))  # slot + 1, at the hash of the key or soon after; 0 is free
        self._records: list[bytes] = []  # by slot: the key (_head), the state; empty where the key is gone
        self._gone: list[int] = []  # slots whose key is gone; the index still leads to them until it is made anew
        self._free: list[int] = []  # slots that nothing leads to

    @classmethod
    def thawed(cls, frozen: Frozen) -> "PackedStore":
        """As it was; the parts become its own."""
        found = cls()
        found._begun, found._index, found._records = frozen.begun, frozen.index, frozen.records
        found._gone, found._free = frozen.gone, frozen.free
        found._beginnings = {beginning: number for number, beginning in enumerate(found._begun) if number}
        return found

    def frozen(self) -> Frozen:
        """What there is now, to be read beside us by another thread."""
        return Frozen(self._begun[:], self._index[:], self._records[:], self._gone[:], self._free[:])

    def __len__(self) -> int:
        return len(self._records) - len(self._gone) - len(self._free)

    def __iter__(self) -> Iterator[str]:
        return (self.key_of(record) for record in self._records if record)

    def get(self, key: str) -> bytes | None:
        """The packed state of a key, if it has any."""
        return self.find(key)[1] or None

    def find(self, key: str) -> tuple[int, bytes]:
        """The slot of a key, -1 where it has none, and its packed state, empty where it has none."""
        head = self.head(key)
        slot = self._slot(head)
        return slot, b"" if slot < 0 else self._records[slot][len(head) :]

    def put(self, key: str, packed: bytes) -> int:
        """Keep the state of a key; its slot."""
        head = self.head(key)
        slot = self._slot(head)
        if slot < 0:
            slot = self._take(head)
        self._records[slot] = head + packed
        return slot

    def put_at(self, slot: int, packed: bytes) -> None:
        """Keep the state of the key that has that slot."""
        record = self._records[slot]
        self._records[slot] = record[: 2 + record[0]] + packed

    def remove(self, key: str) -> None:
        """Forget a key, if it is kept."""
        slot = self._slot(self.head(key))
        if slot >= 0:
            self._records[slot] = b""
            self._gone.append(slot)

    def slot(self, key: str) -> int:
        """The slot of a key, which has none of state yet where it is new."""
        head = self.head(key)
        slot = self._slot(head)
        if slot < 0:
            slot = self._take(head)
            self._records[slot] = head
        return slot

    def key_at(self, slot: int) -> str:
        """The key that has a slot; empty where none has it."""
        record = self._records[slot]
        return self.key_of(record) if record else ""

    def alarm_at(self, slot: int) -> int:
        """The alarm of the state that is packed there; 0 where none is. Nothing is unpacked or copied for it."""
        record = self._records[slot]
        alarm: int = _alarm_in(record, record[0] + _ALARM)[0] if record else 0
        return alarm

    @property
    def numbers_no_more(self) -> bool:
        """Whether all beginnings have their numbers that get one."""
        return len(self._begun) > BEGINNINGS_AT_MOST

    def head(self, key: str) -> bytes:
        """A key as it begins a record: how long its end is, the number of its beginning, its end."""
        if len(key) > BEGINNING:
            beginning = key[:BEGINNING]
            number = self._beginnings.get(beginning)
            if number is None and not self.numbers_no_more:
                number = self._beginnings[beginning] = len(self._begun)
                self._begun.append(beginning)
            if number is not None:
                end = key[BEGINNING:].encode()
                return bytes((len(end), number)) + end
        end = key.encode()
        return bytes((len(end), 0)) + end

    def key_of(self, record: bytes) -> str:
        """The key that a record begins with."""
        return self._begun[record[1]] + record[2 : 2 + record[0]].decode()

    def _slot(self, head: bytes) -> int:
        index, records = self._index, self._records
        mask = len(index) - 1
        place = crc32(head) & mask
        while found := index[place]:
            if records[found - 1].startswith(head):
                return found - 1
            place = (place + 1) & mask
        return -1

    def _take(self, head: bytes) -> int:
        if len(self._records) - len(self._free) >= len(self._index) * _FULL:
            self._make_anew()
        if self._free:
            slot = self._free.pop()
        else:
            slot = len(self._records)
            self._records.append(b"")
        self._lead(head, slot)
        return slot

    def _lead(self, head: bytes, slot: int) -> None:
        index = self._index
        mask = len(index) - 1
        place = crc32(head) & mask
        while index[place]:
            place = (place + 1) & mask
        index[place] = slot + 1

    def _make_anew(self) -> None:
        """An index twice as large where it is needed, that leads to what is kept and no more."""
        size = len(self._index)
        if len(self) >= size * _FULL / 2:
            size *= 2
        self._index = array("I", bytes(4 * size))
        self._free += self._gone
        self._gone = []
        for slot, record in enumerate(self._records):
            if record:
                self._lead(record[: 2 + record[0]], slot)
