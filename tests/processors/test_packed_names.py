"""Names at rest: what repeats is a number, and whatever a scan_id is, it comes back."""

import pytest

from processors.packed_names import Names

COUNTED = [
    ("D1-0042", "D1", ("D1-", 42, 4)),
    ("D1-000000000000042", "D1", ("D1-", 42, 15)),
    ("D1-7", "D1", ("D1-", 7, 1)),
    ("station-1-0042", "a station-1", ("station-1-", 42, 4)),
    ("D1-X0042", "D1-", ("D1-X", 42, 4)),
    ("00000042", "D1", ("", 42, 8)),
]


@pytest.mark.parametrize(("scan_id", "device", "parts"), COUNTED)
def test_of_one_that_counts_the_beginning_is_kept_once(scan_id: str, device: str, parts: tuple[str, int, int]) -> None:
    names = Names()
    number, *rest = names.scan_id(scan_id, device)
    assert (names.words.of(number), *rest) == parts
    assert names.scan_id_of((number, *rest)) == scan_id
    assert len(names.fresh()) == 1


@pytest.mark.parametrize("scan_id", ["D1-0000000000000042", "D1-forty-two", "D1-42x", "other-0042", "D1--0042"])
def test_any_other_is_kept_as_it_is(scan_id: str) -> None:
    names = Names()
    assert names.scan_id(scan_id, "D1") == scan_id
    assert names.scan_id_of(scan_id) == scan_id
    assert names.fresh() == []


def test_all_that_is_known_is_learnt_again() -> None:
    names, again = Names(), Names()
    number = names.words.number("a word")
    assert dict(names.known()) == dict(names.fresh())
    again.learn(dict(names.known()))
    assert again.words.of(number) == "a word"
    assert again.words.number("a word") == number
