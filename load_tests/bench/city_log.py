"""The log that every row reads: scans as the gateway writes them, in order of arrival, with the ticks between them.

Each cylinder goes round once, as it does every twenty days: `collect` at its customer's, `receive`, a day later `precheck`,
`fill` and `postcheck` within a quarter of an hour, then `load` and `deliver`. The *warm-up* before it, three weeks earlier,
is how it came there: `bind`, `receive` full, `load`, `deliver`; it is judged before the clock of a row starts, so that
the measured scans meet cylinders with a past, and a just-in-time compiler has warmed up.

- Rounds begin evenly over `SPREAD`: seven scans of each of N / 7 cylinders, in order of arrival.
- Out of order: a courier without signal (`NO_SIGNAL` of collects and delivers) arrives up to ninety minutes late, sometimes
  after the station's scan; a `precheck` that was `HELD_UP` arrives after its `fill`, whose verdict is revised by that. A
  device that missed its answer sends again (`REPEATED`).
- Against the rules: `OVERFILLED` fills, and deliveries to customers never verified; with the late ones two in a hundred
  scans have a verdict that says something, and so has each `precheck`, which asks.
- Ticks: one into each partition after so many scans (`SCANS_A_TICK`), as in a city that sends 50 a second. The log runs
  through its days faster than a city would, so that a chunk holds a label oftener: `precheck` to `load` of one cylinder
  often stand in one. With more scans it does so less.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

from aiokafka.partitioner import murmur2

from load_tests.bench.town import SEED, Household, registry_lines, settle
from load_tests.city.diary import Deed, Diary
from load_tests.city.times import FIRST_DAY, MINUTE, SECOND, chance, rfc3339
from processors.intake import parse
from processors.model import Reject, Tick, encode

SPREAD = timedelta(days=6)
ROUND_BEGINS = timedelta(days=21)
ROUND, WARM_UP = 7, 4  # scans of a cylinder
NO_SIGNAL, HELD_UP, REPEATED, OVERFILLED = 0.03, 0.01, 0.005, 0.04
SCANS_A_TICK = 50


class Record(NamedTuple):
    """A record of `scans`, and where it goes; a tick has no key."""

    partition: int
    key: bytes | None
    value: bytes


@dataclass(frozen=True)
class Log:
    """What is written: the first `warm` records before the clock starts."""

    registry: Sequence[bytes]
    records: Sequence[Record]
    warm: int
    partitions: int

    @property
    def scans(self) -> int:
        """Scans whose judging is measured: all but the warm-up, without the ticks."""
        return sum(record.key is not None for record in self.records[self.warm :])

    def ends(self, upto: int | None = None) -> list[int]:
        """The offset after the last of the first `upto` records, by partition."""
        ends = [0] * self.partitions
        for record in self.records[:upto]:
            ends[record.partition] += 1
        return ends

    def beginning(self, scans: int, warm: int) -> "Log":
        """The same log for a slower peer: of the warm-up the first `warm` records, then so many scans."""
        measured, left = [], scans
        for record in self.records[self.warm :]:
            measured.append(record)
            left -= record.key is not None
            if not left:
                break
        warm = min(warm, self.warm)
        return Log(self.registry, [*self.records[:warm], *measured], warm, self.partitions)


def make_log(scans: int, partitions: int) -> Log:
    """A log of about so many measured scans; the same each time."""
    world, households = settle(max(1, scans // ROUND))
    rng = chance(SEED, "log")
    warm: list[tuple[datetime, bytes, bytes]] = []
    measured: list[tuple[datetime, bytes, bytes]] = []
    for number, household in enumerate(households):
        diary = Diary(rng)
        begins = FIRST_DAY + rng.random() * SPREAD
        _come_there(diary, household, begins)
        warm += _written(diary, f"{number:07d}-w", rng)
        diary = Diary(rng)
        _go_round(diary, household, begins + ROUND_BEGINS, rng)
        measured += _written(diary, f"{number:07d}-r", rng)
    head = list(_with_ticks(sorted(warm), partitions))
    return Log(
        registry_lines(world),
        [*head, *_with_ticks(sorted(measured), partitions)],
        warm=len(head),
        partitions=partitions,
    )


def _come_there(diary: Diary, one: Household, begins: datetime) -> None:
    cylinder, station = one.cylinder, one.enterprise.station
    diary.bind(begins, cylinder, station)
    diary.receive(begins + 10 * MINUTE, cylinder.label, station, full=True)
    diary.load(begins + 100 * MINUTE, cylinder, station, one.courier.vehicle)
    diary.deliver(begins + 170 * MINUTE, cylinder.label, one.courier, one.customer.place, one.customer)


def _go_round(diary: Diary, one: Household, begins: datetime, rng: Random) -> None:
    cylinder, station, now = one.cylinder, one.enterprise.station, begins
    diary.collect(now, cylinder.label, one.courier, one.customer)
    now += rng.randint(30, 240) * MINUTE
    diary.receive(now, cylinder.label, station)
    now += rng.randint(2 * 60, 30 * 60) * MINUTE
    diary.precheck(now, cylinder, station)
    now += rng.randint(3, 6) * MINUTE
    diary.fill(now, cylinder, station, cylinder.model.max_kg + 2 if rng.random() < OVERFILLED else None)
    now += rng.randint(5, 15) * MINUTE
    diary.postcheck(now, cylinder, station)
    now += rng.randint(60, 600) * MINUTE
    diary.load(now, cylinder, station, one.courier.vehicle)
    now += rng.randint(30, 180) * MINUTE
    diary.deliver(now, cylinder.label, one.courier, one.customer.place, one.customer)


def _written(diary: Diary, name: str, rng: Random) -> Iterator[tuple[datetime, bytes, bytes]]:
    """Arrival, key and value of each scan, read and written by the gateway's own means."""
    for number, deed in enumerate(diary):
        wait = timedelta(milliseconds=rng.randint(800, 6000))
        if deed.type in ("collect", "deliver") and rng.random() < NO_SIGNAL:
            wait = rng.randint(10, 90) * MINUTE
        elif deed.type == "precheck" and rng.random() < HELD_UP:
            wait = rng.randint(7, 14) * MINUTE
        received = deed.time + wait
        key, value = as_written(deed, f"{name}{number}", received)
        yield received, key, value
        if rng.random() < REPEATED:
            later = received + rng.randint(2, 30) * SECOND
            yield later, *as_written(deed, f"{name}{number}", later)


def as_written(deed: Deed, scan_id: str, received: datetime) -> tuple[bytes, bytes]:
    """Key and value of a scan, read and written by the gateway's own means."""
    posted: dict[str, Any] = {
        "scan_id": scan_id, "type": deed.type, "label": deed.code, "time": rfc3339(deed.time), "device": deed.device,
        "received": rfc3339(received), "data": deed.data,
    }  # fmt: skip
    posted |= {name: value for name, value in (("operator", deed.operator), ("site", deed.site)) if value}
    if deed.place:
        posted["geo"] = {"lon": deed.place.lon, "lat": deed.place.lat, "acc_m": 12}
    scan = parse(json.dumps(posted).encode())
    if isinstance(scan, Reject):
        raise TypeError(f"{posted}: {scan.reason}")
    return scan.label.encode(), encode(scan)


def _with_ticks(arrivals: Sequence[tuple[datetime, bytes, bytes]], partitions: int) -> Iterator[Record]:
    for number, (received, key, value) in enumerate(arrivals, start=1):
        yield Record(partition_of(key, partitions), key, value)
        if number % SCANS_A_TICK == 0:
            tick = encode(Tick(received))
            yield from (Record(partition, None, tick) for partition in range(partitions))


@lru_cache(1 << 20)
def partition_of(key: bytes, partitions: int) -> int:
    """Where Java's clients, and ours, place a key."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions
