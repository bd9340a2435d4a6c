"""What comes and leaves at the second key: told again it is no news, and a crash anywhere changes nothing anyone sees."""

import json
from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from processors.holder import Change, Holder, HolderPacking, encode_change
from processors.intake import parse
from processors.model import DeliverScan, LoadScan, encode
from processors.registry import Registry, parse_row
from processors.times import HOUR, MINUTE, instant, rfc3339
from stream.lane.effects import Effects
from stream.lane.holders import HolderJudge
from stream.tables.partition import Partition
from tests.stream.crashing import Changelog, Record, first_told, kept, lives, said
from tests.stream.scans import LICENCE, PARAMETERS, label, registry, scan

PARTITIONS = 3  # of `scans`
BEGAN = 1_795_000_000_000_000  # an instant in November 2026
JUMPS = st.sampled_from([0, 1, MINUTE, 16 * MINUTE, 2 * HOUR, 25 * HOUR])


def city() -> Registry:
    """A resident who may hold two, and a van for one."""
    known = registry()
    for row in (
        {"kind": "customer", "id": "R1", "customer_kind": "resident", "district": "330203"},
        {"kind": "vehicle", "id": "V2", "enterprise": "E1", "permit": LICENCE, "max_cylinders": 1},
    ):
        known.put(parse_row(json.dumps(row).encode()))  # type: ignore[arg-type] # the rows above are right
    return known


CITY = city()
HOLDS = {"customer/R1": ("deliver", {"customer": "R1"}), "vehicle/V2": ("load", {"vehicle": "V2"})}


def tick(partition: int, clock: int) -> bytes:
    return encode({"type": "tick", "partition": partition, "received": rfc3339(clock)})


def change(key: str, on: int, partition: int, offset: int, clock: int, *, comes: bool) -> tuple[str, bytes]:
    """A cylinder comes to a key by a scan just made, or leaves it."""
    kind, data = HOLDS[key]
    line = scan(offset, kind, on=on, device="D-co1" if kind == "deliver" else "D-st1", **data)
    line |= {"scan_id": f"scan-{partition}-{offset:06d}", "time": rfc3339(clock), "received": rfc3339(clock)}
    by = parse(json.dumps(line).encode())
    assert isinstance(by, DeliverScan | LoadScan)
    said = Change(
        label=label(on),
        partition=partition,
        offset=offset,
        clock=clock,
        model="YSP35.5",
        holds=comes,
        scan=by if comes else None,
    )
    return key, encode_change(said)


class Counter:
    """Partition 0 of `holders`: a memory restored from a changelog, and a judge."""

    def __init__(self, changelog: Changelog) -> None:
        self.changelog = changelog
        self.state: Partition[Holder] = Partition.restored(kept(changelog), HolderPacking())
        self._judge = HolderJudge(CITY, PARAMETERS, PARTITIONS)

    def judge(self, chunk: list[Record]) -> Effects:
        return self._judge.judge(0, self.state, chunk)

    def take(self, *told: tuple[str, bytes] | bytes) -> list[Any]:
        """The alerts that these changes and ticks come to."""
        first = self.state.position.upto + 1
        effects = self.judge(as_records(told, first))
        self.changelog.update(effects.changelog())
        return effects.alerts


def known(counter: Counter) -> dict[str, Holder]:
    """What is known of each key, wherever in the log it stands."""
    return {key: replace(holder, offset=0) for key in counter.state if (holder := counter.state.get(key))}


def as_records(told: Any, first: int = 0) -> list[Record]:
    return [
        Record(first + place, None, one)
        if isinstance(one, bytes)
        else Record(first + place, one[0].encode() if one[0] else None, one[1])
        for place, one in enumerate(told)
    ]


Told = tuple[int, tuple[str, bytes] | bytes]  # the partition of `scans` that tells it, and what


@st.composite
def any_log(draw: st.DrawFn) -> list[Told]:
    """Changes and ticks of all partitions, in an order of arrival; the cylinders of a partition are its own."""
    clocks, offsets, where = [BEGAN] * PARTITIONS, [0] * PARTITIONS, dict[int, str]()
    log: list[Told] = [(0, tick(0, BEGAN))]
    for _ in range(draw(st.integers(1, 25))):
        partition = draw(st.integers(0, PARTITIONS - 1))
        clocks[partition] += draw(JUMPS)
        offsets[partition] += 1
        on = partition * 10 + draw(st.integers(0, 1))
        to = draw(st.sampled_from(["tick", "tick", "away", *HOLDS]))
        at = (on, partition, offsets[partition], clocks[partition])
        if to == "tick":
            log.append((partition, tick(partition, clocks[partition])))
            continue
        if on in where and where[on] != to:
            log.append((partition, change(where.pop(on), *at, comes=False)))
        if to in HOLDS:
            where[on] = to
            log.append((partition, change(to, *at, comes=True)))
    return log


@st.composite
def stuttered(draw: st.DrawFn, log: list[Told]) -> list[Told]:
    """The log with what a crashed worker tells again: of a partition the latest few, in their order."""
    told: list[Told] = []
    for one in log:
        told.append(one)
        if draw(st.integers(0, 3)) == 0:
            own = [earlier for earlier in told if earlier[0] == one[0]]
            told += list(dict.fromkeys(own))[-draw(st.integers(1, 12)) :]
    return told


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_what_is_told_again_changes_nothing(data: st.DataObject) -> None:
    log = data.draw(any_log(), label="log")
    once, often = Counter({}), Counter({})
    wanted = once.take(*(one for _, one in log))
    alerts = often.take(*(one for _, one in data.draw(stuttered(log), label="stuttered")))
    assert alerts == wanted
    assert known(often) == known(once)


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_crash_anywhere_changes_nothing_that_anyone_sees(data: st.DataObject) -> None:
    log = as_records([one for _, one in data.draw(any_log(), label="log")])
    whole: Changelog = {}
    effects = Counter(whole).judge(log)
    whole.update(effects.changelog())
    heard, changelog = lives(data, log, lambda found: Counter(found).judge)
    assert first_told(heard, "alert") == first_told(said(effects), "alert")
    assert kept(changelog) == kept(whole)


@given(any_log())
@settings(max_examples=100, deadline=None)
def test_the_clock_is_the_lowest_of_the_latest_ticks(log: list[Told]) -> None:
    counter, latest = Counter({}), dict[int, int]()
    for partition, one in log:
        counter.take(one)
        if isinstance(one, bytes):
            received = instant(datetime.fromisoformat(json.loads(one)["received"]))
            latest[partition] = max(latest.get(partition, 0), received)
        assert counter.state.position.clock == (min(latest.values()) if len(latest) == PARTITIONS else 0)


def test_a_count_is_told_when_every_partition_is_past_its_wait_and_only_if_still_over() -> None:
    counter, told_after = Counter({}), BEGAN + 24 * HOUR
    came = [change("customer/R1", on, 0, on, BEGAN, comes=True) for on in (1, 2, 3)]
    assert counter.take(*came, tick(0, told_after + 1), tick(1, told_after + 1)) == []
    assert counter.take(tick(2, told_after), tick(2, told_after - 1)) == [], "a tick from before changes nothing"
    (alert,) = counter.take(tick(2, told_after + 1), tick(2, told_after + 1))
    assert (alert.code, alert.evidence["cylinders"]) == ("USER_EXCESS_HOLDING", 3)
    gone = Counter({})
    left = change("customer/R1", 1, 0, 4, BEGAN + HOUR, comes=False)
    assert gone.take(*came, left, *(tick(partition, told_after + 1) for partition in range(PARTITIONS))) == []


def test_what_came_and_left_long_ago_does_not_come_back_when_it_is_told_again() -> None:
    counter = Counter({})
    came = change("customer/R1", 1, 0, 1, BEGAN, comes=True)
    left = change("customer/R1", 1, 0, 2, BEGAN + MINUTE, comes=False)
    another = change("customer/R1", 11, 1, 1, BEGAN + 3 * HOUR, comes=True)
    counter.take(came, left, another, came)
    assert set(known(counter)["customer/R1"].held) == {label(11)}


def test_what_is_not_ours_is_passed_over() -> None:
    counter = Counter({})
    assert counter.take(("", b"{"), b'{"type":"tick"', ("customer/R1", b"{}")) == []
    assert counter.state.position.upto == 2
