"""State at rest, as memory and the changelog keep it: a format byte, the alarm, and what the state's own packing says."""

from collections.abc import Iterable, Iterator
from struct import Struct as Layout
from typing import Protocol, TypeVar

T = TypeVar("T")

_HEAD = Layout("<cq")
# The alarm's bytes in a packed state, the lowest first.
ALARM = slice(1, 9)


class Packing(Protocol[T]):
    """How one kind of state is packed, in one partition."""

    def pack(self, key: str, state: T, /) -> bytes:
        """The state in its packed form."""

    def unpack(self, key: str, packed: bytes, /) -> T:
        """The state from its packed form. Raises ValueError for a format of another version."""

    def fresh(self) -> Iterable[tuple[bytes, bytes]]:
        """Records of what states name by number, and is new: to be kept before them."""

    def known(self) -> Iterator[tuple[bytes, bytes]]:
        """The records of all that states name by number now, made one by one as they are asked for, in any thread."""

    def learn(self, records: dict[bytes, bytes]) -> None:
        """Take such records out of those of a partition. Raises ValueError."""


def sealed(format: bytes, alarm: int) -> bytes:
    """The head of a packed state: its alarm (instant; 0 is never) can be read without the rest."""
    return _HEAD.pack(format, alarm)


def alarm_of(packed: bytes) -> int:
    """When a packed state is to be looked at next, by the arrival clock; 0 is never."""
    alarm: int = _HEAD.unpack_from(packed)[1]
    return alarm


def opened(packed: bytes, format: bytes, kind: str, before: bytes = b"") -> memoryview:
    """What follows the head. Raises ValueError for another format than this and, where it is read too, the one before."""
    found = packed[:1]
    if found not in (format, before) or len(packed) < _HEAD.size:
        wanted = f"{format!r} and {before!r}" if before else f"{format!r}"
        raise ValueError(f"{kind} of format {found!r}, this version reads {wanted}")
    return memoryview(packed)[_HEAD.size :]
