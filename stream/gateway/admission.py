"""What becomes of each scan of a request, decided before Kafka hears of it. Sans-IO.

A scan is accepted, a repeat (accepted too: Kafka and the worker know best), or a reject for `scans.rejected`. Identity
numbers are tokens from here on, and legacy codes that a `bind` named as aliases are labels: one cylinder is one key.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http import HTTPStatus
from itertools import repeat
from operator import attrgetter, gt, ne
from typing import cast

from processors.aliases import Aliases
from processors.intake import admit
from processors.judge import CONFLICT
from processors.model import AnyScan, Handover, HomeCheckScan, Reject, Scan, encode_lines
from processors.parameters import Schedule
from processors.registry import Registry
from processors.repeats import unnamed
from processors.times import SHANGHAI, instant
from stream import topics
from stream.gateway.log import Record
from stream.gateway.posted import Posted
from stream.gateway.sent import Ids, SentScans, digest_of
from stream.gateway.tokens import Tokens
from stream.rejected import blanked, reject_headers

ids_of: Callable[[Scan], Ids] = attrgetter("device", "scan_id")

_FIRST_DAY = date(1970, 1, 1).toordinal()  # begins before 1970 in Shanghai: of two scans of it one may be too early
# A person, by an identity number.
_MAY_NAME = frozenset(scan for scan in AnyScan.__args__ if issubclass(scan.__annotations__["data"], Handover))
_columns = attrgetter("device", "time", "received")
_zone = attrgetter("tzinfo")

_Sender = tuple[str, type[Scan], int]  # a device, and the type and day (Shanghai, ordinal) of its scan
_PASSED_AT_MOST = 50_000


@dataclass
class Admitted:
    """One request, judged fit or not. Both by the index in the request, and `accepted` in its order."""

    accepted: dict[int, Scan] = field(default_factory=dict)
    refused: dict[int, Reject] = field(default_factory=dict)
    ids: list[Ids] = field(default_factory=list)  # of the accepted, in their order
    values: list[bytes] = field(default_factory=list)  # as JSON, in their order
    records: list[Record] = field(default_factory=list)  # of the accepted first, in their order
    duplicates: int = 0

    @property
    def rejects(self) -> list[tuple[int, Reject]]:
        """The rejects with their index in the request."""
        return sorted(self.refused.items())

    @property
    def outcomes(self) -> list[Scan | Reject]:
        """What each scan came to, in the order of the request."""
        found: dict[int, Scan | Reject] = {**self.accepted, **self.refused}
        return [found[index] for index in sorted(found)]


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
        if not self._all_fit(posted.scans, now, admitted):
            self._fit(posted.scans, now, admitted)
        self._against_known(admitted)
        scans = topics.SCANS.name
        admitted.values = encode_lines(admitted.accepted.values()).splitlines()  # in one call; JSON breaks no line
        admitted.records = [
            _home_check(scan, value) if type(scan) is HomeCheckScan else Record(scans, scan.label.encode(), value)
            for scan, value in zip(admitted.accepted.values(), admitted.values, strict=True)
        ]
        if admitted.refused:
            raws = posted.raws()
            admitted.records += [_refused(raws[index], reject, now) for index, reject in admitted.rejects]
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
        self._sent.acknowledged(admitted.ids, admitted.values)

    def _all_fit(self, posted: Sequence[Scan | Reject], now: datetime, admitted: Admitted) -> bool:
        """The short way of nearly every request; False where one scan may not come in, and nothing has changed.

        The gate's word on one scan is good for all that it could not tell apart: of one device, type and day, and not ahead
        of their arrival. To ask that of columns takes less than half of what asking for each of 500 scans does.
        """
        kinds = [*map(type, posted)]
        if not kinds or Reject in kinds:
            return False
        scans = cast("Sequence[Scan]", posted)
        devices, times, received = zip(*map(_columns, scans), strict=True)
        named = received if self._trial else (None,) * len(scans)
        arrivals = [one or now for one in named]
        days = [*map(date.toordinal, times)]
        if (
            any(map(gt, times, arrivals))
            or any(map(ne, map(_zone, times), repeat(SHANGHAI)))
            or min(days) <= _FIRST_DAY
        ):
            return False
        if not self._may_send([*zip(devices, kinds, days, strict=True)], scans, arrivals):
            return False
        if None in named:
            for scan, arrival in zip(scans, arrivals, strict=True):
                scan.received = arrival
        for scan, kind in zip(scans, kinds, strict=True):
            if kind in _MAY_NAME:
                self._tokens.veil_scan(scan, self._registry)
        admitted.accepted = dict(enumerate(scans))
        self._came(named)
        return True

    def _may_send(self, senders: list[_Sender], scans: Sequence[Scan], arrivals: Sequence[datetime]) -> bool:
        """The gate's word on one scan of each sender; kept for as long as the registry is the same."""
        passed: set[_Sender] = self._registry.made_of_rows.setdefault(Admission, set())
        unknown = {*senders} - passed
        if unknown:
            for sender, scan, arrival in zip(senders, scans, arrivals, strict=True):
                if sender in unknown:
                    if isinstance(admit(scan, instant(arrival), self._registry, self._schedule), Reject):
                        return False
                    unknown.remove(sender)
                    passed.add(sender)
            if len(passed) > _PASSED_AT_MOST:
                passed.clear()
        return True

    def _fit(self, scans: Sequence[Scan | Reject], now: datetime, admitted: Admitted) -> None:
        """Who may send, and when."""
        came: list[datetime | None] = []
        for index, scan in enumerate(scans):
            if isinstance(scan, Reject):
                admitted.refused[index] = scan
                continue
            named = scan.received if self._trial else None
            scan.received = received = named or now
            device = admit(scan, instant(received), self._registry, self._schedule)
            if isinstance(device, Reject):
                admitted.refused[index] = device
                continue
            self._tokens.veil_scan(scan, self._registry)
            admitted.accepted[index] = scan
            came.append(named)
        if came:
            self._came(came)

    def _came(self, named: Iterable[datetime | None]) -> None:
        """Scans were accepted, which named these arrivals or none."""
        self._seen = True
        self._latest_posted = max((one for one in (*named, self._latest_posted) if one is not None), default=None)

    def _against_known(self, admitted: Admitted) -> None:
        """What is here or in the log already enters as it did, or not at all; all else under its label."""
        accepted = admitted.accepted
        admitted.ids = ids = [*map(ids_of, accepted.values())]
        doubtful = self._sent.known(ids)
        if len(set(ids)) < len(ids):
            doubtful.update(one for one, times in Counter(ids).items() if times > 1)
        if not doubtful:
            self._aliases.resolve(*accepted.values())
            return
        here: dict[Ids, Scan] = {}
        for index, one in zip([*accepted], ids, strict=True):
            if one in doubtful:
                self._again(index, one, here, admitted)
            else:
                self._aliases.resolve(accepted[index])
        if len(accepted) < len(ids):
            admitted.ids = [*map(ids_of, accepted.values())]

    def _again(self, index: int, ids: Ids, here: dict[Ids, Scan], admitted: Admitted) -> None:
        """A scan whose ids are in the log, or twice in the request; `here` is what of them was accepted in it."""
        scan = admitted.accepted[index]
        known = digest_of(here[ids]) if ids in here else self._sent.digest(ids)
        if known is None:
            self._aliases.resolve(scan)
        else:
            scan = self._as_it_entered(scan, known)
            if known != digest_of(scan):
                del admitted.accepted[index]
                admitted.refused[index] = Reject("scan_id", CONFLICT, scan.scan_id)
                return
            admitted.duplicates += 1
        admitted.accepted[index] = here[ids] = scan

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


def _home_check(scan: HomeCheckScan, value: bytes) -> Record:
    return Record(topics.HOME_CHECKS.name, (scan.data.customer or "").encode(), value)


def _refused(raw: bytes, reject: Reject, now: datetime) -> Record:
    at = int(now.astimezone(UTC).timestamp() * 1000)
    return Record(topics.REJECTED.name, None, blanked(raw), reject_headers(reject, "gateway", at))
