"""QR symbols for steel: error correction H (30 % of the codewords may be lost), and modules a printer can print.

Module size: 0.396 to 0.990 mm, as GS1 wants a QR code with a Digital Link (General Specifications 5.12.3, symbol
specification table 1, addendum 2); above the 0.380 mm of table 9, GRAI. Quiet zone: 4 modules (ISO/IEC 18004).
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import segno

QUIET = 4
LEAST_MM, MOST_MM = 0.396, 0.990
ERROR_CORRECTION = "H"


class Box(NamedTuple):
    """A black rectangle: its upper left corner and its size, mm, y downwards."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Symbol:
    """A QR code in modules; `runs` are (column, row, length) of dark modules side by side, without the quiet zone."""

    version: int
    modules: int
    runs: tuple[tuple[int, int, int], ...]

    @property
    def across(self) -> int:
        """Modules from edge to edge, quiet zone included."""
        return self.modules + 2 * QUIET

    def boxes(self, left: float, top: float, module: float) -> list[Box]:
        """The dark modules, with the outer edge of the quiet zone at `left`, `top`."""
        return [
            Box(left + (column + QUIET) * module, top + (row + QUIET) * module, length * module, module)
            for column, row, length in self.runs
        ]


def symbol(content: str) -> Symbol:
    """The QR code of a text. Raises segno.DataOverflowError beyond 1,273 bytes."""
    code = segno.make_qr(content, error=ERROR_CORRECTION, boost_error=False)
    runs = []
    for row, modules in enumerate(code.matrix):
        start = None
        for column, dark in enumerate((*modules, 0)):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                runs.append((start, row, column - start))
                start = None
    return Symbol(int(code.version), len(code.matrix), tuple(runs))


def module_mm(across: int, space: float, dots_per_mm: float) -> float | None:
    """The largest module of whole printer dots with which so many fit into `space` mm; None below the least allowed."""
    dots = math.floor(min(space / across, MOST_MM) * dots_per_mm + 1e-9)
    module = dots / dots_per_mm
    return module if module >= LEAST_MM else None
