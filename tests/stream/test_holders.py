"""What comes and leaves at the second key: counted in order of arrival, whatever the order in which it is heard.

What is told again is no news, and a crash anywhere changes nothing anyone sees.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from processors import second_key
from processors.holder import Change, Holder, HolderPacking, decode_change, encode_change
from processors.intake import parse
from processors.model import DeliverScan, LoadScan, decode_alert, encode
from processors.registry import Registry, parse_row
from processors.times import DAY, HOUR, MINUTE, instant, rfc3339
from stream.lane.effects import Effects
from stream.lane.holders import HolderJudge
from stream.tables.partition import Partition
from tests.stream.crashing import Changelog, Record, first_told, kept, lives, said, whole
from tests.stream.scans import LICENCE, PARAMETERS, label, registry, scan

PARTITIONS = 3  # of `scans`
BEGAN = 1_795_000_000_000_000  # an instant in November 2026
JUMPS = st.sampled_from([1, MINUTE, MINUTE, 16 * MINUTE, 2 * HOUR, 25 * HOUR, 40 * DAY])


def city() -> Registry:
    """A resident who may hold two, three enterprises to deliver to him, and a van for one."""
    known = registry()
    for row in (
        {"kind": "customer", "id": "R1", "customer_kind": "resident", "district": "330203"},
        {"kind": "vehicle", "id": "V2", "enterprise": "E1", "permit": LICENCE, "max_cylinders": 1},
        *({"kind": "device", "id": f"D-co{n}", "enterprise": f"E{n}", "device_kind": "courier"} for n in (2, 3)),
    ):
        known.put(parse_row(json.dumps(row).encode()))  # type: ignore[arg-type] # the rows above are right
    return known


CITY = city()
HOLDS = {"customer/R1": ("deliver", {"customer": "R1"}), "vehicle/V2": ("load", {"vehicle": "V2"})}


def tick(partition: int, clock: int) -> bytes:
    return encode({"type": "tick", "partition": partition, "received": rfc3339(clock)})


def change(
    key: str, on: int, partition: int, offset: int, clock: int, *, comes: bool, courier: int = 1, **also: int
) -> tuple[str, bytes]:
    """A cylinder comes to a key by a scan just made, or leaves it."""
    kind, data = HOLDS[key]
    line = scan(offset, kind, on=on, device=f"D-co{courier}" if kind == "deliver" else "D-st1", **data)
    line |= {"scan_id": f"scan-{partition}-{offset:06d}", "time": rfc3339(clock), "received": rfc3339(clock)}
    by = parse(json.dumps(line).encode())
    assert isinstance(by, DeliverScan | LoadScan)
    said = Change(
        label=label(on), partition=partition, offset=offset, clock=clock, model="YSP35.5", holds=comes,
        scan=by if comes else None, **also,
    )  # fmt: skip
    return key, encode_change(said)


class Counter:
    """Partition 0 of `holders`: a memory restored from a changelog and the log, and a judge."""

    def __init__(self, changelog: Changelog, log: Sequence[Record] = (), most_held: int = 1000) -> None:
        self.changelog = changelog
        self.state: Partition[Holder] = Partition.restored(kept(changelog), HolderPacking())
        for record in log:
            if self.state.position.since <= record.offset <= self.state.position.upto:
                self.state.held.hear_again(record.offset, record.key, record.value)
        self._judge = HolderJudge(CITY, PARAMETERS, PARTITIONS, most_held)

    def judge(self, chunk: list[Record]) -> Effects:
        return whole(self._judge.steps(0, self.state, chunk))

    def take(self, *told: tuple[str, bytes] | bytes) -> list[Any]:
        """The alerts that these changes and ticks come to."""
        first = self.state.position.upto + 1
        effects = self.judge(as_records(told, first))
        self.changelog.update(effects.changelog())
        return effects.alerts


def live(counter: Counter) -> dict[str, Holder]:
    return {key: holder for key in counter.state if (holder := counter.state.get(key))}


def known(holders: dict[str, Holder]) -> dict[str, Holder]:
    """What is known of each key, wherever in the log it stands; what was told of it, whenever that was."""
    found = {}
    for key, holder in holders.items():
        told = [replace(one, alert=encode(replace(decode_alert(one.alert), raised_at=""))) for one in holder.told]
        found[key] = replace(holder, offset=0, told=told)
    return found


def ticks(clock: int) -> list[bytes]:
    """The time in every partition of `scans`."""
    return [tick(partition, clock) for partition in range(PARTITIONS)]


def as_records(told: Any, first: int = 0) -> list[Record]:
    return [
        Record(first + place, None, one)
        if isinstance(one, bytes)
        else Record(first + place, one[0].encode() if one[0] else None, one[1])
        for place, one in enumerate(told)
    ]


Told = tuple[int, tuple[str, bytes] | bytes]  # the partition of `scans` that tells it, and what


@st.composite
def any_day(draw: st.DrawFn) -> list[Told]:
    """Changes and ticks of all partitions in order of arrival, no two at one clock; a partition's cylinders are its own."""
    clock, offsets, where = BEGAN, [0] * PARTITIONS, dict[int, str]()
    day: list[Told] = [(0, tick(0, BEGAN))]
    for _ in range(draw(st.integers(1, 30))):
        partition = draw(st.integers(0, PARTITIONS - 1))
        clock += draw(JUMPS)
        offsets[partition] += 1
        on = partition * 10 + draw(st.integers(0, 2))
        to = draw(st.sampled_from(["tick", "away", "back", *HOLDS, *HOLDS]))
        at = (on, partition, offsets[partition], clock)
        if to == "tick":
            day.append((partition, tick(partition, clock)))
            continue
        places = iter(range(2))
        if on in where and where[on] != to:
            undone = draw(st.sampled_from([None, offsets[partition] - 1])) if to == "back" else None
            also = {"place": next(places)} | ({} if undone is None else {"undone": undone})
            day.append((partition, change(where.pop(on), *at, comes=False, **also)))
        if to in HOLDS:
            where[on] = to
            courier = draw(st.integers(1, 3))
            day.append((partition, change(to, *at, comes=True, courier=courier, place=next(places))))
    return day + [(partition, tick(partition, clock + 25 * HOUR)) for partition in range(PARTITIONS)]


@st.composite
def interleaved(draw: st.DrawFn, day: list[Told]) -> list[Told]:
    """The day as it is heard: each partition's own order kept, one partition far ahead of another."""
    rows = [[one for one in day if one[0] == partition] for partition in range(PARTITIONS)]
    heard: list[Told] = []
    while any(rows):
        row = draw(st.sampled_from([row for row in rows if row]))
        ahead = draw(st.integers(1, len(row)))
        heard += row[:ahead]
        del row[:ahead]
    return heard


@st.composite
def any_log(draw: st.DrawFn) -> list[Told]:
    """A day as it is heard."""
    return draw(interleaved(draw(any_day())))


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


def in_order(day: list[Told]) -> tuple[list[Any], dict[str, Holder]]:
    """What a day comes to when each change is taken as it arrives, and what falls due before it."""
    holders: dict[str, Holder] = {}
    alerts: list[Any] = []

    def pass_until(clock: int) -> None:
        for key, holder in holders.items():
            alerts.extend(second_key.fall_due(key, holder, clock, CITY, PARAMETERS))

    for _, one in day:
        if isinstance(one, tuple):
            news = decode_change(one[1])
            pass_until(news.clock)
            alerts.extend(second_key.take(one[0], holders.setdefault(one[0], Holder()), news, CITY, PARAMETERS))
    pass_until(received(day[-1][1]))
    return alerts, holders


def received(tick: Any) -> int:
    return instant(datetime.fromisoformat(json.loads(tick)["received"]))


def standing(alerts: list[Any]) -> dict[str, Any]:
    """By alert_id the last of each, and how it stands."""
    return {alert.alert_id: replace(alert, raised_at="") for alert in alerts}


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_it_is_counted_in_order_of_arrival_whatever_the_order_in_which_it_is_heard(data: st.DataObject) -> None:
    day = data.draw(any_day(), label="day")
    alerts, holders = in_order(day)
    log = as_records(one for _, one in data.draw(interleaved(day), label="log"))
    heard, changelog = lives(data, log, lambda found: Counter(found, log).judge)
    assert standing([one for kind, one in heard if kind == "alert"]) == standing(alerts)
    after = Counter(changelog, log)
    assert known(live(after)) == known(holders)
    assert len(after.state.held) == 0
    assert after.state.position.since == len(log)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_what_is_told_again_changes_nothing(data: st.DataObject) -> None:
    log = data.draw(any_log(), label="log")
    once, often = Counter({}), Counter({})
    wanted = once.take(*(one for _, one in log))
    alerts = often.take(*(one for _, one in data.draw(stuttered(log), label="stuttered")))
    assert alerts == wanted
    assert known(live(often)) == known(live(once))


@given(data=st.data(), most_held=st.sampled_from([1, 3, 1000]))
@settings(max_examples=200, deadline=None)
def test_a_crash_anywhere_changes_nothing_that_anyone_sees(data: st.DataObject, most_held: int) -> None:
    log = as_records(one for _, one in data.draw(stuttered(data.draw(any_log())), label="log"))
    changes: Changelog = {}
    effects = Counter(changes, (), most_held).judge(log)
    changes.update(effects.changelog())
    heard, changelog = lives(data, log, lambda found: Counter(found, log, most_held).judge)
    assert first_told(heard, "alert") == first_told(said(effects), "alert")
    assert kept(changelog) == kept(changes)


@given(any_log())
@settings(max_examples=100, deadline=None)
def test_the_clock_is_the_lowest_of_the_latest_ticks(log: list[Told]) -> None:
    counter, latest = Counter({}), dict[int, int]()
    for partition, one in log:
        counter.take(one)
        if isinstance(one, bytes):
            latest[partition] = max(latest.get(partition, 0), received(one))
        assert counter.state.position.clock == (min(latest.values()) if len(latest) == PARTITIONS else 0)


@given(any_log())
@settings(max_examples=100, deadline=None)
def test_nothing_waits_longer_than_until_every_partition_has_ticked_at_or_past_it(log: list[Told]) -> None:
    counter, clock = Counter({}), dict.fromkeys(range(PARTITIONS), 0)
    untold: list[tuple[int, int]] = []
    for at, (partition, one) in enumerate(log):
        if isinstance(one, bytes):
            clock[partition] = max(clock[partition], received(one))
        else:
            untold.append((decode_change(one[1]).clock, at))
        counter.take(one)
        untold = [waiting for waiting in untold if waiting[0] > min(clock.values())]
        assert len(counter.state.held) == len(untold)
        assert counter.state.position.since == min((at for _, at in untold), default=at + 1)


def test_a_purchase_is_told_with_the_first_tick_that_is_at_or_past_it() -> None:
    counter, clock = Counter({}), BEGAN + HOUR
    for partition in range(PARTITIONS):
        came = change("customer/R1", 10 * partition, partition, 1, clock + partition, comes=True, courier=partition + 1)
        assert counter.take(came) == []
    assert counter.take(*ticks(clock + 1)) == [], "the third enterprise came later"
    assert counter.take(*ticks(clock + 2)[1:]) == [], "of partition 0 something earlier may come yet"
    (alert,) = counter.take(tick(0, clock + 2))
    assert (alert.code, alert.label, alert.raised_at) == ("ABNORMAL_PURCHASE", label(20), rfc3339(clock + 2))


def test_a_tick_lets_go_of_many_in_pieces_between_which_nothing_may_be_frozen() -> None:
    told = [change("customer/R1", 1, 1, at, BEGAN + at, comes=at % 2 == 1)[1] for at in range(1, 121)]
    changes = [(f"customer/R{at % 40}", value) for at, value in enumerate(told)]
    log = as_records([*changes, *ticks(BEGAN + 200)])
    counter, between = Counter({}), []
    steps = HolderJudge(CITY, PARAMETERS, PARTITIONS).steps(0, counter.state, log)
    effects = whole(steps, lambda: between.append(counter.state.is_between))
    assert between == [True] * (120 // 16 + 3), "after each sixteen changes, and of forty customers to be packed"
    assert not counter.state.is_between
    assert effects == Counter({}).judge(log)


def test_of_one_clock_the_lower_partition_goes_first() -> None:
    counter, clock = Counter({}), BEGAN
    for partition in (2, 0, 1):
        counter.take(change("customer/R1", 10 * partition, partition, 1, clock, comes=True, courier=partition + 1))
    (alert,) = counter.take(*ticks(clock))
    assert alert.label == label(20)
    assert counter.take(change("customer/R1", 1, 0, 2, clock, comes=True))[0].label == label(1), "at the clock: at once"


def test_a_partition_that_ticks_no_more_holds_up_so_much_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    counter = Counter({}, (), 5)
    counter.take(*ticks(BEGAN))
    alerts = []
    for number in range(1, 21):
        at = BEGAN + number * MINUTE
        alerts += counter.take(change("customer/R1", number, 1, number, at, comes=True, courier=1 + number % 3))
        counter.take(tick(1, at), tick(2, at))
        assert len(counter.state.held) == min(number, 5)
    assert [alert.label for alert in alerts] == [label(number) for number in range(3, 16)]
    assert [record.getMessage() for record in caplog.records] == [
        "holders[0]: over 5 changes wait for the time to pass in scans[0]; counting goes on without it"
    ]
    late = change("customer/R1", 40, 0, 1, BEGAN + MINUTE, comes=True)
    counter.take(late, *ticks(BEGAN + HOUR))
    assert len(live(counter)["customer/R1"].held) == 21, "late is late, and not lost"
    assert counter.state.position.clock == BEGAN + HOUR


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
    counter.take(came, left, came, *ticks(BEGAN + HOUR), another, came, *ticks(BEGAN + 4 * HOUR), came, left)
    assert set(live(counter)["customer/R1"].held) == {label(11)}
    assert len(counter.state.held) == 0


def test_what_is_not_ours_is_passed_over() -> None:
    counter = Counter({})
    assert counter.take(("", b"{"), b'{"type":"tick"', ("customer/R1", b"{}")) == []
    assert counter.state.position.upto == 2


def test_what_a_key_s_own_state_includes_is_not_taken_again() -> None:
    now = iter(range(BEGAN, BEGAN + HOUR, MINUTE))
    came, left = (change("vehicle/V2", 1, 0, offset, next(now), comes=offset == 1) for offset in (1, 2))
    another = change("vehicle/V2", 2, 0, 3, next(now), comes=True)
    log = as_records([came, left, another, *ticks(BEGAN + 5 * MINUTE), *ticks(BEGAN + HOUR)])
    cut_short = {key: packed for key, packed in Counter({}).judge(log[:6]).changelog() if key == b"vehicle/V2"}
    again = Counter(cut_short).judge(log)
    assert again.alerts == [], "there was never more than one"
    assert again.touched == {}
