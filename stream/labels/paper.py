"""Pages written as PDF, or as SVG: one file a page, or one a label. Every length in the file is a true millimetre.

A PDF appears whole or not at all. Words are drawn as outlines; in a PDF the code stands invisibly beside them, so that a
sheet can be searched for it.
"""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from stream.labels.codes import LabelError
from stream.labels.faces import Face, Text
from stream.labels.outlines import UNITS, outlines, steps
from stream.labels.qr import Box
from stream.labels.sheets import Page


def write(pages: Iterable[Page], count: int, out: Path, title: str) -> list[Path]:
    """Write `count` pages to `NAME.pdf`, `NAME.svg` (more than one: NAME-1.svg …) or a folder; the file of each page."""
    suffix = out.suffix.lower()
    if suffix not in {".pdf", ".svg", ""}:
        raise LabelError(f"--out {out}: the name ends in .pdf or .svg, or is a folder for an SVG file each")
    (out if suffix == "" else out.parent).mkdir(parents=True, exist_ok=True)
    if suffix == ".pdf":
        write_pdf(pages, out, title)
        return [out] * count
    files = []
    for number, page in enumerate(pages, 1):
        if suffix == "":
            file = out / f"{quote(page.faces[0][2].code, safe='')}.svg"
        else:
            file = out if count == 1 else out.with_name(f"{out.stem}-{number:0{len(str(count))}}{out.suffix}")
        file.write_text(svg(page), encoding="utf-8")
        files.append(file)
    return files


def write_pdf(pages: Iterable[Page], out: Path, title: str) -> None:
    """One PDF file; a reader that heeds it prints in true size (`PrintScaling`)."""
    unfinished = out.with_name(out.name + ".part")
    try:
        unfinished.write_bytes(_as_pdf(pages, title))
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)


def _as_pdf(pages: Iterable[Page], title: str) -> bytes:
    written = BytesIO()
    canvas = Canvas(written, pageCompression=1, invariant=1)
    canvas.setTitle(title)
    canvas.setCreator("Pingliu")
    canvas.setViewerPreference("PrintScaling", "None")
    drawn: set[str] = set()
    for page in pages:
        canvas.setPageSize((page.paper.width * mm, page.paper.height * mm))
        letters = _letters(page) - drawn
        for letter in sorted(letters):
            _define(canvas, letter)
        drawn |= letters
        _fill(canvas, page.marks, 0, 0, page.paper.height)
        for x, y, face in page.faces:
            _draw(canvas, face, x, y, page.paper.height)
        canvas.showPage()
    canvas.save()
    return written.getvalue()


def _letters(page: Page) -> set[str]:
    return {letter for _, _, face in page.faces for text in face.texts for letter in text.words} - {" "}


def _define(canvas: Canvas, letter: str) -> None:
    """A letter's outline once in the file, as a form of one em."""
    canvas.beginForm(_name(letter), 0, -UNITS, 2 * UNITS, 2 * UNITS)
    path = canvas.beginPath()
    for command, points in steps(outlines()[letter].path):
        if command == "M":
            path.moveTo(*points)
        elif command == "L":
            path.lineTo(*points)
        elif command == "C":
            path.curveTo(*points)
        else:
            path.close()
    canvas.drawPath(path, stroke=0, fill=1, fillMode=1)
    canvas.endForm()


def _draw(canvas: Canvas, face: Face, x: float, y: float, height: float) -> None:
    _fill(canvas, face.boxes, x, y, height)
    for text in face.texts:
        at = x + text.x
        for letter in text.words:
            if letter != " ":
                canvas.saveState()
                scale = text.size * mm / UNITS
                canvas.transform(scale, 0, 0, scale, at * mm, (height - y - text.baseline) * mm)
                canvas.doForm(_name(letter))
                canvas.restoreState()
            at += outlines()[letter].advance / UNITS * text.size
    hidden = canvas.beginText(x * mm, (height - y - face.size.height) * mm)
    hidden.setFont("Helvetica", 6)
    hidden.setTextRenderMode(3)
    hidden.textLine(face.code)
    canvas.drawText(hidden)


def _fill(canvas: Canvas, boxes: Iterable[Box], x: float, y: float, height: float) -> None:
    """All in one path: no seams between the rows of a symbol."""
    path = canvas.beginPath()
    for box in boxes:
        path.rect((x + box.x) * mm, (height - y - box.y - box.height) * mm, box.width * mm, box.height * mm)
    canvas.drawPath(path, stroke=0, fill=1, fillMode=1)


def svg(page: Page) -> str:
    """A page as SVG; its user unit is a millimetre."""
    width, height = page.paper
    letters = sorted(_letters(page))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{width:g}mm" height="{height:g}mm" viewBox="0 0 {width:g} {height:g}">',
        "<defs>",
        *(f'<path id="{_name(letter)}" d="{outlines()[letter].path}"/>' for letter in letters),
        "</defs>",
        f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>',
        _path(page.marks),
    ]
    for x, y, face in page.faces:
        lines.append(f'<g transform="translate({x:g} {y:g})"><title>{escape(face.code)}</title>')
        lines.append(_path(face.boxes))
        lines += map(_uses, face.texts)
        lines.append("</g>")
    return "\n".join([*filter(None, lines), "</svg>\n"])


def _path(boxes: list[Box]) -> str:
    drawn = "".join(f"M{x:.6g} {y:.6g}h{width:.6g}v{height:.6g}h-{width:.6g}z" for x, y, width, height in boxes)
    return f'<path d="{drawn}"/>' if drawn else ""


def _uses(text: Text) -> str:
    uses, at, scale = [], text.x, text.size / UNITS
    for letter in text.words:
        if letter != " ":
            placed = f"translate({at:.6g} {text.baseline:.6g}) scale({scale:.6g} -{scale:.6g})"
            uses.append(f'<use xlink:href="#{_name(letter)}" transform="{placed}"/>')
        at += outlines()[letter].advance * scale
    return "".join(uses)


def _name(letter: str) -> str:
    return f"u{ord(letter):04x}"
