"""Labels: both checks, links, and what a slip of the pen does to a serial."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors import labels
from tests.oracle import labels as independent

OURS = "0690123456789200047A2Y"
GS1 = "012345678901284ABC"
serials = st.text(alphabet=independent.ALPHABET, min_size=1, max_size=15)


def test_the_known_label_is_right_in_both_checks():
    assert labels.is_ours(OURS)
    assert labels.check_digit("690123456789") == "2"
    assert labels.check_character("00047A2") == "Y"
    assert labels.make("690123456789", "00047A2") == OURS


def test_the_gs1_vector_has_the_right_digit_and_is_not_ours():
    assert labels.check_digit("123456789012") == "8"
    assert GS1 == "0123456789012" + "8" + "4ABC"
    assert labels.has_label_shape(GS1)
    assert not labels.is_ours(GS1)


@pytest.mark.parametrize("body", ["07", "A12425GABC1234002"])
def test_check_character_of_iso_7064(body):
    """A12425GABC1234002M is a published GRid. 07 by hand: 36 * 2 - 37 = 35, (35 + 7 - 36) * 2 = 12, 1 - 12 + 36 = 25 = P."""
    assert labels.check_character(body) == {"07": "P", "A12425GABC1234002": "M"}[body]


@given(st.text(alphabet="0123456789", min_size=12, max_size=12), serials)
def test_a_made_label_is_the_independent_one_and_holds(asset_type, serial):
    label = labels.make(asset_type, serial)
    assert label == independent.make(asset_type, serial)
    assert labels.is_ours(label)
    assert labels.has_label_shape(label)


@given(serials)
def test_every_single_substitution_is_caught(serial):
    label = independent.make("690123456789", serial)
    for place in range(14, len(label)):
        for other in independent.ALPHABET.replace(label[place], ""):
            assert not labels.is_ours(label[:place] + other + label[place + 1 :])


@given(serials)
def test_an_adjacent_transposition_is_caught_unless_of_neighbours(serial):
    """MOD 37,36 misses one transposition in 630: of two neighbours in the alphabet, in one state of 36."""
    label = independent.make("690123456789", serial)
    for place in range(14, len(label) - 1):
        one, other = label[place], label[place + 1]
        swapped = label[:place] + other + one + label[place + 2 :]
        apart = abs(independent.ALPHABET.index(one) - independent.ALPHABET.index(other))
        assert swapped == label or apart in {1, 35} or not labels.is_ours(swapped)


def test_most_transpositions_of_neighbours_are_caught():
    missed = [
        pair
        for first, pair in itertools.product(independent.ALPHABET, itertools.pairwise(independent.ALPHABET))
        if labels.check_character(first + "".join(pair)) == labels.check_character(first + "".join(pair[::-1]))
    ]
    assert len(missed) == 35, "of 36 * 35"


def test_every_wrong_digit_of_the_type_is_caught():
    for place, other in itertools.product(range(1, 14), "0123456789"):
        changed = OURS[:place] + other + OURS[place + 1 :]
        assert labels.is_ours(changed) == (changed == OURS)


@pytest.mark.parametrize(
    ("label", "shaped"),
    [
        ("0" + "1" * 13 + "AA", True),
        ("0" + "1" * 13 + "A" * 16, True),
        ("0" + "1" * 13 + "A", False),
        ("0" + "1" * 13 + "A" * 17, False),
        ("1" + "1" * 13 + "AA", False),
        ("0" + "1" * 13 + "aa", False),
        ("0" + "1" * 12 + "AAA", False),
        ("0" + "1" * 13 + "AA\n", False),
        ("0" + "1" * 12 + "٣" + "AA", False),
        ("0" + "1" * 13 + "ÄÄ", False),
        ("", False),
    ],
)
def test_shape(label, shaped):
    assert bool(labels.has_label_shape(label)) is shaped


@pytest.mark.parametrize("host", ["gas.example.org", "gas.example.org:8081", "x"])
def test_a_link_means_its_label(host):
    assert labels.bare(f"https://{host}/8003/{OURS}") == OURS


def test_the_label_itself_is_bare():
    assert labels.bare(OURS) == OURS
    assert labels.bare("JZ-2011-0471") == "JZ-2011-0471"


def test_a_printed_link_reads_back():
    link = labels.link(OURS, "gas.example.org")
    assert link == f"https://gas.example.org/8003/{OURS}"
    assert labels.bare(link) == OURS


@pytest.mark.parametrize(
    "link",
    [
        "http://x/8003/{}",
        "HTTPS://X/8003/{}",
        "https://x/8003/{}/",
        "https://x/a/b/8003/{}?q=1&r=2",
        "https://x/8003/{}#top",
        "https://x/8003/{}/?q=1",
    ],
)
def test_a_link_may_be_written_in_these_ways(link):
    assert labels.bare(link.format(OURS)) == OURS


@pytest.mark.parametrize(
    "code",
    [
        "ftp://x/8003/{}",
        "https://x/8004/{}",
        "https://x/{}",
        "https:///8003/{}",
        "https://x/8003/{}/more",
        " https://x/8003/{}",
    ],
)
def test_anything_else_is_left_as_it_is(code):
    assert labels.bare(code.format(OURS)) == code.format(OURS)


@pytest.mark.parametrize("asset_type", ["69012345678", "6901234567890", "69012345678A", "６９０１２３４５６７８９"])
def test_an_asset_type_of_another_shape_makes_no_label(asset_type):
    with pytest.raises(ValueError, match="asset type: 12 digits wanted"):
        labels.make(asset_type, "A1")


@pytest.mark.parametrize("serial", ["", "A" * 16, "a1", "A-1"])
def test_a_serial_of_another_shape_makes_no_label(serial):
    with pytest.raises(ValueError, match="serial: 1 to 15"):
        labels.make("690123456789", serial)


@pytest.mark.parametrize("serial", ["A", "A" * 15])
def test_the_shortest_and_the_longest_serial_make_one(serial):
    assert labels.is_ours(labels.make("690123456789", serial))


def test_the_check_character_itself_is_checked_and_not_the_one_before_it():
    assert not labels.is_ours(OURS[:-1] + "Z")
    assert not labels.is_ours(OURS[:13] + "3" + OURS[14:])


@pytest.mark.parametrize(
    ("code", "may_enter"), [("abc", False), ("abcd", True), ("A-" * 20, True), ("A" * 41, False), ("a_bc", False)]
)
def test_a_legacy_code_has_4_to_40_characters(code, may_enter):
    assert labels.is_code(code) is may_enter
    assert not labels.is_ours(code)
