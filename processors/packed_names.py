"""Names in ledgers at rest: those that repeat are numbers (origins.py), one set of them a partition."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import msgspec

from processors.origins import Numbered, Origin

_encode = msgspec.msgpack.Encoder().encode


class Names:
    """The origins and words of one partition."""

    def __init__(self) -> None:
        self.origins = Numbered(b"@origin/", Origin)  # no label is spelled so
        self.words = Numbered(b"@word/", str)

    def fresh(self) -> list[tuple[bytes, bytes]]:
        """The records of origins and words that are new, to be kept before what names them."""
        return [*self.origins.fresh(), *self.words.fresh()]

    def known(self) -> Iterator[tuple[bytes, bytes]]:
        """The records of all origins and words so far."""
        return chain(self.origins.known(), self.words.known())

    def learn(self, records: dict[bytes, bytes]) -> None:
        """Take the records of origins and words out of those of a partition. Raises ValueError where one is missing."""
        self.origins.learn(records)
        self.words.learn(records)

    def scan_id(self, scan_id: str, device: str) -> Any:
        """A scan_id; of one that counts, as most do, its beginning's number, the count and how many digits that has."""
        beginning = scan_id.rstrip("0123456789")
        if beginning[:-1] in device:  # else each might begin otherwise, and all be kept for ever
            digits = len(scan_id) - len(beginning)
            if 0 < digits < 16:
                return self.words.number(beginning), int(scan_id[-digits:]), digits
        return scan_id

    def scan_id_of(self, packed: Any) -> str:
        """The scan_id of such."""
        if isinstance(packed, str):
            return packed
        beginning, count, digits = packed
        return f"{self.words.of(beginning)}{count:0{digits}d}"
