"""The list of what was printed, as CSV: a file that is there grows, and a code in it is not printed again unasked."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from processors.times import SHANGHAI
from stream.labels.codes import LabelError
from stream.labels.sheets import Sheet

COLUMNS = ("code", "content", "file", "page", "row", "column", "printed")


def refuse_repeats(manifest: Path, codes: Iterable[str]) -> None:
    """Raises LabelError where one of the codes stands in the manifest already, or the file is none."""
    if not manifest.exists():
        return
    with manifest.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise LabelError(f"--manifest {manifest}: not a manifest: its first line is not {','.join(COLUMNS)}")
        printed = {row["code"]: row["printed"] for row in rows}
    again = [code for code in codes if code in printed]
    if again:
        shown = ", ".join(f"{code} (on {printed[code]})" for code in again[:3])
        raise LabelError(
            f"--manifest {manifest}: {len(again)} printed before: {shown}{' …' if again[3:] else ''}; "
            "print others, or these once more with --again"
        )


def write_manifest(manifest: Path, printed: Iterable[tuple[str, str]], sheet: Sheet, files: Sequence[Path]) -> None:
    """Add a line for each (code, content), in the order in which they fill the sheets; `files` has each page's file."""
    new = not manifest.exists()
    manifest.parent.mkdir(parents=True, exist_ok=True)
    now = datetime.now(SHANGHAI).isoformat(timespec="seconds")
    with manifest.open("a", encoding="utf-8", newline="") as lines:
        rows = csv.writer(lines, lineterminator="\n")
        if new:
            rows.writerow(COLUMNS)
        for number, (code, content) in enumerate(printed):
            page, place = divmod(number, sheet.places)
            row, column = divmod(place, sheet.columns)
            rows.writerow((code, content, files[page], page + 1, row + 1, column + 1, now))
