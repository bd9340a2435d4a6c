"""A moment at rest is the same moment, wherever it lies."""

from hypothesis import example, given
from hypothesis import strategies as st

from processors.cylinder import Move
from processors.origins import Origin
from processors.packed_values import long, moment_of, since, span

YEAR = 365 * 86_400_000_000
spans = st.integers(-100 * YEAR, 100 * YEAR)
instants = st.integers(0, 100 * YEAR)


@given(spans)
@example(1)
@example(-1)
@example(1_000)
def test_how_long(microseconds: int) -> None:
    assert long(span(microseconds)) == microseconds


@given(instants, st.lists(instants, max_size=3), instants)
@example(5, [], 4_005)
@example(4_005, [], 5)
@example(4_005, [], 6)
@example(5, [5, 5], 5)
@example(5, [4, 5, 6], 5_000)
def test_a_moment_from_before_the_window_or_after_it_began(at: int, moved: list[int], began: int) -> None:
    moves = [Move("receive", moment, Origin("D")) for moment in moved]
    kept = since(at, moves, began)
    assert moment_of(kept, moves, began) == at
    assert (isinstance(kept, int) and kept < 0) == (at in moved)
