"""When a scan is the same as one before; and the few that are known for good, for they would count a second time.

A repeat from beyond the window is history like any other scan from there and has no effect, but for what counts from
there too (domain.md 5.4). So of these the ids and a digest stay with the label, among its last 64 questions and the like.
"""

from msgspec.structs import replace

from processors.cylinder import Scrapping
from processors.ledger import Entry, Ledger, Past, body, digest
from processors.model import Handover, Scan
from processors.parameters import Parameters

_REPORTS = frozenset({"incident", "missing"})
_SLOW = frozenset({"bind", "transfer", "inspect", "scrap"})

# In place of a digest where the body is not at hand: any is the same.
ANY_BODY = b""


def is_same(known: Entry | Past, scan: Scan) -> bool:
    """Whether a scan is the one that is known under its ids."""
    bare = unnamed(scan)
    if isinstance(known, Past):
        return known.body in (ANY_BODY, digest(scan)) or (bare is not None and known.body == digest(bare))
    had, it = body(known.scan), body(scan)
    if had == it or (bare is not None and had == body(bare)):
        return True
    bare = unnamed(known.scan)
    return bare is not None and body(bare) == it


def unnamed(scan: Scan) -> Scan | None:
    """A scan as it enters where the registry does not know whose token it carries; None where that is as it is.

    By the time it comes again the customer may be known, or no more: that makes it no other scan.
    """
    data = scan.data
    if not isinstance(data, Handover) or data.id_token is None or data.customer is None:
        return None
    bare: Scan = replace(scan, data=replace(data, customer=None))
    return bare


def would_count_again(entry: Entry) -> bool:
    """Whether it alerts always, or is a slow fact that had not its whole effect and so might have it next time."""
    kind = entry.scan.type
    return kind in _REPORTS or (kind in _SLOW and (entry.voided or bool(entry.codes)))


def know_for_good(ledger: Ledger, entry: Entry, parameters: Parameters) -> None:
    """Keep its ids, and its verdict as it now stands."""
    _forget(ledger, entry.device, entry.scan_id)
    ledger.ask(Past(entry.device, entry.scan_id, digest(entry.scan), entry.told, entry.origin.enterprise), parameters)


def know_taken_back(ledger: Ledger, scrapping: Scrapping, parameters: Parameters) -> None:
    """A scrap from before the window was taken back: it must not count when it comes again."""
    _forget(ledger, scrapping.device, scrapping.scan_id)
    ledger.ask(Past(scrapping.device, scrapping.scan_id, ANY_BODY, None, scrapping.enterprise), parameters)


def _forget(ledger: Ledger, device: str, scan_id: str) -> None:
    ledger.asked = [past for past in ledger.asked if (past.device, past.scan_id) != (device, scan_id)]
