"""Legacy codes and the labels they stand for: what `bind`s named as aliases (domain.md 4, rule 1).

A code counts as its label from when it is taken; the first label a code is given stands. An alias follows the label it
was named for and no further: where that label is replaced later, its aliases are as retired as it is.
"""

from processors.labels import has_label_shape
from processors.model import BindScan, Scan


class Aliases:
    """The look-up of one city. May be read while another thread takes: a code is there with its label or not at all."""

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}
        self._latest = ""

    def take(self, code: str, label: str) -> bool:
        """Let a code stand for a label. False, and no change, where it has one already or has a label's shape itself."""
        if code in self._labels or has_label_shape(code):
            return False
        # The aliases of one `bind` come one after another and share their label so. A table of all labels (sys.intern)
        # costs more than it saves while most have one alias: 227 bytes a code against 186, for three million.
        if label != self._latest:
            self._latest = label
        self._labels[code] = self._latest
        return True

    def label_of(self, code: str) -> str:
        """The label a code stands for; of a label and of a code nobody named, the code itself."""
        return self._labels.get(code, code)

    def resolve(self, *scans: Scan) -> None:
        """Write the labels that the codes of scans stand for in their place: `label`, and `data.replaces` of a `bind`."""
        labels = self._labels
        for scan in scans:
            if scan.label in labels:
                scan.label = labels[scan.label]
            if isinstance(scan, BindScan) and scan.data.replaces is not None:
                scan.data.replaces = self.label_of(scan.data.replaces)
