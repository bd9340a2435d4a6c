"""Where scans come from: who made one and where, held once and known by a small number.

A city has some ten thousand devices, each with a few people and one site, and millions of scans by them: a kept scan
or move names its origin in 3 bytes instead of 60.
"""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from processors.model import Geo

# So many are numbered in one partition; a device that names a new operator with each scan must not fill the memory.
NUMBERED_AT_MOST = 1 << 18


class Origin(Struct, array_like=True, frozen=True, gc=False):
    """Who and where, as a scan and the registry said when it was judged."""

    device: str
    operator: str | None = None
    enterprise: str | None = None
    site: str | None = None
    named: str | None = None  # the site as the scan named it, if it did
    filler: str | None = None  # the site's enterprise, else the device's
    agency: str | None = None  # the enterprise, where an agency's device made it
    place: Geo | None = None  # the site's


Known = int | Origin  # as it is packed: its number, or itself where it has none

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Origin).decode


class Origins:
    """The origins of one partition. What is new is to be kept before whatever names it by number."""

    def __init__(self) -> None:
        self._numbers: dict[Origin, int] = {}
        self._held: list[Origin] = []
        self._kept = 0

    def __len__(self) -> int:
        return len(self._held)

    def number(self, origin: Origin) -> Known:
        """The number it is known by from now on."""
        number = self._numbers.get(origin)
        if number is None:
            number = len(self._held)
            if number >= NUMBERED_AT_MOST:
                return origin
            self._numbers[origin] = number
            self._held.append(origin)
        return number

    def of(self, known: Known) -> Origin:
        """The origin that was packed so. Raises ValueError for a number nobody gave."""
        if not isinstance(known, int):
            return known
        try:
            return self._held[known]
        except IndexError:
            raise ValueError(f"origin {known} of {len(self._held)}") from None

    def fresh(self) -> Iterator[tuple[int, bytes]]:
        """Those numbered since this was last asked for, each packed."""
        new, self._kept = range(self._kept, len(self._held)), len(self._held)
        return ((number, _encode(self._held[number])) for number in new)

    def learn(self, packed: dict[int, bytes]) -> None:
        """Those that were kept. Raises ValueError where one is missing or is none."""
        if sorted(packed) != list(range(len(packed))):
            raise ValueError(f"of {len(packed)} origins some are missing")
        for number in range(len(packed)):
            origin = _decode(packed[number])
            self._numbers[origin] = number
            self._held.append(origin)
        self._kept = len(self._held)
