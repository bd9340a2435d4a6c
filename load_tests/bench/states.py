"""A changelog of as many cylinders as are wanted, at city mix: states as the worker packs them, under labels of their own.

City mix follows from the figures of a city: 1.6 million users and 3.1 million cylinders, a cylinder a user and month, so
that each cylinder goes round once in some 58 days. It is filled and checked (three scans within minutes), stands full for
up to 14 days, is loaded and delivered (two, three hours apart), is at the customer for 30 days, is collected and received
(two), and stands empty for up to 14 days. Each history ends at a moment of its own, at random. Three in a hundred customers
are not verified: what is delivered to them breaks a rule, and the alert is kept while it is in the window.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import chain, count
from random import Random

from load_tests.bench.city_log import Record, as_written, make_log, partition_of
from load_tests.bench.outputs import Expected
from load_tests.bench.setting import PARTITIONS
from load_tests.bench.town import SEED, Household, registry_lines, settle
from load_tests.city.diary import Deed, Diary
from load_tests.city.times import FIRST_DAY, HOUR, MINUTE, SECOND, chance
from load_tests.city.world import YSP35
from processors import labels
from processors.ledger import Ledger
from processors.packed import LedgerPacking
from processors.parameters import DEFAULT
from processors.registry import Registry, parse_row
from stream import topics
from stream.lane.chunk import ChunkJudge
from stream.tables.partition import Partition

CHANGELOG = topics.CYLINDERS_CHANGELOG.name
_SCANS = 7_000
_CYLINDERS = 2_000
_CHUNK = 500
_DAY = timedelta(days=1)
_ENDS = 60, 118  # days: once round, and somewhere in the second


@cache
def town() -> Expected:
    """A small log, and what should come of it."""
    return Expected(make_log(_SCANS, PARTITIONS))


@dataclass(frozen=True)
class Mix:
    """Of each partition the records that states name by number, and the states."""

    named: list[dict[bytes, bytes]]
    states: list[list[bytes]]


@dataclass
class _Scan:
    offset: int
    key: bytes
    value: bytes
    timestamp: int = 0


@cache
def city_mix() -> Mix:
    """The same each time; a few seconds."""
    rng = chance(SEED, "mix")
    world, households = settle(_CYLINDERS)
    registry = Registry()
    registry.put_all(parse_row(line) for line in registry_lines(world))
    diary = Diary(rng)
    for one in households:
        _live(diary, one, FIRST_DAY + rng.uniform(*_ENDS) * _DAY, rng)
    logs: list[list[_Scan]] = [[] for _ in range(PARTITIONS)]
    for number, deed in enumerate(sorted(diary, key=lambda deed: deed.time)):
        scan_id = f"{deed.device.removeprefix('D-')}-{number:09d}"
        key, value = as_written(deed, scan_id, deed.time + 2 * SECOND)
        log = logs[partition_of(key, PARTITIONS)]
        log.append(_Scan(len(log), key, value))
    judge = ChunkJudge(registry, DEFAULT)
    named, states = [], []
    for number, log in enumerate(logs):
        state: Partition[Ledger] = Partition(LedgerPacking())
        names: dict[bytes, bytes] = {}
        latest: dict[bytes, bytes] = {}
        for begins in range(0, len(log), _CHUNK):
            effects = judge.judge(number, state, log[begins : begins + _CHUNK], "2026-11-09T00:00:00+08:00")
            names |= effects.named
            latest |= effects.touched
        named.append(names)
        states.append(sorted(latest.values()))
    return Mix(named, states)


def _live(diary: Diary, one: Household, ends: datetime, rng: Random) -> None:
    """A cylinder's life from its bind to that moment."""
    cylinder, station, courier, customer = one.cylinder, one.enterprise.station, one.courier, one.customer
    label = cylinder.label

    def stands() -> timedelta:
        return timedelta(milliseconds=rng.randint(8_640_000, 1_209_600_000))

    now = FIRST_DAY + timedelta(milliseconds=rng.randrange(86_400_000))
    diary.bind(now, cylinder, station)
    visits: Iterator[tuple[timedelta, Callable[[datetime], Deed]]] = chain.from_iterable(
        (
            (stands(), lambda at: diary.precheck(at, cylinder, station)),
            (5 * MINUTE, lambda at: diary.fill(at, cylinder, station)),
            (10 * MINUTE, lambda at: diary.postcheck(at, cylinder, station)),
            (stands(), lambda at: diary.load(at, cylinder, station, courier.vehicle)),
            (2 * HOUR, lambda at: diary.deliver(at, label, courier, customer.place, customer)),
            (30 * _DAY, lambda at: diary.collect(at, label, courier, customer)),
            (3 * HOUR, lambda at: diary.receive(at, label, station)),
        )
        for _ in count()
    )
    for later, scan in visits:
        now += later
        if now > ends:
            return
        scan(now)


def changelog(mix: Mix, cylinders: int) -> Iterator[Record]:
    """A record a cylinder, after those of what they name."""
    for partition, named in enumerate(mix.named):
        yield from (Record(partition, key, value) for key, value in named.items())
    for number in range(cylinders):
        label = label_of(number)
        partition = partition_of(label, PARTITIONS)
        states = mix.states[partition]
        yield Record(partition, label, states[number % len(states)])


def label_of(number: int) -> bytes:
    """The label of one of them."""
    return labels.make(YSP35.asset_type, f"9{number:07d}").encode()
