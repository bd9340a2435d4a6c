"""What one arrival has to say of alerts: those that hold are told or wait, those that fall away are taken back.

The last record of an `alert_id` stands, so that only what is new is said, and an arrival says it once. A retraction says
which scan brought it about, so that whoever acted on the alert can look that up.
"""

from msgspec import UNSET
from msgspec.structs import replace

from processors.ledger import Entry, Ledger, Standing
from processors.model import Alert, decode_alert, encode
from processors.times import rfc3339

NEVER_SO = "it was not so"
TAKEN_BACK = "the scan was taken back"
FOUND = "the cylinder was scanned in use again"

# What shows now that something was not so: what it was, when that was made, and what became of it.
Cause = tuple[str, int, str] | None
ARRIVED, WAS_TAKEN_BACK = "arrived later", "was taken back"


class Telling:
    """The alerts of one label, through one arrival."""

    def __init__(self, ledger: Ledger, clock: int, cause: Cause = None) -> None:
        self._ledger = ledger
        self.clock = clock
        self.cause = cause
        self._told: dict[str, Alert] = {}

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """What is to be sent now."""
        return tuple(self._told.values())

    def compare(self, entry: Entry, found: list[tuple[Alert, int]]) -> None:
        """An entry breaks just these rules; with each how long its alert waits (microseconds; 0 is not at all)."""
        if not found and not self._ledger.standing:
            return
        known = {one.alert_id: one for one in self._ledger.standing if not one.since and _is_of(one, entry)}
        for alert, wait in found:
            one = known.pop(alert.alert_id, None)
            if one is None:
                one = Standing(alert.alert_id, alert.code, entry.device, entry.scan_id, "retracted", 0, b"")
                self._ledger.standing = [*self._ledger.standing, one]
            if one.status == "retracted":
                self._begin(one, alert, wait)
            elif one.status == "waiting":
                one.alert = encode(alert)
            else:
                self.tell_again(one, alert)
        for one in known.values():
            self.take_back(one, TAKEN_BACK if entry.voided else self.never_so())

    def never_so(self) -> str:
        """Why something is retracted of a scan that stands."""
        assert self.cause is not None  # time alone takes nothing back
        what, at, became = self.cause
        return f"{NEVER_SO}: the {what} of {rfc3339(at)} {became}"

    def tell(self, one: Standing, alert: Alert) -> None:
        """Say an alert as it now is."""
        alert = replace(alert, raised_at=rfc3339(self.clock))
        one.status, one.alert = alert.status, encode(alert)
        self._told[alert.alert_id] = alert

    def tell_again(self, one: Standing, alert: Alert) -> None:
        """What was told and still stands may read otherwise now."""
        before = decode_alert(one.alert)
        if one.status != "retracted" and not _same(before, alert):
            self.tell(one, replace(alert, status=before.status, reason=before.reason))

    def take_back(self, one: Standing, reason: str) -> None:
        """It does not hold: what waited is forgotten, what was told is retracted."""
        if one.status == "waiting":
            self._ledger.standing = [other for other in self._ledger.standing if other is not one]
        elif one.status != "retracted":
            self.tell(one, replace(decode_alert(one.alert), status="retracted", reason=reason))

    def end(self, one: Standing, reason: str) -> None:
        """It was so, and is over."""
        if one.status in ("suspected", "retracted"):
            self.tell(one, replace(decode_alert(one.alert), status="resolved", reason=reason))

    def open_again(self, one: Standing) -> None:
        """It is not over after all."""
        if one.status == "resolved":
            self.tell(one, replace(decode_alert(one.alert), status="suspected", reason=UNSET))

    def _begin(self, one: Standing, alert: Alert, wait: int) -> None:
        if wait:
            one.status, one.due, one.alert = "waiting", self.clock + wait, encode(alert)
        else:
            self.tell(one, alert)


def _is_of(one: Standing, entry: Entry) -> bool:
    return one.scan_id == entry.scan_id and one.device == entry.device


def _same(one: Alert, other: Alert) -> bool:
    """Whether two alerts say the same, but for when and how it stands."""
    return replace(one, raised_at="", status="suspected", reason=UNSET) == replace(
        other, raised_at="", status="suspected", reason=UNSET
    )
