"""A checkpoint: one partition's state in a file of this machine, so that a restart reads but the tail of its changelog.

The changelog is what counts. A checkpoint is a copy of what it said up to some offset, and nothing rests on there being one:

- On an exception while one is written (a full disk), or a kill -9: the file before it stays, which is only older. What was
  half written stands beside it under another name, and the next one is written over that.
- On a revoked partition: the file stays and grows old. Whoever has the partition next writes to the changelog, and that is
  read from the file's offset on when the partition comes back.
- On a file that is cut short, damaged, of another version of this format, of a topic made anew, ahead of its changelog, or
  too old: `CheckpointError`, one line in the log, and the state is restored from the changelog.

Too old: half the changelog's `delete.retention.ms` (24 h where nobody set it). A deletion is a record without a value, and
the cleaner may take that away so long after it was written; a file from before it would bring back what was deleted. The
other half is for reading, and for this machine's clock.

The file: a line with the format, then frames, each with its length and a CRC-32 that goes on from the one before: what it
is of, the position, names, states, index, alarms, and at last the end of the changelog when all in it was there. States
and index are as memory has them (packed.py), so that reading makes no more
than a bytes object a key: 0.4 µs, most of it for memory never touched before.
"""

import os
import sys
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from struct import Struct as Layout
from typing import BinaryIO, TypeVar

import msgspec
from msgspec import Struct
from zlib_ng.zlib_ng import crc32

from processors.alarms import Frozen as FrozenAlarms
from stream.settings import Settings
from stream.tables.packed import Frozen as FrozenStore
from stream.tables.partition import Frozen

_FORMAT = b"Pingliu checkpoint 1\n"
_FRAME = Layout("<II")  # length, checksum
_ORDER = f"{sys.byteorder}/{array('I').itemsize}"  # of the numbers in an index
# Records in a frame. One is put together in 0.1 ms, which is how long judging may wait for it.
_AT_ONCE = 512

T = TypeVar("T")


class CheckpointError(Exception):
    """A file is no checkpoint of what is wanted; the message says why."""


class Head(Struct, array_like=True, frozen=True):
    """What a checkpoint is of. What it lacks stands in the changelog from offset `since` on; `at` is Unix time then."""

    topic: str
    topic_id: str
    partition: int
    since: int
    at: float


class _Rest(Struct, array_like=True):
    """A partition, but for what is too much for one frame."""

    order: str
    position: bytes
    begun: list[str]
    gone: list[int]
    free: list[int]
    stale: int
    soon: list[tuple[int, int]]
    hour: int


def place(settings: Settings, topic: str, partition: int) -> Path:
    """Where the checkpoint of a changelog's partition is."""
    return settings.data_dir / "checkpoints" / f"{topic}-{partition}"


class Draft:
    """A checkpoint that is none yet: written beside its place, and put there by `publish`."""

    def __init__(self, path: Path, by: str) -> None:
        """`by` is the only one that writes under this name."""
        self._path = path
        self._beside = path.with_name(f"{path.name}.{by}.new")
        self._checksum = 0
        self._dropped = False
        path.parent.mkdir(parents=True, exist_ok=True)
        self._beside.unlink(missing_ok=True)  # not written over: whoever has it open has another file then
        self._file: BinaryIO = self._beside.open("xb", buffering=0)

    def write(self, head: Head, frozen: Frozen) -> None:
        """All but the end; in a thread of its own. Raises OSError. Stops in the middle when it is dropped."""
        store, alarms = frozen.store, frozen.alarms
        self._file.write(_FORMAT)
        self._frame(head)
        self._frame(
            _Rest(_ORDER, frozen.position, store.begun, store.gone, store.free, alarms.stale, alarms.soon, alarms.hour)
        )
        for records in (part for pair in frozen.named for part in pair), store.records:
            for some in _in_lots(records):
                if self._dropped:
                    return
                self._frame(some)
            self._frame([])
        self._frame(store.index.tobytes())
        self._frame({hour: array("I", slots).tobytes() for hour, slots in alarms.later.items()})

    def publish(self, upto: int) -> None:
        """Let it take its place: all it says stands in the changelog before that offset. Raises OSError."""
        self._frame(upto)
        os.fsync(self._file.fileno())
        self._file.close()
        self._beside.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def drop(self) -> None:
        """Nobody wants it; nothing is done after `publish`."""
        self._dropped = True
        if not self._file.closed:
            self._file.close()
            self._beside.unlink(missing_ok=True)

    def _frame(self, what: object) -> None:
        packed = msgspec.msgpack.encode(what)
        self._checksum = crc32(packed, self._checksum)
        for part in _FRAME.pack(len(packed), self._checksum), packed:
            left = memoryview(part)
            while left:
                left = left[self._file.write(left) or 0 :]


def _in_lots(records: Iterable[T]) -> Iterator[list[T]]:
    left = iter(records)
    while some := list(islice(left, _AT_ONCE)):
        yield some


@dataclass(frozen=True)
class Wanted:
    """A checkpoint of what, not older than so many seconds `now`, and of a changelog that ends there."""

    topic: str
    topic_id: str
    partition: int
    end: int
    now: float
    lasts: float


def read(path: Path, wanted: Wanted) -> tuple[int, Frozen]:
    """A partition's state, and the offset from which the changelog says the rest. Raises CheckpointError, OSError."""
    with path.open("rb") as file:
        if (format := file.read(len(_FORMAT))) != _FORMAT:
            raise CheckpointError(f"its format is {format!r}, this version reads {_FORMAT!r}")
        frames = _Frames(file)
        head = frames.next(Head)
        if (head.topic, head.topic_id, head.partition) != (wanted.topic, wanted.topic_id, wanted.partition):
            raise CheckpointError(f"it is of {head.topic}[{head.partition}] with id {head.topic_id}")
        if not 0 <= (age := wanted.now - head.at) <= wanted.lasts:
            raise CheckpointError(f"it is {age:.0f} s old: after {wanted.lasts:.0f} s the changelog may lack deletions")
        rest = frames.next(_Rest)
        if rest.order != _ORDER:
            raise CheckpointError(f"it is of a machine with numbers {rest.order}, this one has {_ORDER}")
        named, records = frames.lots(), frames.lots()
        index = _numbers(frames.next(bytes))
        later = {hour: _numbers(slots) for hour, slots in frames.next(dict[int, bytes]).items()}
        if (upto := frames.next(int)) > wanted.end:
            raise CheckpointError(f"it goes to offset {upto} and the changelog ends at {wanted.end}")
    store = FrozenStore(rest.begun, index, records, rest.gone, rest.free)
    alarms = FrozenAlarms(later, rest.stale, rest.soon, rest.hour)
    return head.since, Frozen(rest.position, zip(named[::2], named[1::2], strict=True), store, alarms)


def _numbers(packed: bytes) -> "array[int]":
    numbers = array("I")
    numbers.frombytes(packed)
    return numbers


class _Frames:
    """Those of a file, each checked before it is looked into."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._checksum = 0
        self._left = os.fstat(file.fileno()).st_size - file.tell()

    def next(self, kind: type[T]) -> T:
        """What the next one holds. Raises CheckpointError."""
        length, checksum = _FRAME.unpack(self._bytes(_FRAME.size))
        packed = self._bytes(length)
        self._checksum = crc32(packed, self._checksum)
        if self._checksum != checksum:
            raise CheckpointError("it is damaged: a checksum is wrong")
        try:
            return msgspec.msgpack.decode(packed, type=kind)
        except msgspec.MsgspecError as error:
            raise CheckpointError(f"it is of another version: {error}") from error

    def lots(self) -> list[bytes]:
        """All of a list that was too long for one."""
        found: list[bytes] = []
        while some := self.next(list[bytes]):
            found += some
        return found

    def _bytes(self, count: int) -> bytes:
        self._left -= count
        if self._left < 0:
            raise CheckpointError("it is cut short")
        return self._file.read(count)
