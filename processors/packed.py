"""A ledger at rest: the bytes that memory and the changelog keep of a label, 80 for the facts and 30 for a kept scan.

A city has three million cylinders and looks at a few hundred a second, so that nearly all of them are bytes. A packed
ledger is a format byte, the alarm (8 bytes, read without the rest), and a MessagePack array: the facts before the window
(packed_facts.py), its scans (packed_scans.py), what was told. Names that repeat are the number of their origin
(origins.py). What the window holds is packed once, when it arrives: a scan in order appends its own bytes to those before.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw

from processors.cylinder import Cylinder
from processors.ledger import Awaited, Entry, Ledger, Past, Standing, Told
from processors.model import Geo
from processors.origins import Origin
from processors.packed_alerts import packed_standing, unpacked_standing
from processors.packed_facts import FactsPacking
from processors.packed_names import Names
from processors.packed_scans import LATE, SEEN, ScanPacking
from processors.packed_values import list_of, long, shorn, span
from processors.packing import alarm_of, opened, sealed

FORMAT = b"\x05"
_BEFORE = b"\x04"  # read too: it says of a label that was replaced when, and not by which

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode
_decode_raw = msgspec.msgpack.Decoder(tuple[int, int | float, Raw, Raw, Raw]).decode
_NO_REST = b"\x90"
_FIVE = b"\x95"
_LISTS = [list_of(count) for count in range(16)]


class Packed:
    """A ledger's state before the window and the scans of it, at rest."""

    __slots__ = ("base", "began", "count", "entries", "first", "ids", "label", "last", "packing")

    def __init__(
        self, packing: "LedgerPacking", label: str, began: int, base: bytes, entries: bytes, ids: list[str], last: int
    ) -> None:
        """`began` is the instant that times are counted from, and that of the first entry, if there is any.

        `ids`: the scan_id of each entry.
        """
        self.packing = packing
        self.label = label
        self.began = self.first = began
        self.base = base
        self.entries = entries
        self.ids = set(ids)  # and of those that were folded
        self.count = len(ids)
        self.last = last

    def add(self, entry: Entry) -> None:
        """One more, at the end."""
        self.entries += self.packing.scans.entry(entry, entry.at - self.began)
        self.ids.add(entry.scan_id)
        self.count += 1
        self.last = entry.at

    def add_plain(
        self, kind: str, fields: tuple[Any, ...], scan_id: str, device: str, geo: Geo | None, at: int, origin: Origin,
        offset: int, clock: int, late: bool, seen: bool, told: Told | None,
    ) -> None:  # fmt: skip
        """The same of a scan in order, without an entry made for it; arguments as an entry's and its scan's.

        `fields` are those of what it said.
        """
        flags = (LATE if late else 0) | (SEEN if seen else 0)
        self.entries += self.packing.scans.scan(
            kind, fields, scan_id, device, geo, at - self.began, origin, offset, clock - at, flags, told
        )
        self.ids.add(scan_id)
        self.count += 1
        self.last = at

    def fold(self, oldest: float) -> None:
        """Let the scans from before an instant, of which one is left, become part of the state before the window."""
        packing, began = self.packing, self.began
        _, *facts = _decode(self.base)
        base = packing.facts.facts(began, *facts)
        entries: list[list[Any]] = _decode(list_of(self.count) + self.entries)
        gone = 0
        while began + long(entries[gone][1]) < oldest:
            packing.scans.let_count(self.label, began, base, entries[gone])
            gone += 1
        kept = entries[gone:]
        self.began = self.first = began + long(kept[0][1])
        for entry in kept:
            entry[1] = span(began + long(entry[1]) - self.began)
        self.base, self.count = packing.facts.pack(base, self.began), len(kept)
        self.entries = b"".join(map(_encode, kept))

    def opened(self) -> tuple[Cylinder, list[Entry]]:
        """Both, unpacked."""
        scanned = self.packing.scans.scanned
        entries = [scanned(self.label, self.began, *entry) for entry in _decode(list_of(self.count) + self.entries)]
        began, *facts = _decode(self.base)
        return self.packing.facts.facts(began, *facts), entries


class LedgerPacking:
    """Packs the ledgers of one partition."""

    def __init__(self) -> None:
        self.names = Names()
        self.facts = FactsPacking(self.names)
        self.scans = ScanPacking(self.names)

    def fresh(self) -> list[tuple[bytes, bytes]]:
        """The records of origins and words that are new, to be kept before what names them."""
        return self.names.fresh()

    def known(self) -> Iterator[tuple[bytes, bytes]]:
        """The records of all origins and words so far."""
        return self.names.known()

    def learn(self, records: dict[bytes, bytes]) -> None:
        """Take the records of origins and words out of those of a partition. Raises ValueError where one is missing."""
        self.names.learn(records)

    def pack(self, label: str, ledger: Ledger) -> bytes:
        """The ledger in its packed form, but for the facts after the window, which follow from those before it."""
        kept = ledger.packed
        if not isinstance(kept, Packed):
            entries = ledger.entries
            began = entries[0].at if entries else ledger.newest
            kept = Packed(self, label, began, self.facts.pack(ledger.base, began), b"", [], began)
            for entry in entries:
                kept.add(entry)
            # The next scan most likely comes in order, and wants no more than the facts as they stand.
            ledger.shut(kept)
        rest = _NO_REST
        if ledger.asked or ledger.standing or ledger.awaited or ledger.replaced or ledger.closed:
            told = [packed_standing(one, kept.began) for one in ledger.standing]
            parts = told, ledger.asked, ledger.awaited, ledger.replaced, ledger.closed
            rest = _encode(shorn(tuple(part or None for part in parts)))
        since = ledger.newest - kept.began
        numbers = _encode((ledger.offset, span(since)))
        # One array of five, put together from what is encoded already.
        return b"".join(
            (
                sealed(FORMAT, ledger.alarm), _FIVE, numbers[1:], kept.base,
                _LISTS[kept.count] if kept.count < 16 else list_of(kept.count), kept.entries, rest,
            )
        )  # fmt: skip

    def unpack(self, label: str, packed: bytes) -> Ledger:
        """The ledger from its packed form. Raises ValueError for a format of another version than this and the one before."""
        offset, newest, base, window, rest = _decode_raw(opened(packed, FORMAT, "Ledger", _BEFORE))
        began, *facts = _decode(base)
        ledger = Ledger(offset, newest=began + long(newest), alarm=alarm_of(packed))
        if len(rest) > 1:
            ledger.asked, ledger.standing, ledger.awaited, ledger.replaced, ledger.closed = self._rest(
                label, began, *_decode(rest)
            )
            ledger.retired = ledger.replaced[0][0] if ledger.replaced else None
        now = self.facts.facts(began, *facts)
        entries = _decode(window)
        ids = [self.scans.let_count(label, began, now, entry) for entry in entries]
        if ledger.retired is not None:
            now.retired = ledger.retired
        ledger.now = now
        last = began + long(entries[-1][1]) if entries else began
        ledger.shut(Packed(self, label, began, bytes(base), bytes(window)[len(list_of(len(ids))) :], ids, last))
        return ledger

    def _rest(
        self,
        label: str,
        began: int,
        told: Any = None,
        asked: Any = None,
        awaited: Any = None,
        replaced: Any = None,
        closed: Any = None,
    ) -> tuple[list[Past], list[Standing], list[Awaited], list[tuple[int, str]], int]:
        return (
            msgspec.convert(asked or [], list[Past]),
            [unpacked_standing(label, began, one) for one in told or ()],
            [Awaited(*one) for one in awaited or ()],
            [(one, "") if isinstance(one, int) else (one[0], one[1]) for one in replaced or ()],  # the first: `_BEFORE`
            closed or 0,
        )
