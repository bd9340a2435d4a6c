"""Printed sheets as a camera sees them: rendered, then worn; read by a decoder that shares no code with the printing."""

import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pypdfium2
import resvg_py
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

MM_PER_INCH = 25.4


def of_pdf(file: Path, dpi: float = 200) -> list[Image.Image]:
    with pypdfium2.PdfDocument(file) as document:
        return [page.render(scale=dpi / 72).to_pil().convert("L") for page in document]


def of_svg(file: Path, dpi: int = 200) -> Image.Image:
    drawn = resvg_py.svg_to_bytes(svg_string=file.read_text(encoding="utf-8"), dpi=dpi)
    return Image.open(io.BytesIO(bytes(drawn))).convert("L")


def pages_mm(file: Path) -> list[tuple[float, float]]:
    """Width and height of each page, as the PDF itself says."""
    with pypdfium2.PdfDocument(file) as document:
        return [tuple(side / 72 * MM_PER_INCH for side in page.get_size()) for page in document]


def words_of(file: Path) -> list[str]:
    """What can be searched for, page by page."""
    with pypdfium2.PdfDocument(file) as document:
        return [page.get_textpage().get_text_range() for page in document]


def read(picture: Image.Image) -> list[str]:
    """Every QR code in a picture, sorted."""
    found = zxingcpp.read_barcodes(np.asarray(picture), formats=zxingcpp.BarcodeFormat.QRCode)
    return sorted(code.text for code in found)


def scratched(
    picture: Image.Image,
    seed: int,
    strokes: int,
    width: float,
    spared: Sequence[tuple[float, float, float, float]] = (),
) -> Image.Image:
    """Bare steel (grey) and grime (dark) in strokes over the whole, none through what is spared; all in pixels."""
    random, worn = np.random.default_rng(seed), picture.copy()
    draw, done = ImageDraw.Draw(worn), 0
    while done < strokes:
        ends = random.uniform(-0.1, 1.1, (2, 2)) * worn.size
        along = ends[0] + np.linspace(0, 1, 500)[:, None] * (ends[1] - ends[0])
        if any(_within(along, box, width).any() for box in spared):
            continue
        draw.line([tuple(end) for end in ends], fill=190 if done % 2 else 40, width=round(width))
        done += 1
    return worn


def _within(points: np.ndarray, box: tuple[float, float, float, float], more: float) -> np.ndarray:
    left, top, right, bottom = box
    x, y = points.T
    return (left - more < x) & (x < right + more) & (top - more < y) & (y < bottom + more)


def blotted(picture: Image.Image, centre: tuple[float, float], share: float) -> Image.Image:
    """A patch of bare steel: a disc of so great a share of the picture's area, its centre in parts of the sides."""
    worn, radius = picture.copy(), math.sqrt(share * picture.width * picture.height / math.pi)
    x, y = centre[0] * worn.width, centre[1] * worn.height
    ImageDraw.Draw(worn).ellipse((x - radius, y - radius, x + radius, y + radius), fill=200)
    return worn


def tilted(picture: Image.Image, yaw: float, turn: float) -> Image.Image:
    """Seen from the side by `yaw` degrees, from 3 widths away, and turned by `turn` degrees in its plane."""
    width, height = picture.size
    angle, away = math.radians(yaw), 3.0 * width
    corners = [(-width / 2, -height / 2), (width / 2, -height / 2), (width / 2, height / 2), (-width / 2, height / 2)]
    seen = []
    for x, y in corners:
        nearer = away / (away + x * math.sin(angle))
        seen.append((width / 2 + x * math.cos(angle) * nearer, height / 2 + y * nearer))
    flat = [(x + width / 2, y + height / 2) for x, y in corners]
    tilt = picture.transform(
        picture.size, Image.Transform.PERSPECTIVE, _plane(seen, flat), Image.Resampling.BICUBIC, fillcolor=255
    )
    return tilt.rotate(turn, Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def curved(picture: Image.Image, radius: float) -> Image.Image:
    """Wrapped round a cylinder of `radius` picture widths and seen from far away."""
    pixels = np.asarray(picture)
    width, r = picture.width, radius * picture.width
    half = r * math.sin(width / 2 / r)
    across = np.linspace(-half, half, math.floor(2 * half))
    return Image.fromarray(
        pixels[:, np.clip(np.round(r * np.arcsin(across / r) + width / 2).astype(int), 0, width - 1)]
    )


def faded(picture: Image.Image, dark: float, light: float, noise: float, blur: float, seed: int = 1) -> Image.Image:
    """Little contrast, an unsteady hand and a noisy sensor; grey levels of 255, the blur in pixels."""
    soft = np.asarray(picture.filter(ImageFilter.GaussianBlur(blur)), dtype=float)
    grey = dark + soft / 255 * (light - dark) + np.random.default_rng(seed).normal(0, noise, soft.shape)
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))


def _plane(seen: Sequence[tuple[float, float]], flat: Sequence[tuple[float, float]]) -> list[float]:
    """The eight numbers that take a point seen to its place in the flat picture."""
    rows, places = [], []
    for (x, y), (u, v) in zip(seen, flat, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        places += [u, v]
    return list(np.linalg.solve(np.array(rows, dtype=float), np.array(places, dtype=float)))
