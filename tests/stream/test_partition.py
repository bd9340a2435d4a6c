"""A partition's state comes back from its changelog as it was: keys, position, clock, and what rings when."""

import msgspec
import pytest
from msgspec.structs import replace

from processors.holder import Change, HolderPacking, encode_change
from processors.ledger import Ledger, current
from processors.packed import LedgerPacking
from processors.times import HOUR
from stream.tables.partition import POSITION, Partition, Position
from tests.stream.crashing import Worker, kept, records
from tests.stream.scans import bind, label, scan


def worker() -> Worker:
    """Two cylinders; an alert waits at the second, and a code nobody bound is remembered for a while."""
    found = Worker({})
    found.take(
        records([bind(1, on=1), bind(2, on=2), scan(3, "fill", on=2, net_kg=14.5), scan(4, "incident", kind="leak")])
    )
    return found


def test_what_was_live_is_live_again() -> None:
    before = worker()
    after: Partition[Ledger] = Partition.restored(kept(before.changelog), LedgerPacking())
    assert set(after) == {label(0), label(1), label(2)}
    for name in after:
        one, other = after.get(name), before.state.get(name)
        assert one is not None
        assert other is not None
        assert current(one) == current(other)
        one.open()
        other.open()
        assert replace(one, now=None) == replace(other, now=None)
    assert after.position == before.state.position
    assert after.position.upto == 3
    assert after.position.clock > 0


def test_what_waited_rings_at_its_moment() -> None:
    before = worker()
    after: Partition[Ledger] = Partition.restored(kept(before.changelog), LedgerPacking())
    first, second = sorted(
        (state.alarm, key) for key in before.state if (state := before.state.get(key)) and state.alarm
    )
    assert [key for _, key in (first, second)] == [label(2), label(0)]
    assert [[key for key, _ in after.past(clock)] for clock in (first[0], first[0] + 1)] == [[], [label(2)]]
    assert [key for key, _ in after.past(second[0] + 1)] == [label(0)]


def test_nothing_kept_is_a_beginning() -> None:
    empty: Partition[Ledger] = Partition.restored({}, LedgerPacking())
    assert (len(empty), list(empty), empty.position) == (0, [], Position())


def test_the_clock_of_the_second_key_comes_back_with_all_it_is_made_of() -> None:
    before: Partition[Ledger] = Partition(LedgerPacking())
    before.position = Position(upto=7, clock=3, ticks={0: 3, 11: 5}, taken={0: (40, 1)}, since=6)
    after = Partition.restored({POSITION: before.packed_position()}, HolderPacking())
    assert after.position == before.position


def test_a_position_of_before_changes_were_held_back_is_read() -> None:
    packed = b"\x01" + msgspec.msgpack.encode([7, 3, {0: 3, 11: 5}, {0: 40}])
    after = Partition.restored({POSITION: packed}, HolderPacking())
    assert after.position == Position(upto=7, clock=3, ticks={0: 3, 11: 5}, taken={0: (40, -1)}, since=8)
    for offset in (39, 40):
        after.held.hear(8, b"customer/C", encode_change(Change(label="L", offset=offset, clock=3, holds=False)))
    assert len(after.held) == 1, "that arrival may have told another"


@pytest.mark.parametrize("key", [POSITION, label(1).encode()])
def test_a_record_of_another_version_is_refused(key: bytes) -> None:
    changelog = kept(worker().changelog)
    changelog[key] = b"\xff" + changelog[key][1:]
    with pytest.raises(ValueError, match="format"):
        Partition.restored(changelog, LedgerPacking())


def ringing(key: str, alarm: int, state: Partition[Ledger]) -> None:
    """Let the moment of a key be another."""
    known = state.get(key) or Ledger()
    before, known.alarm = known.alarm, alarm
    state.keep(key, known, before)


def test_a_moment_that_moved_counts_before_it_is_packed() -> None:
    state: Partition[Ledger] = Partition(LedgerPacking())
    ringing("a", 7 * HOUR, state)
    state.put_away(["a"])
    ringing("a", 5 * HOUR, state)
    assert [key for key, _ in state.past(5 * HOUR + 1)] == ["a"]
    assert state.past(8 * HOUR) == [], (
        "it has rung, whatever is packed still, and is left in the list of the hour of before"
    )
    ringing("a", 9 * HOUR, state)
    state.put_away(["a"])
    ringing("a", 0, state)
    assert state.past(10 * HOUR) == []


def test_what_is_packed_says_its_moment_itself() -> None:
    state: Partition[Ledger] = Partition(LedgerPacking())
    for number in range(100):
        ringing(label(number), HOUR + number, state)
        state.put_away([label(number)])
    assert not state._rung, "nothing is kept of it beside"
    state.live.clear()
    assert [key for key, _ in state.past(2 * HOUR)] == [label(number) for number in range(100)]


def test_to_wake_many_is_to_get_each() -> None:
    before = worker()
    changelog = kept(before.changelog)
    one, other = (Partition.restored(changelog, LedgerPacking()) for _ in range(2))
    names = [label(2), label(7), label(0), label(2)]
    one.wake(names)
    assert list(one.live) == [label(2), label(0)]
    assert {name: other.get(name) for name in names if other.get(name)}.keys() == one.live.keys()
    assert (
        one.put_away([label(0)])[1]
        == other.put_away([label(0)])[1]
        == {label(0).encode(): changelog[label(0).encode()]}
    )
