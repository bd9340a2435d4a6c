"""QR labels for cylinders: the GS1 Digital Link as a code that a scratched, curved steel collar does not defeat."""

from pathlib import Path

import segno

from processors.labels import bare, is_ours, link

_MODULE_MM = 0.5  # one module; the smallest that a phone reads from a hand's length
_BORDER = 4  # modules, as ISO/IEC 18004 asks


class LabelError(Exception):
    """A code that is not one of our labels."""


def write_label(code: str, host: str, folder: Path) -> Path:
    """Write the SVG of one label (error correction H: 30 % may be lost); its path. Raises LabelError."""
    label = bare(code)
    if not is_ours(label):
        raise LabelError(f"{code}: not a label of ours, or a check character is wrong")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{label}.svg"
    segno.make_qr(link(label, host), error="h").save(
        str(path), scale=_MODULE_MM, unit="mm", border=_BORDER, title=label, xmldecl=False
    )
    return path
