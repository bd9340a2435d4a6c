"""When to look at what again, against a table that is searched from end to end each time."""

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.alarms import Alarms, Frozen
from processors.times import HOUR

KEYS = ["a", "b", "c"]
moments = st.integers(0, 4 * HOUR) | st.sampled_from([0, 1, HOUR - 1, HOUR, HOUR + 1, 2 * HOUR])
steps = st.lists(st.tuples(st.sampled_from([*KEYS, ""]), moments), max_size=25)


class Watched:
    """Alarms with the table they are to agree with; how often each key was asked for its moment."""

    def __init__(self) -> None:
        self.moments = dict.fromkeys(KEYS, 0)
        self.asked: list[str] = []
        self.alarms = Alarms(self.moment_of)

    def moment_of(self, key: str) -> int:
        self.asked.append(key)
        return self.moments[key]

    def begin(self, moments: dict[str, int]) -> None:
        """With so many at once."""
        later: dict[int, list[str]] = {}
        for key, moment in moments.items():
            if moment:
                later.setdefault(moment // HOUR, []).append(key)
        self.moments |= moments
        self.alarms.thaw(Frozen(later, 0, [], -1))

    def move(self, key: str, now: int) -> None:
        before, self.moments[key] = self.moments[key], now
        self.alarms.moved(key, before, now)


@given(steps)
@settings(max_examples=300, deadline=None)
def test_it_finds_what_a_search_of_all_finds(steps: list[tuple[str, int]]) -> None:
    watched, clock = Watched(), 0
    for key, moment in steps:
        if key:
            watched.move(key, moment)
            continue
        clock = max(clock, moment)
        due = sorted((at, one) for one, at in watched.moments.items() if 0 < at < clock)
        assert watched.alarms.is_past(clock) or not due
        assert watched.alarms.past(clock) == [one for _, one in due]
        assert not watched.alarms.is_past(clock), "what was given is gone, and the hour has come"
        for _, one in due:
            watched.move(one, 0)


@given(
    st.lists(st.tuples(st.sampled_from([*KEYS, ""]), moments), max_size=10),
    st.lists(moments, min_size=3, max_size=3),
    steps,
)
@settings(max_examples=300, deadline=None)
def test_begun_with_many_and_frozen_and_thawed_it_finds_the_same(
    before: list[tuple[str, int]], at_first: list[int], steps: list[tuple[str, int]]
) -> None:
    """A restart: from what is kept, or from alarms that were written down in the middle."""
    watched, then = Watched(), 0
    watched.begin(dict(zip(KEYS, at_first, strict=True)))
    for key, moment in before:
        if key:
            watched.move(key, moment)
        else:
            then = max(then, moment)
            for one in watched.alarms.past(then):
                watched.move(one, 0)
    frozen, kept = watched.alarms.frozen(), watched.moments.copy()
    again = Watched()
    again.moments = kept
    again.alarms.thaw(frozen)
    for key, moment in steps:
        for one in (watched, again):
            if key:
                one.move(key, moment)
        if key:
            continue
        then = max(then, moment)
        due = sorted((at, one) for one, at in watched.moments.items() if 0 < at < then)
        for alarms in (watched, again):
            assert alarms.alarms.is_past(then) or not due
            assert alarms.alarms.past(then) == [one for _, one in due]
            for _, one in due:
                alarms.move(one, 0)


def test_what_is_frozen_stays_as_it_was() -> None:
    watched = Watched()
    watched.begin({"a": 5, "b": HOUR + 5})
    watched.alarms.past(0)
    watched.move("a", 7)
    frozen = watched.alarms.frozen()
    watched.move("c", 3 * HOUR)
    watched.move("c", HOUR + 7)
    watched.move("c", 9)
    watched.alarms.past(5 * HOUR)
    again = Watched()
    again.moments |= {"a": 7, "b": HOUR + 5}
    again.alarms.thaw(frozen)
    assert again.alarms.past(5 * HOUR) == ["a", "b"]


def test_begun_with_many_it_knows_how_many_wait() -> None:
    """Else half of them would be taken for moved on, and all looked at again."""
    watched = Watched()
    moments = {str(number): (5 + number % 2) * HOUR for number in range(3_000)}
    watched.begin(moments)
    thawed = Watched()
    thawed.moments |= moments
    thawed.alarms.thaw(watched.alarms.frozen())
    for one in (watched, thawed):
        for number in range(1_400):
            one.move(str(number), 7 * HOUR)
        assert one.asked == [], "of 4,400 places 1,400 say nothing"


def test_what_had_moved_on_is_still_known_once_thawed() -> None:
    watched = Watched()
    for hour in range(1, 1_000):
        watched.move("a", hour * HOUR)
    again = Watched()
    again.moments["a"] = 999 * HOUR
    again.alarms.thaw(watched.alarms.frozen())
    for hour in range(1_000, 1_010):
        again.move("a", hour * HOUR)
    assert again.asked != [], "a thousand places of one key are given back"


def test_the_moment_itself_is_not_past() -> None:
    watched = Watched()
    watched.move("a", 2 * HOUR)
    assert watched.alarms.past(2 * HOUR) == []
    assert watched.alarms.past(2 * HOUR + 1) == ["a"]
    assert watched.alarms.past(9 * HOUR) == [], "not again until it moved"


def test_what_moved_on_does_not_pile_up() -> None:
    watched = Watched()
    watched.alarms.past(HOUR)
    watched.move("b", 20_000 * HOUR)
    for hour in range(2, 20_000):
        watched.move("a", hour * HOUR)
    watched.asked.clear()
    assert watched.alarms.past(19_999 * HOUR + 1) == ["a"]
    assert len(watched.asked) < 2_100, "of 20,000 places most were given back"
    assert watched.alarms.past(20_000 * HOUR + 1) == ["b"]


def test_a_moment_that_stays_costs_nothing() -> None:
    watched = Watched()
    watched.alarms.past(HOUR)
    watched.move("a", HOUR + 5)
    for _ in range(5):
        watched.move("a", HOUR + 5)
    assert watched.alarms.past(HOUR + 6) == ["a"]
    assert watched.asked == ["a"]


def test_two_of_an_hour_are_given_in_order_of_their_moments_and_names() -> None:
    watched = Watched()
    for key, moment in (("c", 7), ("b", 5), ("a", 7)):
        watched.move(key, HOUR + moment)
    assert watched.alarms.past(HOUR + 8) == ["b", "a", "c"]


def test_few_that_moved_on_are_left_where_they_stood() -> None:
    watched = Watched()
    for number in range(3_000):
        watched.moments[str(number)] = 0
        watched.move(str(number), 5 * HOUR)
    for number in range(1_400):
        watched.move(str(number), 6 * HOUR)
    assert watched.asked == [], "of 4,400 places 1,400 say nothing"
    for _ in range(100):
        watched.move("a", 7 * HOUR)
        watched.move("a", 8 * HOUR)
    watched.move("b", 7 * HOUR)
    assert watched.asked == []


def test_few_moves_of_one_alone_are_left_where_they_stood() -> None:
    watched = Watched()
    for hour in range(1, 1_000):
        watched.move("a", hour * HOUR)
    assert watched.asked == []


def test_what_moves_within_the_hour_that_runs_leaves_no_place_behind() -> None:
    watched = Watched()
    watched.alarms.past(HOUR)
    watched.move("b", 9 * HOUR)
    for moment in range(1, 1_500):
        watched.move("a", HOUR + moment)
    assert watched.asked == []


def test_what_waited_in_hours_gone_by_lets_nothing_pile_up() -> None:
    watched = Watched()
    for number in range(5_000):
        watched.moments[str(number)] = 0
        watched.move(str(number), HOUR)
    assert len(watched.alarms.past(2 * HOUR)) == 5_000
    for hour in range(3, 3_500):
        watched.move("a", hour * HOUR)
    watched.asked.clear()
    assert watched.alarms.past(3_500 * HOUR) == ["a"]
    assert len(watched.asked) < 2_100


def test_begun_with_many_half_that_moved_on_are_tidied_away() -> None:
    watched = Watched()
    watched.begin({str(number): 5 * HOUR for number in range(2_000)})
    for number in range(1_000):
        watched.move(str(number), 0)
    assert watched.asked == [], "1,000 of 2,000 are no more than the others"
    watched.move("1000", 0)
    assert len(watched.asked) == 2_000
