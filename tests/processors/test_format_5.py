"""What a ledger at rest is written as, to the byte: bytes that change are a new format, with a number of its own.

`PYTHONPATH=.:tests/processors python tests/processors/test_format_5.py` writes them down anew, for a format that is in
no changelog yet.
"""

import json
from collections.abc import Iterator
from copy import copy
from pathlib import Path

import pytest
from msgspec.structs import replace
from test_packed import AT, BARE, FACTS, HERE, KEPT, LABEL, PARTS, PLACES, SCANS, STATION, receive, scanned

from processors.cylinder import Cylinder, LastFill, Move, Sighting
from processors.ledger import Ledger, Standing, Told
from processors.model import Geo
from processors.packed import FORMAT, LedgerPacking
from processors.times import DAY

PINNED = Path(__file__).with_name("format_5.json")
APART = (1, 999, 1_000, 1_001, 900 * DAY + 1)
TOLD = [
    Told("warn"), Told("deny", ("OVERFILL",)), Told("deny", (), ("OVERFILL",)), Told("allow", late=True),
    Told("allow", condition=("in_service", True, "E1", "2028-01-01", None)),
    Told("deny", ("OVERFILL",), sterner=("OVERFILL",)),
]  # fmt: skip


def ledgers() -> Iterator[Ledger]:
    """One of each kind of thing that is kept."""
    for scan, data in SCANS.items():
        for one in data:
            yield Ledger(entries=[scanned(scan, one), scanned(scan, one, AT + 5, STATION, Geo(121.5, 29.8))], newest=AT)
    yield from (Ledger(entries=[receive(**fields)], newest=AT) for fields in KEPT)
    yield from (Ledger(entries=[receive(told=told)], newest=AT) for told in TOLD)
    yield from (Ledger(entries=[receive(geo=geo)], newest=AT) for geo in PLACES)
    yield from (Ledger(base=replace(Cylinder(), **{name: value}), newest=AT) for name, value in FACTS)
    yield Ledger(base=Cylinder(**dict(FACTS)), entries=[receive()], newest=AT)
    yield from (Ledger(**fields) for fields in PARTS)
    for status in ("waiting", "suspected", "confirmed", "resolved", "retracted", "shown", ""):
        yield Ledger(standing=[Standing("0a" * 8, "FILLED_DWELL", "D", "s", status, AT, b"", AT - 1)], newest=AT)
    yield from (Ledger(entries=[receive(), receive(AT + apart)], newest=AT + apart) for apart in APART)
    for apart in APART:
        moves = [
            Move("fill", AT - apart, STATION),
            Move("fill", AT - apart, BARE),
            Move("load", AT, BARE, arrived=AT + apart),
        ]
        for fill in (*moves, Move("fill", AT + 1, BARE)):
            before = Cylinder(
                last_fill=LastFill(fill.at, fill.origin), moves=moves, sightings=[Sighting(STATION, fill.at, HERE)]
            )
            yield Ledger(base=before, entries=[receive(AT + apart, clock=AT + 3 * apart)], newest=AT + 3 * apart)


def written() -> list[str]:
    found = []
    for ledger in ledgers():
        packing = LedgerPacking()
        packed = packing.pack(LABEL, copy(ledger))
        found.append(packed.hex())
        found += [f"{key.decode()} {value.hex()}" for key, value in packing.fresh()]
    return found


def test_it_is_written_as_its_number_says() -> None:
    assert FORMAT == b"\x05"
    assert written() == json.loads(PINNED.read_text())


@pytest.mark.parametrize("part", range(4))
def test_what_was_written_is_read(part: int) -> None:
    """The bytes are read back to what they were made of, whichever way they are read next."""
    for ledger in list(ledgers())[part::4]:
        packing = LedgerPacking()
        packed = packing.pack(LABEL, copy(ledger))
        found = packing.unpack(LABEL, packed)
        assert packing.pack(LABEL, found) == packed
        found.open()
        assert packing.pack(LABEL, found) == packed
        assert found.last == (ledger.entries[-1].at if ledger.entries else ledger.newest)


if __name__ == "__main__":
    PINNED.write_text(json.dumps(written(), indent=0) + "\n")
