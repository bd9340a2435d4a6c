"""The letters of labels and cards, cut from two fonts into `outlines.json`: no sheet depends on a machine's fonts.

`python -m stream.labels.cut_outlines JetBrainsMono-Bold.ttf NotoSansCJK-Bold.ttc` (needs fontTools); again when a
caption gets a new letter. The cut letters stay under the fonts' licence, SIL OFL 1.1: `outlines-licence.txt`.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fontTools.pens.basePen import BasePen  # it ships no types
from fontTools.pens.svgPathPen import SVGPathPen  # as above
from fontTools.ttLib import TTCollection, TTFont  # as above

from stream.labels.captions import ALL_CAPTIONS
from stream.labels.outlines import FILE, UNITS

ASCII = "".join(map(chr, range(0x20, 0x7F)))  # a font whose zero is marked: a code is read aloud and typed
CHINESE_FACE = "Noto Sans Mono CJK SC"


class _Pen(SVGPathPen):  # type: ignore[misc] # as above
    """Writes TrueType's quadratic curves as the cubic ones that PDF has."""

    _qCurveToOne = BasePen._qCurveToOne  # noqa: N815 - the base class names it


def cut(font: Any, letters: Iterable[str]) -> dict[str, list[object]]:
    """Of each letter: its advance in thousandths of an em, and its outline as an SVG path, y upwards."""
    if font["head"].unitsPerEm != UNITS:
        raise ValueError(f"a font of {UNITS} units an em wanted")
    glyphs, names = font.getGlyphSet(), font.getBestCmap()
    outlines: dict[str, list[object]] = {}
    for letter in letters:
        glyph = glyphs[names[ord(letter)]]
        pen = _Pen(glyphs, ntos=lambda number: str(round(number)))
        glyph.draw(pen)
        outlines[letter] = [round(glyph.width), pen.getCommands()]
    return outlines


def main(ascii_font: Path, chinese_fonts: Path) -> None:
    """Write the file anew."""
    (chinese,) = [one for one in TTCollection(chinese_fonts).fonts if one["name"].getDebugName(1) == CHINESE_FACE]
    rest = sorted(set("".join(ALL_CAPTIONS)) - set(ASCII))
    outlines = cut(TTFont(ascii_font), ASCII) | cut(chinese, rest)
    FILE.write_text(json.dumps(outlines, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
