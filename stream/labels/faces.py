"""What one label and one card look like: where the QR code and the words stand, in millimetres."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from processors.labels import link
from stream.labels.captions import CARD, CUSTOMER, SCAN, SHOW
from stream.labels.codes import LabelError
from stream.labels.outlines import CAPITAL, ems
from stream.labels.qr import LEAST_MM, QUIET, Box, Symbol, module_mm, symbol


class Size(NamedTuple):
    """Millimetres."""

    width: float
    height: float

    def __str__(self) -> str:
        return f"{self.width:g}x{self.height:g}"


class Text(NamedTuple):
    """Words from `x` on; `size` is the em, mm, y downwards to the baseline."""

    words: str
    x: float
    baseline: float
    size: float


@dataclass(frozen=True)
class Face:
    """What is printed on one label or card: `code` is what a person reads, `content` what the QR code holds."""

    code: str
    content: str
    size: Size
    module: float
    symbol: Symbol
    boxes: list[Box]
    texts: list[Text]


ID_1 = Size(85.6, 53.98)  # ISO/IEC 7810, a bank card
_EDGE = 1.0  # kept free at a label's edges: a cut is not exact, and steel beside the quiet zone is dark
_CARD_EDGE = 5.0
_WORDS_EDGE = 1.8  # between words and the edge on their right
_SMALLEST = 1.8  # em of the smallest words, 5 points
_READABLE = 2.6  # em of a customer id, before it is broken into more lines
_LINE = 1.3  # from baseline to baseline, in ems
_CARD_QR = 34.0  # quiet zone included


def label_face(label: str, host: str, size: Size, dots_per_mm: float) -> Face:
    """A label: the link as QR code, beside or above the code in words, whichever leaves it larger. Raises LabelError."""
    content = link(label, host)
    code = symbol(content)
    ways = [way for way in (_beside(label, code, size, dots_per_mm), *_above(label, code, size, dots_per_mm)) if way]
    if not ways:
        least = math.ceil(code.across * math.ceil(LEAST_MM * dots_per_mm) / dots_per_mm + 2 * _EDGE)
        raise LabelError(
            f"--label {size}: too small for {content}: at {dots_per_mm:g} dots a mm its QR code and the words want about "
            f"{least}x{least + 7} mm; take a larger --label, a shorter --host or a finer --dots"
        )
    module, left, top, texts = max(ways, key=lambda way: way[0])
    return Face(label, content, size, module, code, code.boxes(left, top, module), texts)


_Way = tuple[float, float, float, list[Text]]  # module, left and top of the quiet zone, words


def _beside(label: str, code: Symbol, size: Size, dots: float) -> _Way | None:
    module = module_mm(code.across, min(size.height - 2 * _EDGE, size.width * 0.62), dots)
    if module is None:
        return None
    side = code.across * module
    column = size.width - side - _EDGE - _WORDS_EDGE
    lines = [(SCAN.zh, 4.0), (SCAN.en, 2.4), (label[:14], 3.0), (label[14:], 5.0)]
    sized = [(words, min(most, column / ems(words))) for words, most in lines]
    height = sum(em * _LINE for _, em in sized)
    if min(em for _, em in sized) < _SMALLEST or height > size.height - 2 * _EDGE:
        return None
    top = _on_dot((size.height - side) / 2, dots)
    return module, _EDGE, top, list(_stacked(sized, _EDGE + side, (size.height - height) / 2))


def _above(label: str, code: Symbol, size: Size, dots: float) -> Iterator[_Way]:
    """The code beneath the symbol; with a caption, and without."""
    width = size.width - 2 * _WORDS_EDGE
    words = f"{label[:14]} {label[14:]}"
    em = min(3.6, width / ems(words))
    caption = f"{SCAN.zh} {SCAN.en}"
    for lines in ([(words, em), (caption, min(2.4, width / ems(caption)))], [(words, em)]):
        height = sum(em * _LINE for _, em in lines)
        module = module_mm(code.across, min(size.width - 2 * _EDGE, size.height - 2 * _EDGE - height), dots)
        if module is None or min(em for _, em in lines) < _SMALLEST:
            continue
        side = code.across * module
        top = _on_dot((size.height - side - height) / 2, dots)
        texts = [
            Text(line, (size.width - ems(line) * em) / 2, baseline, em)
            for line, _, baseline, em in _stacked(lines, 0, top + side)
        ]
        yield module, _on_dot((size.width - side) / 2, dots), top, texts


def card_face(customer: str, dots_per_mm: float) -> Face:
    """A user card: the bare customer id (`checked_ids`) as QR code and in words, nothing else of a person."""
    code = symbol(customer)
    module = module_mm(code.across, _CARD_QR, dots_per_mm)
    if module is None:
        raise LabelError(
            f"--dots {dots_per_mm:g}: no whole number of dots makes a module for {customer}; take a finer one"
        )
    side = code.across * module
    title = list(_stacked([(CARD.zh, 6.0), (CARD.en, 3.2)], _CARD_EDGE, _CARD_EDGE - 1.4))
    quiet = QUIET * module  # lies in the card's edge, which is white, so that the dark modules stand under the title
    left = _on_dot(_CARD_EDGE - quiet, dots_per_mm)
    top = _on_dot(ID_1.height - _CARD_EDGE - side + quiet, dots_per_mm)
    column = max(left + side, _CARD_QR) + 1
    width = ID_1.width - _CARD_EDGE - column
    words = [(CUSTOMER.zh + " " + CUSTOMER.en, 2.8), *_broken(customer, width)]
    show = [(SHOW.zh, 2.8), (SHOW.en, 2.8)]
    height = sum(em * _LINE for _, em in show)
    texts = [*title, *_stacked(words, column, 19.0), *_stacked(show, column, ID_1.height - _CARD_EDGE - height + 0.7)]
    return Face(customer, customer, ID_1, module, code, code.boxes(left, top, module), texts)


def _broken(words: str, width: float) -> list[tuple[str, float]]:
    """Words in as few lines as keep them readable."""
    for count in range(1, 5):
        length = math.ceil(len(words) / count)
        lines = [words[at : at + length] for at in range(0, len(words), length)]
        em = min(6.0, width / ems(lines[0]))
        if em >= _READABLE:
            break
    return [(line, em) for line in lines]


def _stacked(lines: list[tuple[str, float]], x: float, top: float) -> Iterator[Text]:
    for words, em in lines:
        yield Text(words, x, top + em * (_LINE + CAPITAL) / 2, em)
        top += em * _LINE


def _on_dot(at: float, dots: float) -> float:
    """Moved up and left to a printer dot, so that modules are not smeared over two."""
    return math.floor(at * dots) / dots
