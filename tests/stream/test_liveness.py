"""For how long a partition has stood still, and what does not count."""

from faust.types import TP

from stream.liveness import Pulse, Standstill

SCANS, OTHER = ("scans", 0), ("scans", 1)


def test_a_partition_that_is_behind_and_does_not_move_stands_still() -> None:
    look = Standstill().look
    assert look({SCANS: 5, OTHER: 9}, {SCANS: 8, OTHER: 9}, 2.0) == {SCANS: 0.0}
    assert look({SCANS: 5, OTHER: 9}, {SCANS: 9, OTHER: 9}, 2.0) == {SCANS: 2.0}
    assert look({SCANS: 5, OTHER: 9}, {SCANS: 9, OTHER: 10}, 2.0) == {SCANS: 4.0, OTHER: 0.0}
    assert look({SCANS: 6, OTHER: 9}, {SCANS: 9, OTHER: 10}, 2.0) == {SCANS: 0.0, OTHER: 2.0}


def test_while_the_broker_does_not_answer_nobody_stands_still() -> None:
    look = Standstill().look
    assert look({SCANS: 5}, {SCANS: 8}, 2.0) == {SCANS: 0.0}
    assert look({SCANS: 5}, {}, 2.0) == {}
    assert look({SCANS: 5}, {SCANS: 8}, 2.0) == {SCANS: 0.0}


def test_what_is_watched_follows_the_consumer() -> None:
    pulse = Pulse()
    assert pulse.watched == {}
    pulse.expect()
    assert pulse.watched == {("", 0): 0}, "partitions came, and it is to begin"
    pulse.rest()
    pulse.begin({TP("scans", 0): 3})
    assert pulse.watched == {}, "while state is restored Faust may seek: that is no beginning"
    pulse.expect()
    pulse.begin({TP("scans", 0): None})
    assert pulse.watched == {SCANS: 0}
    pulse.commit({TP("scans", 0): 7})
    assert pulse.watched == {SCANS: 7}
    assert pulse.age < 60
