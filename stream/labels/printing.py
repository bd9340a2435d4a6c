"""What printing labels and printing cards have in common: the paper, the bar, the manifest, and what is told of it."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson
import typer

from stream.labels.codes import LabelError
from stream.labels.faces import Face
from stream.labels.manifest import refuse_repeats, write_manifest
from stream.labels.paper import write
from stream.labels.qr import ERROR_CORRECTION
from stream.labels.sheets import Sheet, a4, pages, pair, roll
from stream.terminal import bar, say

_LONG = 200  # labels: less is drawn before a bar could be read


def sheet_of(paper: str, size: str, grid: str | None, margin: str | None, gap: str, *, marks: bool) -> Sheet:
    """The paper that the options ask for. Raises LabelError."""
    place = pair(size, "--label", least=5)
    if paper == "roll":
        if grid or margin or gap != "0x0":
            raise LabelError("--grid, --margin and --gap are for --paper a4; a roll has one to a page")
        return roll(place)
    columns_rows = pair(grid, "--grid", least=1) if grid else None
    if columns_rows and not all(count.is_integer() for count in columns_rows):
        raise LabelError(f"--grid {grid}: wanted whole numbers such as 3x7")
    return a4(
        place,
        (int(columns_rows.width), int(columns_rows.height)) if columns_rows else None,
        pair(margin, "--margin") if margin else None,
        pair(gap, "--gap"),
        marks=marks,
    )


def print_all(
    wanted: list[tuple[str, str]],
    draw: Callable[[str], Face],
    sheet: Sheet,
    out: Path,
    listed: tuple[Path | None, bool],
    title: str,
) -> dict[str, Any]:
    """Draw and write all (code, content); what was printed, as facts. Raises LabelError before anything is written.

    `listed` is the manifest, and whether what it lists may be printed once more.
    """
    if not wanted:
        raise LabelError(f"no {title} to print: the list is empty")
    manifest, again = listed
    if manifest and not again:
        refuse_repeats(manifest, (code for code, _ in wanted))
    if not out.suffix:
        sheet = roll(sheet.place)
    extremes = [draw(extreme((code for code, _ in wanted), key=len)) for extreme in (min, max)]  # if these fit, all do
    least = min(extremes, key=lambda face: face.module)
    count = -(-len(wanted) // sheet.places)
    files = write(pages(_barred(map(draw, (code for code, _ in wanted)), len(wanted)), sheet), count, out, title)
    if manifest:
        write_manifest(manifest, wanted, sheet, files)
    return {
        "printed": len(wanted),
        "first": wanted[0][0],
        "last": wanted[-1][0],
        "pages": count,
        "files": list(dict.fromkeys(map(str, files))),
        "manifest": str(manifest) if manifest else None,
        "size_mm": list(sheet.place),
        "module_mm": least.module,
        "qr_mm": round(least.module * least.symbol.across, 3),
        "qr_version": least.symbol.version,
        "error_correction": ERROR_CORRECTION,
    }


def _barred(faces: Iterable[Face], count: int) -> Iterator[Face]:
    """A progress bar beside long work, on a terminal only."""
    with bar("drawing", shown=count > _LONG) as progress:
        yield from progress.track(faces, count)


def tell(facts: dict[str, Any], what: str, *, as_json: bool) -> None:
    """Two lines for a person, or the facts as JSON."""
    if as_json:
        typer.echo(orjson.dumps(facts))
        return
    files = facts["files"]
    where = files[0] if len(files) == 1 else f"{files[0]} … {files[-1]}"
    width, height = facts["size_mm"]
    say(f"{where}: {_several(facts['printed'], what)} of {width:g}x{height:g} mm on {_several(facts['pages'], 'page')}")
    say(
        f"QR code {facts['qr_mm']:g} mm with its quiet zone, module {facts['module_mm']:.3g} mm, "
        f"error correction {facts['error_correction']}; print at 100 %"
    )


def _several(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
