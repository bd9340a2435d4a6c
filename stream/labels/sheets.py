"""Where labels and cards stand on their paper: an A4 sheet with cut marks, or one to a page from a roll."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from stream.labels.codes import LabelError
from stream.labels.faces import Face, Size
from stream.labels.qr import Box

A4 = Size(210, 297)
NO_GAP = Size(0, 0)
_UNPRINTABLE = 5.0  # mm at the edges that an office printer may leave white
_MARK, _MARK_GAP, _HAIRLINE = 4.0, 1.0, 0.1  # mm: a cut mark's length, how far from the labels it ends, how thick it is
_PAIR = re.compile(r"([0-9]+(?:\.[0-9]+)?)[x×*]([0-9]+(?:\.[0-9]+)?)", re.ASCII)


@dataclass(frozen=True)
class Sheet:
    """A page of `rows` times `columns` places, mm; the first at `left`, `top`, the others `gap` apart."""

    paper: Size
    place: Size
    columns: int = 1
    rows: int = 1
    left: float = 0
    top: float = 0
    gap: Size = NO_GAP
    marks: bool = False

    @property
    def places(self) -> int:
        return self.columns * self.rows

    def corner(self, place: int) -> tuple[float, float]:
        """The upper left corner of a place, row by row from the upper left."""
        row, column = divmod(place, self.columns)
        return (
            self.left + column * (self.place.width + self.gap.width),
            self.top + row * (self.place.height + self.gap.height),
        )

    def cut_marks(self) -> list[Box]:
        """Thin lines in the margins where each cut runs; none where they are not wanted."""
        if not self.marks:
            return []
        right, bottom = (at + side for at, side in zip(self.corner(self.places - 1), self.place, strict=True))
        across = sorted({x + side for x, _ in map(self.corner, range(self.columns)) for side in (0, self.place.width)})
        corners = [self.corner(row * self.columns) for row in range(self.rows)]
        down = sorted({y + side for _, y in corners for side in (0, self.place.height)})
        above_and_below = self.top - _MARK_GAP - _MARK, bottom + _MARK_GAP
        beside = self.left - _MARK_GAP - _MARK, right + _MARK_GAP
        return [
            *(Box(x - _HAIRLINE / 2, y, _HAIRLINE, _MARK) for x in across for y in above_and_below),
            *(Box(x, y - _HAIRLINE / 2, _MARK, _HAIRLINE) for y in down for x in beside),
        ]


@dataclass(frozen=True)
class Page:
    """A page and what stands on it, each face with its upper left corner."""

    paper: Size
    faces: list[tuple[float, float, Face]]
    marks: list[Box]


def pages(faces: Iterable[Face], sheet: Sheet) -> Iterator[Page]:
    """The faces, page by page."""
    rest, marks = iter(faces), sheet.cut_marks()
    while on_page := list(islice(rest, sheet.places)):
        yield Page(sheet.paper, [(*sheet.corner(place), face) for place, face in enumerate(on_page)], marks)


def roll(size: Size) -> Sheet:
    """One to a page of its own size."""
    return Sheet(size, size)


def a4(
    size: Size,
    grid: tuple[int, int] | None = None,
    corner: Size | None = None,
    gap: Size = NO_GAP,
    *,
    marks: bool = True,
) -> Sheet:
    """As many as fit, or `grid` columns and rows; in the middle, or from `corner` on (sheets that come cut).

    Raises LabelError.
    """
    free = A4.width - 2 * _UNPRINTABLE, A4.height - 2 * _UNPRINTABLE
    fit = [
        int((space + between) / (side + between) + 1e-9) for space, side, between in zip(free, size, gap, strict=True)
    ]
    columns, rows = grid or fit
    taken = [
        count * side + (count - 1) * between for count, side, between in zip((columns, rows), size, gap, strict=True)
    ]
    left, top = corner or ((whole - part) / 2 for whole, part in zip(A4, taken, strict=True))
    if (
        min(columns, rows) < 1
        or left + taken[0] > A4.width + 1e-9
        or top + taken[1] > A4.height + 1e-9
        or min(left, top) < 0
    ):
        asked = f"{columns} columns and {rows} rows of {size} mm"
        raise LabelError(f"--grid, --margin, --gap: {asked} do not fit on A4 (210x297 mm); take fewer or smaller ones")
    return Sheet(A4, size, columns, rows, left, top, gap, marks=marks)


def pair(given: str, option: str, least: float = 0) -> Size:
    """Two numbers such as `60x40`, of at least so many. Raises LabelError."""
    match = _PAIR.fullmatch(given.strip().removesuffix("mm").strip())
    if not match or min(float(match[1]), float(match[2])) < least:
        raise LabelError(f"{option} {given}: wanted WIDTHxHEIGHT such as 60x40, in mm, of at least {least:g}")
    return Size(float(match[1]), float(match[2]))
