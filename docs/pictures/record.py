"""Records a command in a real terminal (tmux) as an animated SVG: `python docs/pictures/record.py demo.svg pingliu demo`.

The picture is what the terminal showed, a frame a second, paced anew: what lasts long is shortened, and the end is gone
through page by page. Whoever wants no motion (prefers-reduced-motion) sees the last page. Nothing is drawn by hand.
"""

import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path

from rich.cells import cell_len
from rich.color import ColorTriplet
from rich.text import Text

COLUMNS, ROWS = 118, 34
CELL, LINE, LETTER = 8.4, 18, 14  # width and height of a cell, size of a letter, px
MARGIN = 14
EVERY = 1.0  # seconds between two looks at the terminal
SHOWN, PAGE_SHOWN = 0.6, 4.0  # seconds a frame, and a page of the end, is seen
MOST_FRAMES = 40
INK, PAPER = "#d0d7de", "#0d1117"
COLOURS = {
    0: "#484f58", 1: "#ff7b72", 2: "#3fb950", 3: "#e3b341", 4: "#58a6ff", 5: "#bc8cff", 6: "#39c5cf", 7: "#d0d7de",
    8: "#6e7681", 9: "#ffa198", 10: "#56d364", 11: "#e3b341", 12: "#79c0ff", 13: "#d2a8ff", 14: "#56d4dd", 15: "#f0f6fc",
}  # fmt: skip


def tmux(*arguments: str) -> str:
    """What tmux answers, on a server of our own."""
    done = subprocess.run(["tmux", "-L", "pingliu-record", *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def record(command: list[str]) -> tuple[list[list[str]], list[str]]:
    """The screens that the command showed, each once, and at its end all that it left on the terminal."""
    size = ["-x", str(COLUMNS), "-y", str(ROWS)]
    typed = shlex.join(command)
    told = f"clear; printf '$ %s\\n' {shlex.quote(typed)}; {typed}; exec sleep 3600"
    shell = f"export TERM=tmux-256color COLORTERM=truecolor; {told}"
    tmux("-f", "/dev/null", "new-session", "-d", "-s", "run", *size, "sh", "-c", shell)
    tmux("set-option", "-g", "history-limit", "5000")
    frames: list[list[str]] = []
    try:
        while tmux("display-message", "-p", "-t", "run", "#{pane_current_command}").strip() != "sleep":
            screen = tmux("capture-pane", "-e", "-p", "-t", "run").split("\n")[:ROWS]
            if not frames or frames[-1] != screen:
                frames.append(screen)
            time.sleep(EVERY)
        left = tmux("capture-pane", "-e", "-p", "-S", "-", "-t", "run").rstrip().split("\n")
    finally:
        tmux("kill-server")
    return frames, left


def pages(left: list[str]) -> Iterator[list[str]]:
    """The last things said, a screen at a time, the last screen whole."""
    beginning = next((number for number, line in enumerate(left) if "planted by the city" in line), 0)
    for first in range(beginning, max(beginning + 1, len(left) - ROWS), ROWS - 4):
        yield left[first : first + ROWS]
    if len(left) - ROWS > beginning:
        yield left[-ROWS:]


def drawn(line: str) -> str:
    """A line of the terminal as SVG, without its place."""
    text = Text.from_ansi(line)
    parts, column = [], 0
    for segment in text.render(_Plain()):
        style = segment.style
        fill = INK if style is None or style.color is None or style.color.is_default else _hex(style.color)
        more = ' font-weight="700"' if style is not None and style.bold else ""
        more += ' opacity=".6"' if style is not None and style.dim else ""
        # Wide letters apart from narrow ones: fonts disagree on how much wider they are, cells do not.
        for _, letters in groupby(segment.text, cell_len):
            run = "".join(letters)
            width = cell_len(run)
            if run.strip():
                place = f'x="{column * CELL:.1f}" textLength="{width * CELL:.1f}"'
                if width > len(run):  # each letter at its cell: stretched together they are spaced unevenly
                    cells = (f"{(column + 2 * number) * CELL:.1f}" for number in range(len(run)))
                    place = f'x="{" ".join(cells)}" font-size="{2 * CELL - 1:.1f}"'
                parts.append(f'<tspan {place} fill="{fill}"{more}>{escape(run)}</tspan>')
            column += width
    return "".join(parts)


class _Plain:
    """As much of a console as rich wants to render a text with."""

    def get_style(self, style: object, *, default: object = None) -> object:
        return style or default


def _hex(colour: object) -> str:
    number = getattr(colour, "number", None)
    triplet: ColorTriplet | None = getattr(colour, "triplet", None)
    if number is not None and number in COLOURS:
        return COLOURS[number]
    return triplet.hex if triplet else str(colour.get_truecolor().hex)  # type: ignore[attr-defined]


def picture(frames: list[tuple[list[str], float]], title: str) -> str:
    """An SVG that shows each frame for its seconds, over and over."""
    rows = max(number for lines, _ in frames for number, line in enumerate(lines, 1) if line.strip())
    width, height = COLUMNS * CELL + 2 * MARGIN, rows * LINE + 2 * MARGIN
    total = sum(seconds for _, seconds in frames)
    known: dict[str, str] = {}
    groups, styles, at = [], [], 0.0
    for number, (lines, seconds) in enumerate(frames):
        uses = []
        for row, line in enumerate(lines):
            text = drawn(line)
            if text:
                name = known.setdefault(text, f"l{len(known)}")
                uses.append(f'<use href="#{name}" y="{row * LINE}"/>')
        groups.append(f'<g id="f{number}">{"".join(uses)}</g>')
        begin, end = 100 * at / total, 100 * (at + seconds) / total
        shown = f"{begin:.2f}%{{visibility:visible}}" + ("" if end >= 99.99 else f"{end:.2f}%{{visibility:hidden}}")
        before = "" if number == 0 else "0%{visibility:hidden}"
        styles.append(
            f"@keyframes f{number}{{{before}{shown}}}#f{number}{{animation:f{number} {total:.1f}s step-end infinite}}"
        )
        at += seconds
    definitions = "".join(f'<text id="{name}">{text}</text>' for text, name in known.items())
    last = len(frames) - 1
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img"><title>{escape(title)}</title><style>'
        f"text{{font:{LETTER}px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Noto Sans Mono CJK SC',"
        "'Noto Sans CJK SC',monospace;white-space:pre;dominant-baseline:text-before-edge}g{visibility:hidden}"
        f"{''.join(styles)}@media(prefers-reduced-motion:reduce){{g{{animation:none!important}}"
        f"#f{last}{{visibility:visible}}}}</style>"
        f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/><defs>{definitions}</defs>'
        f'<svg x="{MARGIN}" y="{MARGIN}" overflow="visible">{"".join(groups)}</svg></svg>\n'
    )


def main() -> None:
    """Record what is asked for on the command line."""
    out, *command = sys.argv[1:]
    frames, left = record(command)
    step = max(1, -(-len(frames) // MOST_FRAMES))
    timed = [(frame, SHOWN) for frame in frames[::step]] + [(page, PAGE_SHOWN) for page in pages(left)]
    Path(out).write_text(picture(timed, f"{shlex.join(command)}, as a terminal showed it"), encoding="utf-8")
    sys.stdout.write(f"{out}: {len(timed)} frames\n")


if __name__ == "__main__":
    main()
