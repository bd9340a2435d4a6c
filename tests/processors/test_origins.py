"""What repeats is numbered: by whom, how far, and that whoever reads the records goes on where they end."""

from collections.abc import Iterable

import pytest

from processors import origins
from processors.origins import Numbered


def numbered(*values: str) -> Numbered[str]:
    words = Numbered(b"@word/", str)
    for value in values:
        words.number(value)
    return words


def test_a_value_has_one_number_and_is_to_be_kept_once() -> None:
    words = numbered("a", "b", "a")
    assert (words.number("b"), len(words), words.of(0)) == (1, 2, "a")
    assert [key for key, _ in words.fresh()] == [b"@word/0", b"@word/1"]
    words.number("c")
    assert [key for key, _ in words.fresh()] == [b"@word/2"]
    assert words.fresh() == []


def test_no_more_are_numbered_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    assert origins.NUMBERED_AT_MOST == 262_144
    monkeypatch.setattr(origins, "NUMBERED_AT_MOST", 2)
    words = numbered("a", "b")
    assert (words.number("c"), words.number("b"), len(words), len(words.fresh())) == ("c", 1, 2, 2)


def learnt(records: Iterable[tuple[bytes, bytes]]) -> Numbered[str]:
    words = Numbered(b"@word/", str)
    words.learn(dict(records))
    return words


def test_who_learns_the_records_goes_on_where_they_end() -> None:
    kept = numbered(*(str(number) for number in range(12))).fresh()
    words = learnt(reversed(kept))
    assert (words.of(11), words.number("11"), words.fresh()) == ("11", 11, [])
    words.number("new")
    assert [key for key, _ in words.fresh()] == [b"@word/12"]


def test_a_record_that_is_missing_is_found_out() -> None:
    with pytest.raises(ValueError, match="of 2 records @word/ some are missing"):
        learnt(numbered("a", "b", "c").fresh()[1:])
    with pytest.raises(ValueError, match="str 3 of 3"):
        numbered("a", "b", "c").of(3)


def test_records_of_others_are_left_alone() -> None:
    records = {**dict(numbered("a").fresh()), b"@origin/0": b"", b"LABEL": b""}
    Numbered(b"@word/", str).learn(records)
    assert list(records) == [b"@origin/0", b"LABEL"]
