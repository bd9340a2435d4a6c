"""Sheets: true millimetres, every label of a sheet read back once, cut marks where the cuts are, quiet zones kept."""

import resource
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.labels import link, make
from stream.labels.captions import ALL_CAPTIONS
from stream.labels.codes import LabelError, counted
from stream.labels.faces import ID_1, Face, Size, card_face, label_face
from stream.labels.outlines import outlines
from stream.labels.paper import write
from stream.labels.qr import LEAST_MM, MOST_MM, QUIET
from stream.labels.sheets import a4, pages, pair, roll
from tests.stream.label_pictures import of_pdf, of_svg, pages_mm, read, words_of

HOST = "id.pingliu.example"
LABELS = [make("690123456789", serial) for serial in counted("00A0", 24)]
LINKS = [link(label, HOST) for label in LABELS]


def faces(size: Size, dots: float = 8, labels: list[str] = LABELS) -> list[Face]:
    return [label_face(label, HOST, size, dots) for label in labels]


@pytest.mark.parametrize("kind", ["pdf", "svg"])
def test_every_label_of_two_sheets_is_read_back_once(tmp_path: Path, kind: str) -> None:
    sheet = a4(Size(60, 40))
    files = write(pages(faces(sheet.place), sheet), 2, tmp_path / f"labels.{kind}", "labels")
    if kind == "pdf":
        assert files == [tmp_path / "labels.pdf"] * 2
        seen = [read(page) for page in of_pdf(files[0], 150)]
    else:
        assert files == [tmp_path / "labels-1.svg", tmp_path / "labels-2.svg"]
        seen = [read(of_svg(file, 150)) for file in files]
    assert [len(page) for page in seen] == [21, 3]
    assert sorted(seen[0] + seen[1]) == sorted(LINKS)
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("size", [Size(60, 40), Size(40, 40), Size(50, 30), Size(100, 100), Size(30, 60)])
@pytest.mark.parametrize("dots", [8, 12, 24])
def test_a_roll_has_one_label_to_a_page_of_its_own_size(tmp_path: Path, size: Size, dots: float) -> None:
    file = tmp_path / "roll.pdf"
    write(pages(faces(size, dots, LABELS[:2]), roll(size)), 2, file, "labels")
    assert pages_mm(file) == [pytest.approx(size, abs=0.01)] * 2
    assert [read(page) for page in of_pdf(file)] == [[LINKS[0]], [LINKS[1]]]


def test_a_sheet_is_a4_and_its_labels_can_be_searched_for(tmp_path: Path) -> None:
    sheet = a4(Size(60, 40))
    write(pages(faces(sheet.place, labels=LABELS[:2]), sheet), 1, tmp_path / "a4.pdf", "labels")
    assert pages_mm(tmp_path / "a4.pdf") == [pytest.approx((210, 297), abs=0.01)]
    assert words_of(tmp_path / "a4.pdf")[0].split() == LABELS[:2]


def test_a_module_on_paper_has_the_size_that_was_told(tmp_path: Path) -> None:
    """Measured in the picture: the dark row of a finder pattern is 7 modules wide."""
    face = label_face(LABELS[0], HOST, Size(60, 40), 8)
    assert face.module == 0.75
    write(pages([face], roll(face.size)), 1, tmp_path / "one.pdf", "label")
    picture = np.asarray(of_pdf(tmp_path / "one.pdf", 25.4 * 40)[0])
    left, top = (round(40 * min(getattr(box, side) for box in face.boxes)) for side in "xy")
    row = picture[top + 4, left - 4 :] < 128
    edges = np.flatnonzero(np.diff(row.astype(int)))
    assert (edges[1] - edges[0]) / 40 == pytest.approx(7 * 0.75, abs=0.05)


@settings(max_examples=40, deadline=None)
@given(
    serial=st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=15),
    size=st.builds(Size, st.integers(25, 110), st.integers(25, 110)),
    dots=st.sampled_from([8, 11.8, 12, 24]),
    host=st.sampled_from([HOST, "q.cn", "a-very-long-name.of-some-office.example.org"]),
)
def test_quiet_zone_words_and_module_keep_their_bounds(serial: str, size: Size, dots: float, host: str) -> None:
    label = make("690123456789", serial)
    if min(size) < 46:  # so small, some do not fit, and say so
        try:
            face = label_face(label, host, size, dots)
        except LabelError:
            return
    else:
        face = label_face(label, host, size, dots)
    assert_sound(face, dots)


@given(
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64), st.sampled_from([6, 8, 12])
)
@settings(max_examples=40, deadline=None)
def test_every_id_that_is_taken_fits_on_a_card(customer: str, dots: float) -> None:
    assert_sound(card_face(customer, dots), dots)


def assert_sound(face: Face, dots: float) -> None:
    """GS1's bounds for a module, whole printer dots; nothing beyond the edge, and no word in the quiet zone."""
    assert LEAST_MM <= face.module <= MOST_MM
    assert face.module * dots == pytest.approx(round(face.module * dots))
    quiet = QUIET * face.module - 1e-6
    left, top = min(box.x for box in face.boxes) - quiet, min(box.y for box in face.boxes) - quiet
    right, bottom = (at + face.symbol.across * face.module - 2e-6 for at in (left, top))
    assert min(left, top) >= 0
    assert right <= face.size.width
    assert bottom <= face.size.height
    for text in face.texts:
        width = sum(outlines()[letter].advance for letter in text.words) / 1000 * text.size
        above, below = text.baseline - 0.9 * text.size, text.baseline + 0.2 * text.size
        assert text.x >= 0
        assert above >= 0
        assert below <= face.size.height
        assert text.x + width <= face.size.width
        beside = text.x >= right or text.x + width <= left
        assert beside or text.baseline - 0.75 * text.size >= bottom or below <= top
    for one, other in pairwise(sorted(face.texts, key=lambda text: text.baseline)):
        assert other.baseline - one.baseline >= 0.7 * other.size


def test_ten_cards_of_a_bank_cards_size_stand_on_a_sheet(tmp_path: Path) -> None:
    ids = [f"R-330212-{number:06}" for number in range(11)]
    sheet = a4(ID_1)
    assert (sheet.columns, sheet.rows, sheet.place) == (2, 5, (85.6, 53.98))
    write(pages((card_face(one, 8) for one in ids), sheet), 2, tmp_path / "cards.pdf", "cards")
    assert [read(page) for page in of_pdf(tmp_path / "cards.pdf", 150)] == [ids[:10], ids[10:]]


def test_a_card_shows_the_id_and_the_captions_and_nothing_else() -> None:
    words = {text.words for text in card_face("R-330212-000123", 8).texts}
    assert words - set(ALL_CAPTIONS) == {"R-330212-000123", "用户编号 Customer no."}


def test_cut_marks_stand_in_the_margins_in_line_with_every_cut() -> None:
    sheet = a4(Size(63.5, 38.1), (3, 7), Size(7.2, 15.1), Size(2.5, 0))
    upright = sorted({round(mark.x + mark.width / 2, 3) for mark in sheet.cut_marks() if mark.width < mark.height})
    level = sorted({round(mark.y + mark.height / 2, 3) for mark in sheet.cut_marks() if mark.width > mark.height})
    assert upright == [7.2, 70.7, 73.2, 136.7, 139.2, 202.7]
    assert level == pytest.approx([15.1 + row * 38.1 for row in range(8)])
    corners = [sheet.corner(place) for place in range(sheet.places)]
    for mark in sheet.cut_marks():
        for x, y in corners:
            assert mark.x + mark.width <= x or mark.x >= x + 63.5 or mark.y + mark.height <= y or mark.y >= y + 38.1
    assert a4(Size(60, 40), marks=False).cut_marks() == []


@pytest.mark.parametrize("size", [Size(60, 40), Size(40, 40), Size(68, 41), Size(200, 287), ID_1])
def test_without_a_grid_as_many_as_fit_stand_in_the_middle(size: Size) -> None:
    sheet = a4(size)
    last = sheet.corner(sheet.places - 1)
    assert sheet.left == pytest.approx(210 - last[0] - size.width)
    assert sheet.top == pytest.approx(297 - last[1] - size.height)
    assert min(sheet.left, sheet.top) >= 5
    assert sheet.left < 5 + size.width / 2
    assert sheet.top < 5 + size.height / 2


@pytest.mark.parametrize(
    ("size", "grid", "corner"),
    [(Size(220, 40), None, None), (Size(60, 40), (4, 7), None), (Size(60, 40), (3, 7), Size(40, 8))],
)
def test_what_does_not_fit_on_a4_is_refused(size: Size, grid: tuple[int, int] | None, corner: Size | None) -> None:
    with pytest.raises(LabelError, match="do not fit on A4"):
        a4(size, grid, corner)


@pytest.mark.parametrize("given", ["60", "60x", "x40", "60x40x2", "-60x40", "4x40", "sixtyxforty", "６０x40"])
def test_a_size_is_two_numbers(given: str) -> None:
    with pytest.raises(LabelError, match=f"--label {given}: wanted WIDTHxHEIGHT"):
        pair(given, "--label", least=5)
    assert pair("60x40", "--label") == pair("60×40mm", "--label") == (60, 40)


def test_a_label_too_small_says_how_large_it_must_be() -> None:
    with pytest.raises(LabelError, match=r"--label 20x20: too small .* about 27x34 mm"):
        label_face(LABELS[0], HOST, Size(20, 20), 8)
    assert label_face(LABELS[0], HOST, Size(27, 34), 8).module == 0.5


def test_a_folder_gets_a_file_for_each_code(tmp_path: Path) -> None:
    folder = tmp_path / "laser"
    files = write(pages(faces(Size(60, 40), labels=LABELS[:2]), roll(Size(60, 40))), 2, folder, "labels")
    files += write(pages([card_face("C/01?x", 8)], roll(ID_1)), 1, folder, "cards")
    assert [file.name for file in files] == [f"{LABELS[0]}.svg", f"{LABELS[1]}.svg", "C%2F01%3Fx.svg"]
    assert [read(of_svg(file)) for file in files] == [[LINKS[0]], [LINKS[1]], ["C/01?x"]]


def test_a_pdf_that_cannot_be_finished_leaves_what_was_there(tmp_path: Path) -> None:
    """The disk is full: here, a file may grow to 4,000 bytes only."""
    sheet, out = a4(Size(60, 40)), tmp_path / "labels.pdf"
    out.write_text("the sheets of yesterday")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write(pages(faces(sheet.place), sheet), 2, out, "labels")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["the sheets of yesterday"]


def test_every_letter_looks_the_same_in_pdf_and_svg(tmp_path: Path) -> None:
    """Two renderers, two ways of drawing a letter: what is left between them are the edges."""
    ascii_letters = "".join(map(chr, range(0x21, 0x7F)))
    for number, words in enumerate((ascii_letters[:47], ascii_letters[47:])):
        face = card_face(words, 8)
        for kind in ("pdf", "svg"):
            write(pages([face], roll(ID_1)), 1, tmp_path / f"{number}.{kind}", "card")
        one, other = of_pdf(tmp_path / f"{number}.pdf", 254)[0], of_svg(tmp_path / f"{number}.svg", 254)
        size = min(one.width, other.width), min(one.height, other.height)
        left, right = (np.asarray(picture.crop((0, 0, *size)), dtype=int) for picture in (one, other))
        apart = np.abs(left - right)
        blocks = (
            apart[: size[1] // 4 * 4, : size[0] // 4 * 4].reshape(size[1] // 4, 4, size[0] // 4, 4).mean(axis=(1, 3))
        )
        assert blocks.max() < 128


def test_the_same_labels_make_the_same_file(tmp_path: Path) -> None:
    sheet = a4(Size(60, 40))
    for name in ("one.pdf", "other.pdf"):
        write(pages(faces(sheet.place, labels=LABELS[:3]), sheet), 1, tmp_path / name, "labels")
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "other.pdf").read_bytes()
