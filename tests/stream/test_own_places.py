"""Which places of the log are the gateway's own, against a set of all of them."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from stream.gateway.own import OwnPlaces, Place

PLACE, ELSEWHERE, UNREAD = ("scans", 1), ("scans", 2), ("scans.rejected", 1)
READ = [PLACE, ELSEWHERE]


def stand(offsets: Sequence[int], place: Place = PLACE) -> list[tuple[Place, int]]:
    return [(place, offset) for offset in offsets]


@given(st.lists(st.integers(0, 30), unique=True), st.integers(1, 8), st.integers(0, 30), st.booleans())
def test_it_knows_its_own_and_the_next_that_may_be_anothers(
    own: list[int], size: int, start: int, at_once: bool
) -> None:
    batches = [own[at : at + size] for at in range(0, len(own), size)]
    reading, leaping = OwnPlaces(), OwnPlaces()
    for places in (reading, leaping):
        for batch in batches:
            places.add(stand(batch))
            assert at_once or places.learn(READ) == len(batch)
        places.add(stand([7], ELSEWHERE))
        assert places.learn(READ) == 1 + at_once * len(own)
        assert places.learn(READ) == 0
    assert [offset for offset in range(start, 33) if reading.is_own(PLACE, offset)] == sorted(
        offset for offset in own if offset >= start
    )
    assert leaping.after(PLACE, start) == next(offset for offset in range(start, 33) if offset not in own)
    assert (leaping.after(ELSEWHERE, 7), leaping.is_own(ELSEWHERE, 8)) == (8, False)


def test_what_comes_later_joins_what_is_known() -> None:
    places = OwnPlaces()
    for offsets in ([4, 5], [0, 1], [2, 3], [9]):
        places.add(stand(offsets))
        places.learn(READ)
    assert places._runs == {PLACE: [(0, 6), (9, 10)]}
    assert places.after(PLACE, 0) == 6
    assert places._runs == {PLACE: [(9, 10)]}, "what was passed over is forgotten"


def test_of_a_partition_without_any_all_may_be_anothers() -> None:
    assert (OwnPlaces().after(PLACE, 5), OwnPlaces().is_own(PLACE, 5)) == (5, False)


def test_nothing_is_kept_of_a_partition_that_nobody_reads() -> None:
    places = OwnPlaces()
    places.add([*stand([5], UNREAD), *stand([6])])
    assert places.learn(READ) == 1
    assert places._runs == {PLACE: [(6, 7)]}
