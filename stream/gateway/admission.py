"""What becomes of each scan of a request, decided before Kafka hears of it. Sans-IO.

A scan is accepted, a repeat (accepted too: Kafka and the worker know best), or a reject for `scans.rejected`. Identity
numbers are tokens from here on, and legacy codes that a `bind` named as aliases are labels: one cylinder is one key.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus

from processors.aliases import Aliases
from processors.intake import admit
from processors.judge import CONFLICT
from processors.model import HomeCheckScan, Reject, Scan, encode
from processors.parameters import Schedule
from processors.registry import Registry
from processors.repeats import unnamed
from processors.times import instant
from stream import topics
from stream.gateway.log import Record
from stream.gateway.posted import Posted
from stream.gateway.sent import Ids, SentScans, digest_of
from stream.gateway.tokens import Tokens
from stream.rejected import blanked, reject_headers


@dataclass
class Admitted:
    """One request, judged fit or not, scan by scan and in its order."""

    outcomes: list[Scan | Reject] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    accepted: list[int] = field(default_factory=list)  # the index of each accepted scan; their records come first
    duplicates: int = 0

    @property
    def rejects(self) -> list[tuple[int, Reject]]:
        """The rejects with their index in the request."""
        return [(index, outcome) for index, outcome in enumerate(self.outcomes) if isinstance(outcome, Reject)]


class Admission:
    """The gate of one gateway. `sent` is what stands in the log, as far as that is known."""

    def __init__(
        self,
        registry: Registry,
        aliases: Aliases,
        tokens: Tokens,
        schedule: Schedule,
        sent: SentScans | None = None,
        *,
        trial: bool,
    ) -> None:
        self._registry = registry
        self._aliases = aliases
        self._tokens = tokens
        self._schedule = schedule
        self._trial = trial
        self._sent = sent or SentScans()
        self._seen = False
        self._latest_posted: datetime | None = None  # the latest `received` that a poster named and was accepted

    def admit(self, posted: Posted, now: datetime) -> Admitted:
        """Decide on every scan of a request; `now` is its arrival."""
        admitted = Admitted()
        refused: list[Record] = []
        here: dict[Ids, Scan] = {}
        for index, item in enumerate(posted.items):
            outcome = item.scan if isinstance(item.scan, Reject) else self._fit(item.scan, now)
            if not isinstance(outcome, Reject):
                outcome = self._against_known(outcome, here, admitted)
            admitted.outcomes.append(outcome)
            if isinstance(outcome, Reject):
                refused.append(_refused(item.raw, outcome, now))
            else:
                admitted.accepted.append(index)
                admitted.records.append(_entering(outcome))
        admitted.records.extend(refused)
        return admitted

    def clock(self, now: datetime) -> datetime | None:
        """What a tick says: `now`, but in a trial the latest arrival posted, and nothing before the first post."""
        if self._trial and not self._seen:
            return None
        return self._latest_posted or now

    def unparseable(self, body: bytes, now: datetime) -> Record:
        """The record of a body of which nothing can be read: its length and SHA-256."""
        return _refused(body, Reject("", "the body does not parse"), now)

    def acknowledged(self, admitted: Admitted) -> None:
        """Kafka has them: from now on these ids with another body are a conflict."""
        for index, record in zip(admitted.accepted, admitted.records, strict=False):  # their records come first
            scan = admitted.outcomes[index]
            assert isinstance(scan, Scan)
            self._sent.acknowledged((scan.device, scan.scan_id), record.value)

    def _fit(self, scan: Scan, now: datetime) -> Scan | Reject:
        named = scan.received if self._trial else None
        scan.received = named or now
        device = admit(scan, instant(scan.received), self._registry, self._schedule)
        if isinstance(device, Reject):
            return device
        self._tokens.veil_scan(scan, self._registry)
        self._seen = True
        if named is not None and (self._latest_posted is None or named > self._latest_posted):
            self._latest_posted = named
        return scan

    def _against_known(self, scan: Scan, here: dict[Ids, Scan], admitted: Admitted) -> Scan | Reject:
        ids = (scan.device, scan.scan_id)
        before = here.get(ids)
        known = self._sent.digest(ids) if before is None else digest_of(before)
        if known is None:
            self._aliases.resolve(scan)
        else:
            scan = self._as_it_entered(scan, known)
            if known != digest_of(scan):
                return Reject("scan_id", CONFLICT, scan.scan_id)
        admitted.duplicates += known is not None
        here[ids] = scan
        return scan

    def _as_it_entered(self, scan: Scan, known: bytes) -> Scan:
        """The same scan again, as it was read the first time: before its code was an alias, or its token a customer's.

        It stays where it was judged, where the worker knows it as a repeat; under its label it would be a conflict or
        count twice.
        """
        for resolve in (lambda _: None, self._aliases.resolve):
            resolve(scan)
            for one in (scan, unnamed(scan)):
                if one is not None and digest_of(one) == known:
                    return one
        return scan


def status_of(reject: Reject) -> HTTPStatus | None:
    """The status a reject gives a single object, where it is not the 202 of a bad field."""
    if reject.field == "type" and "may not send" in reject.reason:
        return HTTPStatus.FORBIDDEN
    return HTTPStatus.CONFLICT if reject.reason == CONFLICT else None


def _entering(scan: Scan) -> Record:
    if isinstance(scan, HomeCheckScan):
        return Record(topics.HOME_CHECKS.name, (scan.data.customer or "").encode(), encode(scan))
    return Record(topics.SCANS.name, scan.label.encode(), encode(scan))


def _refused(raw: bytes, reject: Reject, now: datetime) -> Record:
    at = int(now.astimezone(UTC).timestamp() * 1000)
    return Record(topics.REJECTED.name, None, blanked(raw), reject_headers(reject, "gateway", at))
