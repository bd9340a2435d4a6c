"""Where scans come from: who made one and where, held once and known by a small number.

A city has some ten thousand devices, each with a few people and one site, and millions of scans by them: a kept scan
or move names its origin in 3 bytes instead of 60.
"""

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from processors.model import Geo

# So many are numbered in one partition; a device that names a new operator with each scan must not fill the memory.
NUMBERED_AT_MOST = 1 << 18


class Origin(Struct, array_like=True, frozen=True, cache_hash=True, gc=False):
    """Who and where, as a scan and the registry said when it was judged."""

    device: str
    operator: str | None = None
    enterprise: str | None = None
    site: str | None = None
    named: str | None = None  # the site as the scan named it, if it did
    filler: str | None = None  # the site's enterprise, else the device's
    agency: str | None = None  # the enterprise, where an agency's device made it
    place: Geo | None = None  # the site's


T = TypeVar("T")

_encode = msgspec.msgpack.Encoder().encode


class Numbered(Generic[T]):
    """Values that repeat, in one partition. What is new is to be kept before whatever names it by number."""

    def __init__(self, prefix: bytes, kind: type[T]) -> None:
        """`prefix` begins the keys of the records they are kept under; `kind` is theirs."""
        self._prefix = prefix
        self._kind = kind
        self.numbers: dict[T, int] = {}  # to be looked at; `number` for one that may be new
        self._held: list[T] = []
        self._kept = 0

    def __len__(self) -> int:
        return len(self._held)

    def number(self, value: T) -> int | T:
        """The number it is known by from now on; itself where there are too many."""
        number = self.numbers.get(value)
        if number is None:
            number = len(self._held)
            if number >= NUMBERED_AT_MOST:
                return value
            self.numbers[value] = number
            self._held.append(value)
        return number

    def of(self, known: Any) -> T:
        """The value that was packed so: by its number, or in full. Raises ValueError for a number nobody gave."""
        if not isinstance(known, int):
            return msgspec.convert(known, self._kind)
        try:
            return self._held[known]
        except IndexError:
            raise ValueError(f"{self._kind.__name__} {known} of {len(self._held)}") from None

    def fresh(self) -> list[tuple[bytes, bytes]]:
        """The records of those numbered since this was last asked for."""
        new, self._kept = range(self._kept, len(self._held)), len(self._held)
        return [self._record(number) for number in new]

    def known(self) -> Iterator[tuple[bytes, bytes]]:
        """The records of all numbered by now. None ever changes, so that they may be made later and in another thread."""
        return map(self._record, range(len(self._held)))

    def _record(self, number: int) -> tuple[bytes, bytes]:
        return self._prefix + b"%d" % number, _encode(self._held[number])

    def learn(self, records: dict[bytes, bytes]) -> None:
        """Take its records out of those of a partition. Raises ValueError where one is missing or is none."""
        own = {int(key[len(self._prefix) :]): key for key in records if key.startswith(self._prefix)}
        if sorted(own) != list(range(len(own))):
            raise ValueError(f"of {len(own)} records {self._prefix.decode()} some are missing")
        for number in range(len(own)):
            value = msgspec.msgpack.decode(records.pop(own[number]), type=self._kind)
            self.numbers[value] = number
            self._held.append(value)
        self._kept = len(self._held)
