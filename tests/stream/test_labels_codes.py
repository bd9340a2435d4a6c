"""Which labels are asked for, and what is wrong with a code; the checks beside those of python-stdnum."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean
from stdnum.iso7064 import mod_37_36

from processors.labels import ALPHABET, bare, check_character, check_digit, is_ours, link, make
from stream.labels import codes
from stream.labels.check import explain
from stream.labels.codes import LabelError
from tests.stream.scans import scan

GOOD = "0690123456789200047A2Y"
bodies = st.text(ALPHABET, min_size=1, max_size=15)
types = st.text("0123456789", min_size=12, max_size=12)


@given(types, bodies)
def test_both_checks_are_those_of_another_library(asset_type: str, body: str) -> None:
    assert check_digit(asset_type) == ean.calc_check_digit(asset_type)
    assert check_character(body) == mod_37_36.calc_check_digit(body)
    label = make(asset_type, body)
    assert ean.is_valid(label[1:14])
    assert mod_37_36.is_valid(label[14:])


def test_a_list_may_hold_serials_and_ranges() -> None:
    assert codes.listed("7A2, 7A3,0001-0003,00Y-011") == [
        "7A2",
        "7A3",
        "0001",
        "0002",
        "0003",
        "00Y",
        "00Z",
        "010",
        "011",
    ]


def test_digits_are_counted_in_tens_and_letters_by_36() -> None:
    assert codes.counted("0008", 3) == ["0008", "0009", "0010"]
    assert codes.counted("A8", 3) == ["A8", "A9", "AA"]
    assert codes.counted("ZY", 2) == ["ZY", "ZZ"]


@given(bodies.filter(lambda body: not body.isdigit()), st.integers(1, 50))
def test_a_run_has_no_serial_twice_and_keeps_its_length(first: str, count: int) -> None:
    left = 36 ** len(first) - int(first, 36)
    if count > left:
        with pytest.raises(LabelError, match=f"only {left} serials"):
            codes.counted(first, count)
        return
    run = codes.counted(first, count)
    assert run[0] == first
    assert [int(one, 36) - int(first, 36) for one in run] == list(range(count))
    assert {len(one) for one in run} == {len(first)}


def test_a_file_holds_lists_and_remarks(tmp_path: Path) -> None:
    file = tmp_path / "serials.txt"
    file.write_text("\ufeff# spring 2027\n7A2,7A3\n\n0001-0002\n", encoding="utf-8")
    assert codes.in_file(file) == ["7A2", "7A3", "0001", "0002"]
    file.write_text("7A2\n7a3\n")
    with pytest.raises(LabelError, match=r"serials.txt:2: 7a3: capital letters wanted: 7A3"):
        codes.in_file(file)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("7a2", "7a2: capital letters wanted: 7A2"),
        ("7A_2", "'7A_2': a serial is 1 to 15 of 0-9 A-Z"),
        ("A" * 16, "16 characters; 15 fit, the 16th is the check character"),
        ("1-500", "1-500: both ends must have the same length"),
        ("0005-0001", "runs backwards; write 0001-0005"),
        ("0001-", "'': a serial is 1 to 15"),
        ("0000000-9999999", "10000000 labels; at most 100000 in one run"),
        ("7A2,7A3,7A2", "7A2 twice"),
        ("0001-0003,0003", "0003 twice"),
    ],
)
def test_a_serial_that_does_not_fit_is_named_with_the_option(given: str, told: str) -> None:
    with pytest.raises(LabelError) as refusal:
        codes.listed(given)
    assert str(refusal.value).startswith("--serials: ")
    assert told in str(refusal.value)


def test_lists_together_are_bounded_too() -> None:
    with pytest.raises(LabelError, match="at most 100000"):
        codes.listed("00000-60000,A0000-A0000,000000-050000")


def test_a_type_with_its_check_digit_is_told_apart() -> None:
    assert codes.checked_type("690123456789") == "690123456789"
    for with_digit in ("6901234567892", "06901234567892"):
        with pytest.raises(LabelError, match=r"give the 12 digits 690123456789$"):
            codes.checked_type(with_digit)
    for wrong in ("69012345678", "6901234567893", "69012345678A", "６９０１２３４５６７８９"):
        with pytest.raises(LabelError, match="12 digits wanted"):
            codes.checked_type(wrong)


def test_a_host_makes_a_link_that_reads_back() -> None:
    for host in ("id.example.org", "id.example.org:8443", "example.org/gas"):
        assert codes.checked_host(host) == host
        assert bare(link(GOOD, host)) == GOOD
    for wrong in ("https://id.example.org", "", "a b", "x?y", "气瓶.cn", "x/8003/y", "x/", "x:y", "x..y"):
        with pytest.raises(LabelError, match=r"--host .*: wanted a name"):
            codes.checked_host(wrong)


def test_whole_labels_are_printed_again_and_wrong_ones_named() -> None:
    assert codes.whole([GOOD, f"https://x/8003/{scan(1)['label']}"]) == [GOOD, scan(1)["label"]]
    with pytest.raises(LabelError) as refusal:
        codes.whole([GOOD, GOOD[:-1] + "Z", "JZ-2011-0471"])
    told = str(refusal.value).splitlines()
    assert len(told) == 3
    assert "check character: Z found, Y expected" in told[0]
    assert told[1].startswith("JZ-2011-0471: not a label")


def test_ids_of_a_card_are_plain() -> None:
    assert codes.checked_ids(["C001", "R-330212/7"], "--ids") == ["C001", "R-330212/7"]
    for wrong in ("", "a b", "客户1", "x" * 65, "é"):
        with pytest.raises(LabelError, match="1 to 64 letters, digits and signs of ASCII"):
            codes.checked_ids(["C001", wrong], "--ids")


@given(types, bodies)
def test_a_right_label_is_good_bare_and_as_a_link(asset_type: str, body: str) -> None:
    label = make(asset_type, body)
    for code in (label, f"https://id.example.org/8003/{label}"):
        report = explain(code, "id.example.org")
        assert (report.good, report.kind, report.code, report.notes) == (True, "label", label, [])
        assert {finding.what for finding in report.findings} >= {
            "length",
            "first digit",
            "check digit",
            "check character",
        }


@given(types, bodies, st.data())
def test_a_wrong_character_is_never_good(asset_type: str, body: str, data: st.DataObject) -> None:
    label = make(asset_type, body)
    place = data.draw(st.integers(1, len(label) - 1))
    other = data.draw(st.sampled_from(ALPHABET.replace(label[place], "")))
    report = explain(label[:place] + other + label[place + 1 :])
    assert not report.good
    assert not report.maybe or all(is_ours(maybe) for maybe in report.maybe)


def faults(code: str) -> dict[str, tuple[str | None, str | None]]:
    return {one.what: (one.expected, one.found) for one in explain(code).findings if not one.good}


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        (GOOD[:-1] + "Z", {"check character": ("Y", "Z")}),
        (GOOD[:13] + "3" + GOOD[14:], {"check digit": ("2", "3")}),
        ("1" + GOOD[1:], {"first digit": ("0", "1")}),
        (GOOD[:15], {"length": ("16-30", "15")}),
        (GOOD[:14] + "A" * 17, {"length": ("16-30", "31"), "serial": (None, None), "check character": ("Z", "A")}),
        (GOOD.lower(), {"characters": (None, None)}),
        (GOOD[:14] + " " + GOOD[14:], {"characters": (None, None)}),
        (GOOD.replace("0123", "O123"), {"type": (None, None)}),
        (f"https://x/8003/{GOOD[:-1]}Z", {"check character": ("Y", "Z")}),
        (f"https://x/01/{GOOD}", {"link": (None, None)}),
        ("a_b", {"shape": (None, None)}),
        ("", {"shape": (None, None)}),
    ],
)
def test_what_is_wrong_is_told_with_what_was_expected(
    code: str, wrong: dict[str, tuple[str | None, str | None]]
) -> None:
    told = faults(code)
    assert told.keys() == wrong.keys()
    assert {what: pair for what, pair in told.items() if pair[0]} == {
        what: pair for what, pair in wrong.items() if pair[0]
    }


@pytest.mark.parametrize(
    "slip",
    [
        GOOD.lower(),
        f"{GOOD[:14]} {GOOD[14:]}",
        f"(8003){GOOD}",
        GOOD.replace("0123", "O123"),
        GOOD.replace("00047A2Y", "OO047A2Y").replace("OO", "0O"),
        GOOD.replace("7A2", "A72"),
        GOOD.replace("A2Y", "AZY"),
    ],
)
def test_a_slip_of_the_pen_is_guessed(slip: str) -> None:
    report = explain(slip)
    assert not report.good
    assert GOOD in report.maybe


def test_a_legacy_code_is_good_as_far_as_can_be_seen() -> None:
    report = explain("JZ-2011-0471")
    assert (report.kind, report.good) == ("legacy", True)
    assert "named it as alias" in report.notes[0]
    assert "begin with 0, not with 3" in explain("33020012345678901234").notes[1]


def test_a_link_to_another_host_is_noted() -> None:
    assert explain(f"https://id.example.org/8003/{GOOD}", "ID.example.org/gas").notes == []
    assert "who printed it?" in explain(f"https://evil.example/8003/{GOOD}", "id.example.org").notes[0]
