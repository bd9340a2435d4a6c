"""The few scans that are known for good: come again after they left the window, they would count a second time.

A repeat from beyond the window is history like any other scan from there and has no effect, but for what counts from
there too (domain.md 5.4). So of these the ids and a digest stay with the label, among its last 64 questions and the like.
"""

from processors.cylinder import Scrapping
from processors.ledger import Entry, Ledger, Past, digest
from processors.parameters import Parameters

_REPORTS = frozenset({"incident", "missing"})
_SLOW = frozenset({"bind", "transfer", "inspect", "scrap"})

# In place of a digest where the body is not at hand: any is the same.
ANY_BODY = b""


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
