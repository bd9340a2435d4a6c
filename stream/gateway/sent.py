"""Which scans stand in the log already, by device and scan_id, so that another body under the same ids is a 409 at once.

What this gateway acknowledged it knows at once; what other gateways took, and what itself took before a restart, as the
log is read (last.py), a moment later. Two bodies that reach two gateways within that moment both enter the log: the worker
refuses the second where both go to one label. Under two labels nobody sees it: then both count.
"""

from collections import OrderedDict

import msgspec

from processors.ledger import digest as digest_of_body
from processors.model import Scan, decode_scan

_REMEMBERED = 100_000  # scans each, 0.4 KB a scan: the worker remembers the rest

Ids = tuple[str, str]  # device, scan_id


class SentScans:
    """`acknowledged` and `digest` belong to the event loop, `read` to the thread that reads the log."""

    def __init__(self) -> None:
        self._own: OrderedDict[Ids, bytes] = OrderedDict()  # digests
        self._read: OrderedDict[Ids, bytes] = OrderedDict()  # records as they are: few are ever asked for

    def acknowledged(self, scan: Scan) -> None:
        """Kafka has it."""
        self._own[scan.device, scan.scan_id] = digest_of(scan)
        self._own.move_to_end((scan.device, scan.scan_id))
        if len(self._own) > _REMEMBERED:
            self._own.popitem(last=False)

    def read(self, device: str, scan_id: str, record: bytes) -> None:
        """It stands in the log. The first of several is the one that counts."""
        if (device, scan_id) in self._read:
            return
        self._read[device, scan_id] = record
        if len(self._read) > _REMEMBERED:
            self._read.popitem(last=False)

    def digest(self, device: str, scan_id: str) -> bytes | None:
        """Of the scan with these ids, if it is known."""
        ids = device, scan_id
        if (own := self._own.get(ids)) is not None:
            return own
        record = self._read.get(ids)
        if record is None:
            return None
        try:
            return digest_of(decode_scan(record))
        except msgspec.MsgspecError:  # someone wrote past our gateways: no scan of theirs
            return None


def digest_of(scan: Scan) -> bytes:
    """Tells one scan from another: its body, and the label it goes under."""
    return digest_of_body(scan) + scan.label.encode()
