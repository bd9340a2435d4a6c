"""A label on steel: scratched, worn, tilted, curved, faded; a decoder that shares no code with us gets the link back."""

import pytest
from PIL import Image

from stream.labels.faces import Face, Size, label_face
from stream.labels.paper import write
from stream.labels.sheets import pages, roll
from tests.stream.label_pictures import blotted, curved, faded, of_pdf, of_svg, read, scratched, tilted

LABEL = "0690123456789200047A2Y"
HOST = "id.pingliu.example"
LINK = [f"https://{HOST}/8003/{LABEL}"]
DOTS = 10  # of the picture, a millimetre

Printed = tuple[Face, Image.Image]


@pytest.fixture(scope="module", params=["pdf", "svg"])
def printed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Printed:
    """A label of 60 x 40 mm as it is printed on a printer of 203 dpi, and its picture."""
    face = label_face(LABEL, HOST, Size(60, 40), 8)
    file = tmp_path_factory.mktemp("label") / f"label.{request.param}"
    write(pages([face], roll(face.size)), 1, file, "a label")
    dpi = round(25.4 * DOTS)
    return face, of_pdf(file, dpi)[0] if request.param == "pdf" else of_svg(file, dpi)


def symbol_box(face: Face) -> tuple[float, float, float]:
    """Left, top and side of the symbol without its quiet zone, in pixels."""
    left, top = (min(getattr(box, side) for box in face.boxes) for side in "xy")
    return left * DOTS, top * DOTS, face.symbol.modules * face.module * DOTS


def corners(face: Face) -> list[tuple[float, float, float, float]]:
    """The three finder patterns. A stroke through one defeats any error correction; then the words have to do."""
    left, top, side = symbol_box(face)
    finder = 7 * face.module * DOTS
    at = (left, top), (left + side - finder, top), (left, top + side - finder)
    return [(x, y, x + finder, y + finder) for x, y in at]


def test_a_fresh_label_gives_its_link(printed: Printed) -> None:
    assert read(printed[1]) == LINK


@pytest.mark.parametrize("seed", range(10))
def test_sixteen_scratches_through_the_data_do_no_harm(printed: Printed, seed: int) -> None:
    """0.4 mm wide, from edge to edge. With error correction Q a third of these are lost, with L nearly all."""
    face, picture = printed
    assert read(scratched(picture, seed, 16, 0.4 * DOTS, corners(face))) == LINK


@pytest.mark.parametrize("x", [0.45, 0.55, 0.65])
@pytest.mark.parametrize("y", [0.45, 0.55, 0.65])
def test_a_twelfth_of_the_symbol_may_be_gone_in_one_place(printed: Printed, x: float, y: float) -> None:
    """With error correction M none of these is read."""
    face, picture = printed
    left, top, side = symbol_box(face)
    centre = (left + x * side) / picture.width, (top + y * side) / picture.height
    assert read(blotted(picture, centre, side * side / 12 / (picture.width * picture.height))) == LINK


@pytest.mark.parametrize("yaw", [0, 30, -45, 60])
@pytest.mark.parametrize("turn", [0, 33, 90, 170])
def test_it_is_read_from_the_side_and_however_turned(printed: Printed, yaw: float, turn: float) -> None:
    assert read(tilted(printed[1], yaw, turn)) == LINK


@pytest.mark.parametrize("radius_mm", [157, 90])
def test_it_is_read_from_the_body_of_a_cylinder_and_from_its_collar(printed: Printed, radius_mm: float) -> None:
    face, picture = printed
    assert read(curved(picture, radius_mm / face.size.width)) == LINK


@pytest.mark.parametrize(("dark", "light", "noise", "blur"), [(60, 200, 5, 1), (90, 160, 6, 2), (100, 140, 8, 2)])
def test_it_is_read_faded_blurred_and_in_bad_light(
    printed: Printed, dark: float, light: float, noise: float, blur: float
) -> None:
    assert read(faded(printed[1], dark, light, noise, blur)) == LINK


@pytest.mark.parametrize("seed", range(5))
def test_all_at_once(printed: Printed, seed: int) -> None:
    """Eight scratches, a collar, seen from 30 degrees, faded and noisy."""
    face, picture = printed
    worn = scratched(picture, seed, 8, 0.4 * DOTS, corners(face))
    seen = tilted(curved(worn, 90 / face.size.width), 30, 20)
    assert read(faded(seen, 70, 180, 5, 1, seed)) == LINK
