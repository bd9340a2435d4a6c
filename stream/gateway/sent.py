"""Which scans stand in the log already, by device and scan_id, so that another body under the same ids is a 409 at once.

What this gateway acknowledged it knows at once; what other gateways took, and what itself took before a restart, as the
log is read (last.py), a moment later. Two bodies that reach two gateways within that moment both enter the log: the worker
refuses the second where both go to one label. Under two labels nobody sees it: then both count.
"""

from itertools import islice

import msgspec

from processors.ledger import digest as digest_of_body
from processors.model import Scan, decode_scan

_REMEMBERED = 100_000  # scans each, 0.4 KB a scan: the worker remembers the rest
_AT_ONCE = 10_000  # so many of the oldest are forgotten together: to find the first of a dict takes longer each time

Ids = tuple[str, str]  # device, scan_id


class SentScans:
    """`acknowledged`, `known` and `digest` belong to the event loop, `read` to the thread that reads the log.

    Records are kept as they are: few are ever asked for, and a digest of each would be a tenth of a gateway's time.
    """

    def __init__(self) -> None:
        self._own: dict[Ids, bytes] = {}
        self._read: dict[Ids, bytes] = {}

    def acknowledged(self, ids: list[Ids], records: list[bytes]) -> None:
        """Kafka has these, the records in the order of the ids. The latest are kept longest."""
        own = self._own
        if not own.keys().isdisjoint(ids):
            for one in ids:
                own.pop(one, None)
        own.update(zip(ids, records, strict=True))
        if len(own) >= _REMEMBERED + _AT_ONCE:
            _forget(own)

    def read(self, device: str, scan_id: str, record: bytes) -> None:
        """It stands in the log. The first of several is the one that counts."""
        known = self._read
        known.setdefault((device, scan_id), record)
        if len(known) >= _REMEMBERED + _AT_ONCE:
            _forget(known)

    def known(self, ids: list[Ids]) -> set[Ids]:
        """Those of these ids that are known."""
        return {*filter(self._own.__contains__, ids), *filter(self._read.__contains__, ids)}

    def digest(self, ids: Ids) -> bytes | None:
        """Of the scan with these ids, if it is known."""
        record = self._own.get(ids) or self._read.get(ids)
        if record is None:
            return None
        try:
            return digest_of(decode_scan(record))
        except msgspec.MsgspecError:  # someone wrote past our gateways: no scan of theirs
            return None


def _forget(known: dict[Ids, bytes]) -> None:
    for ids in list(islice(known, _AT_ONCE)):
        del known[ids]


def digest_of(scan: Scan) -> bytes:
    """Tells one scan from another: its body, and the label it goes under."""
    return digest_of_body(scan) + scan.label.encode()
