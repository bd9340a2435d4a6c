"""The outlines of letters: what is printed looks the same on every machine, whatever fonts it has."""

import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).parent / "outlines.json"
UNITS = 1000  # of the font, an em
CAPITAL = 0.73  # height of a capital letter, in ems: of both fonts


class Outline(NamedTuple):
    """A letter in thousandths of an em, y upwards from the baseline: its advance, and its outline as an SVG path."""

    advance: int
    path: str


@cache
def outlines() -> dict[str, Outline]:
    """Each letter that can be printed."""
    return {letter: Outline(*cut) for letter, cut in json.loads(FILE.read_text(encoding="utf-8")).items()}


def ems(text: str) -> float:
    """How wide a text is, in ems."""
    return sum(outlines()[letter].advance for letter in text) / UNITS


_STEP = re.compile(r"([MLHVCZ])([^MLHVCZ]*)")
_AS = {"M": "M", "L": "L", "H": "L", "V": "L", "C": "C", "Z": "Z"}
_NUMBER = re.compile(r"-?[0-9]+")


def steps(path: str) -> list[tuple[str, list[int]]]:
    """An outline's path as commands M, L, C and Z with absolute points, H and V written out as L."""
    written: list[tuple[str, list[int]]] = []
    x = y = 0
    for command, numbers in _STEP.findall(path):
        points = [int(number) for number in _NUMBER.findall(numbers)]
        if command == "H":
            points = [number for end in points for number in (end, y)]
        elif command == "V":
            points = [number for end in points for number in (x, end)]
        if points:
            x, y = points[-2:]
        size = 6 if command == "C" else 2
        for at in range(0, max(1, len(points)), size):
            more = command == "M" and at > 0  # SVG: points that follow a move are lines
            written.append(("L" if more else _AS[command], points[at : at + size]))
    return written
