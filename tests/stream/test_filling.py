"""A changelog taken in by the batch comes to what it comes to by the record, whatever keys look like."""

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.packing import alarm_of, sealed
from processors.times import HOUR
from stream.tables.filling import Filling
from stream.tables.packed import room_for
from tests.stream.scans import label

SAME_CRC = ["plumless", "buckeroo"]  # as keys of one length their checksums are the same too
KEYS = [
    *(label(on) for on in range(4)), label(1) + "0", label(1)[:14], label(1)[:13], *SAME_CRC, "customer/甬城燃气0001",
    "customer/甬城燃气0002", "customer/C0000001", "customer/C0000002", "customer/C01",
    *("A" * 13 + chr(48 + n) + "BC" for n in range(3)),
]  # fmt: skip
Records = list[tuple[str, bytes | None]]

values = st.none() | st.builds(
    sealed, st.just(b"\x04"), st.sampled_from([0, 1, HOUR, -1]) | st.integers(-(2**40), 2**62)
)
batches = st.lists(st.lists(st.tuples(st.sampled_from(KEYS), values), min_size=1, max_size=30), max_size=6)


def filled(log: list[Records], at_once: int = 250) -> tuple[dict[str, bytes], dict[str, int], Filling]:
    """By key the state, and the hour for which it waits where it is not left to those put in later."""
    filling = Filling(at_once=at_once)
    for batch in log:
        filling.add([key.encode() for key, _ in batch], [value for _, value in batch])
    store, alarms = filling.end()
    hours = {store.key_at(slot): hour for hour, slots in alarms.later.items() for slot in slots}
    assert len(hours) == sum(map(len, alarms.later.values()))
    for key, value in filling.later.items():
        if value is None:
            store.remove(key)
        else:
            store.put(key, value)
    assert len(store) == len(list(store))
    return {key: store.get(key) or b"" for key in store}, hours, filling


@given(batches, st.integers(1, 100))
@settings(max_examples=500, deadline=None)
def test_the_latest_of_each_key_is_there_and_no_other(log: list[Records], at_once: int) -> None:
    latest = {key: value for batch in log for key, value in batch}
    wanted = {key: value for key, value in latest.items() if value is not None}
    found, hours, filling = filled(log, at_once)
    assert found == wanted
    alarms = {key: alarm_of(value) for key, value in wanted.items() if key not in filling.later}
    assert {key: hour for key, hour in hours.items() if key not in filling.later} == {
        key: alarm // HOUR for key, alarm in alarms.items() if alarm
    }


def test_more_beginnings_than_have_numbers_and_more_keys_than_were_expected() -> None:
    keys = [f"{number:014d}{number % 7}" for number in range(3_000)]
    log: list[Records] = [
        [(key, sealed(b"\x04", int(key) * HOUR)) for key in keys[first : first + 100]] for first in range(0, 3_000, 100)
    ]
    many = [f"customer/甬{number:04d}" for number in range(100)]  # their beginnings are met before there are too many
    met: Records = [(key, sealed(b"\x04", 1)) for key in many]
    met += [(f"A{number:013d}甬", sealed(b"\x04", 1)) for number in range(50)]
    shorter: Records = [(key[:-1] + "0", sealed(b"\x04", 1)) for key, _ in met[100:]]
    _, _, filling = filled([met, *log, met, shorter, shorter])
    assert not filling.later, "a key has one head, whenever it is met"
    found, hours, filling = filled([*log, *log])
    assert found == {key: sealed(b"\x04", int(key) * HOUR) for key in keys}
    assert hours == {key: int(key) for key in keys if int(key)}
    assert not filling.later


def test_keys_of_one_checksum_stay_two() -> None:
    one, other = (sealed(b"\x04", alarm) for alarm in (1, 2))
    found, _, filling = filled([[(SAME_CRC[0], one)], [(SAME_CRC[1], other)]])
    assert found == {SAME_CRC[0]: one, SAME_CRC[1]: other}
    assert list(filling.later) == [SAME_CRC[1]]


def test_the_index_is_no_larger_than_the_keys_want_it() -> None:
    """A changelog has more records than keys, and only their number is known beforehand."""
    filling = Filling(100_000)
    filling.add([key.encode() for key in KEYS], [sealed(b"\x04", 0)] * len(KEYS))
    assert len(filling.end()[0].frozen().index) == room_for(len(KEYS))
