"""A ledger at rest that takes in scan after scan and lets the oldest go is at every step what one never packed would be."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from test_in_order import LOADED, SCAN, registry
from test_packed import AT, LABEL

from processors.in_order import in_order
from processors.ledger import Ledger, Standing, current
from processors.model import Check, Geo, Load, PostcheckScan, Receive, ReceiveScan, Scan
from processors.packed import LedgerPacking
from processors.parameters import Parameters, Schedule
from processors.times import HOUR, MINUTE

STEP = 7 * HOUR + 11 * MINUTE + 13_001  # no whole milliseconds, so that no span of times is
GOOD = replace(LOADED, made=739_000, inspected=739_000, moves=[])
TOLD = Standing("0a" * 8, "OVERFILL", "D", "scan-0000", "suspected", 0, b"")
FEW = Schedule(Parameters(window_scans=5))


def came(count: int) -> Iterator[tuple[Scan, int, int, bool]]:
    """Scans in order, each with its instant, the arrival clock, and whether it is late."""
    data: tuple[tuple[type[Scan], Any], ...] = (
        (type(SCAN), Load("V1")), (PostcheckScan, Check(passed=True)), (ReceiveScan, Receive(full=True)),
        (PostcheckScan, Check(passed=False)), (ReceiveScan, Receive()),
    )  # fmt: skip
    for number in range(count):
        kind, said = data[number % len(data)]
        at = AT + number * STEP
        geo = Geo(121.5, 29.8 + number / 1e6, 5.0) if number % 3 else None
        scan = kind(scan_id=f"scan-{number:04}", label=LABEL, time=SCAN.time, device="D", geo=geo, data=said)
        yield scan, at, at + number % 4 * 1_001, number % 4 == 3


def ids(ledger: Ledger) -> list[str]:
    return [entry.scan_id for entry in ledger.entries]


def known(ledger: Ledger) -> list[Any]:
    """All that is kept, opened."""
    now = current(ledger)
    ledger.unpack()
    said = [replace(entry, scan=replace(entry.scan, time=SCAN.time)) for entry in ledger.entries]
    return [ledger.newest, ledger.alarm, ledger.base, now, said]


@pytest.mark.parametrize("schedule", [Schedule(Parameters()), FEW], ids=["of 72 hours", "of five"])
@pytest.mark.parametrize("every", [1, 2, 5])
@pytest.mark.parametrize("looked_at", [False, True], ids=["", "and looked at"])
@pytest.mark.parametrize("told", [[], [TOLD]], ids=["", "and told of"])
def test_at_rest_after_some_it_is_the_same(
    every: int, schedule: Schedule, looked_at: bool, told: list[Standing]
) -> None:
    rows, mine, others = registry(), LedgerPacking(), LedgerPacking()
    rested, opened = (Ledger(base=GOOD, newest=AT - HOUR) for _ in range(2))
    for number, (scan, at, clock, late) in enumerate(came(40)):
        for ledger in (rested, opened):
            assert in_order(ledger, replace(scan), at, number, clock, rows, schedule, late=late), number
            ledger.standing = ledger.standing if number else told
        assert rested.standing == opened.standing
        assert not rested.is_open or ids(rested) == ids(opened)
        if number % every == 0:
            packed, other = mine.pack(LABEL, rested), others.pack(LABEL, opened)
            rested, opened = mine.unpack(LABEL, packed), others.unpack(LABEL, other)
            assert known(mine.unpack(LABEL, packed)) == known(others.unpack(LABEL, other))
            if looked_at:
                rested.unpack()
        opened.open()
        opened.is_quiet = True
    assert rested.standing == [], "what was told of the first scan is forgotten with it"


def test_a_scan_at_the_very_beginning_of_the_window_is_in_it() -> None:
    rows, packing, ledger = registry(), LedgerPacking(), Ledger(base=GOOD, newest=AT - HOUR)
    times = (AT - MINUTE, AT, AT + HOUR, AT + 72 * HOUR)
    for number, ((scan, *_), at) in enumerate(zip(came(4), times, strict=True)):
        assert in_order(ledger, scan, at, number, at, rows, Schedule(Parameters()))
        ledger = packing.unpack(LABEL, packing.pack(LABEL, ledger))
        assert ledger.packed is not None
        assert (ledger.packed.first, ledger.packed.last) == (AT if number == 3 else AT - MINUTE, at)
    ledger.unpack()
    assert [entry.at for entry in ledger.entries] == [AT, AT + HOUR, AT + 72 * HOUR]
