"""`pingliu judge`: the rules over files of scans, with no Kafka and no database (contract.md, Commands).

Lines are in order of arrival. The arrival clock is the latest `received` so far; a registry row that names its own
arrival counts from when the clock reaches it, and what falls due is told when the clock is past it.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from processors import due, second_key
from processors.alarms import Alarms
from processors.aliases import Aliases
from processors.arrival import Judgement, Replaced
from processors.findings import is_late, plain_verdict, verdict_of
from processors.holder import Holder
from processors.intake import admit, parse
from processors.judge import CONFLICT, judge, refused
from processors.late import replace_label
from processors.ledger import Ledger, digest
from processors.model import Alert, HomeCheckScan, Reject, Scan, Verdict
from processors.parameters import Schedule
from processors.registry import AnyRow, Device, Registry
from processors.second_key import changes
from processors.times import day_of, instant, rfc3339

_encode = msgspec.json.Encoder().encode

# Of so many latest scans their ids are known, whatever their label: 200 bytes each.
_SENT_KEPT = 1_000_000


class Answer(Struct, frozen=True, gc=False):
    """What one arrival came to: its verdict and all the alerts it caused, or why it is rejected."""

    verdict: Verdict | Reject
    alerts: tuple[Alert, ...] = ()

    def line(self) -> bytes:
        """As `pingliu judge` prints it."""
        if isinstance(self.verdict, Reject):
            return _encode(as_rejected(self.verdict))
        return _encode(self.verdict)[:-1] + b',"alerts":' + _encode(self.alerts) + b"}"


class Revision(Struct, frozen=True, gc=False):
    """The verdict of an earlier scan of that device as it now stands; the first revision is 1."""

    number: int
    verdict: Verdict
    device: str
    alerts: tuple[Alert, ...] = ()  # none of its own: they stand with the arrival

    def line(self) -> bytes:
        """As `pingliu judge` prints it."""
        return _encode({"type": "revision", "revision": self.number, "verdict": self.verdict})


class FellDue(Struct, frozen=True, gc=False):
    """What fell due before an arrival, by the arrival clock."""

    time: str
    alerts: tuple[Alert, ...]

    def line(self) -> bytes:
        """As `pingliu judge` prints it."""
        return _encode({"type": "timer", "time": self.time, "alerts": self.alerts})


Printed = Answer | FellDue | Revision


class Replay:
    """One run over one city's scans: feed it lines in order of arrival, it answers each."""

    def __init__(self, rows: Iterable[AnyRow], schedule: Schedule) -> None:
        self._registry = Registry()
        self._schedule = schedule
        self._clock = 0
        self._arrivals = 0
        self._senders = Registry()  # devices alone: who may send is asked before it is known whether the clock goes on
        self._sent: OrderedDict[tuple[str, str], str] = OrderedDict()  # the labels of the latest scans, by their ids
        self._aliases = Aliases()
        self._ledgers: dict[str, Ledger] = {}
        self._holders: dict[str, Holder] = {}
        self._label_alarms: Alarms[str] = Alarms(
            lambda label: found.alarm if (found := self._ledgers.get(label)) else 0
        )
        self._holder_alarms: Alarms[str] = Alarms(lambda key: self._holders[key].alarm)
        self._home_checks: dict[tuple[str, str], tuple[bytes, bool]] = {}
        # Rows that name no arrival were always known; the others wait for the clock. Of equals the file's order holds:
        # the later line is the correction.
        self._coming = deque(sorted(rows, key=_arrival))
        self._coming_devices = deque(row for row in self._coming if isinstance(row, Device))

    def answers(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """The JSON lines that all these arrivals come to."""
        for line in lines:
            if line.strip():
                for answer in self.take(line):
                    yield answer.line()

    def take(self, line: bytes) -> list[Printed]:
        """One arrival: what fell due before it, if anything, its own answer, and what that revises of earlier ones."""
        scan = parse(line)
        if isinstance(scan, Reject):
            return [Answer(scan)]
        if scan.received is None:
            scan.received = scan.time
        received = instant(scan.received)
        clock = max(self._clock, received)
        self._learn_devices(clock)
        self._aliases.resolve(scan)
        device = admit(scan, received, self._senders, self._schedule)
        if isinstance(device, Reject):
            return [Answer(device)]
        wrong = self._refused(scan)
        if wrong is not None:
            return [Answer(wrong)]
        fell_due = self.advance(clock)
        self._arrivals += 1
        answers: list[Printed] = [self._home_check(scan)] if isinstance(scan, HomeCheckScan) else self._judge(scan)
        return [fell_due, *answers] if fell_due else answers

    def advance(self, clock: int) -> FellDue | None:
        """Let the arrival clock (an instant) go on, and tell what falls due by that."""
        self._learn(clock)
        self._clock = max(self._clock, clock)
        alerts: list[Alert] = []
        for label in self._label_alarms.past(self._clock):
            ledger = self._ledgers[label]
            alerts += due.fall_due(label, ledger, self._clock, self._registry, self._schedule)
            if ledger.is_forgotten:
                del self._ledgers[label]
            else:
                self._label_alarms.moved(label, 0, ledger.alarm)
        for key in self._holder_alarms.past(self._clock):
            holder = self._holders[key]
            alerts += second_key.fall_due(key, holder, self._clock, self._registry, self._schedule)
            self._holder_alarms.moved(key, 0, holder.alarm)
        return FellDue(rfc3339(self._clock), tuple(alerts)) if alerts else None

    def standing(self, label: str, device: str, scan_id: str) -> Verdict | None:
        """The verdict of a scan as it now stands; None where the label's window has no such scan."""
        ledger = self._ledgers.get(label)
        entry = ledger.entry_of(device, scan_id) if ledger else None
        return verdict_of(entry.scan, entry.at, entry.told) if entry else None

    def _refused(self, scan: Scan) -> Reject | None:
        """Why a scan is none: then the clock does not move, and nothing falls due."""
        if isinstance(scan, HomeCheckScan):
            known = self._home_checks.get((scan.device, scan.scan_id))
            conflicts = known is not None and known[0] != digest(scan)
            return Reject("scan_id", CONFLICT, scan.scan_id) if conflicts else None
        if self._sent.get((scan.device, scan.scan_id), scan.label) != scan.label:
            return Reject("scan_id", CONFLICT, scan.scan_id)
        return refused(self._ledgers.get(scan.label), scan, self._registry)

    def _judge(self, scan: Scan) -> list[Printed]:
        self._sent[scan.device, scan.scan_id] = scan.label
        if len(self._sent) > _SENT_KEPT:
            self._sent.popitem(last=False)
        ledger = self._ledger(scan.label)
        before = ledger.alarm
        judgement = judge(ledger, scan, self._arrivals, self._clock, self._registry, self._schedule)
        self._label_alarms.moved(scan.label, before, ledger.alarm)
        for code in judgement.aliases:
            self._aliases.take(code, scan.label)
        revised = list(judgement.revisions)
        alerts = [*judgement.alerts, *self._hand_on(scan.label, ledger, judgement)]
        news = deque(judgement.replaced)
        while news:  # one label may have replaced another that replaced a third
            replaced = news.popleft()
            own = self._replace(replaced)
            revised += own.revisions
            alerts += [*own.alerts, *self._hand_on(replaced.label, self._ledger(replaced.label), own)]
            news.extend(own.replaced)
        now = rfc3339(self._clock)
        revisions = [Revision(one.revision, replace(one.verdict, judged_at=now), one.device) for one in revised]
        return [self._told(judgement.verdict or plain_verdict(scan), tuple(alerts)), *revisions]

    def _ledger(self, label: str) -> Ledger:
        ledger = self._ledgers.get(label)
        if ledger is None:
            ledger = self._ledgers[label] = Ledger()
        return ledger

    def _hand_on(self, label: str, ledger: Ledger, judgement: Judgement) -> list[Alert]:
        """Tell the second keys what left and what came."""
        alerts: list[Alert] = []
        for key, change in changes(label, 0, self._arrivals, self._clock, ledger, judgement.moved):
            holder = self._holders.setdefault(key, Holder())
            before = holder.alarm
            alerts += second_key.take(key, holder, change, self._registry, self._schedule)
            self._holder_alarms.moved(key, before, holder.alarm)
        return alerts

    def _replace(self, replaced: Replaced) -> Judgement:
        ledger = self._ledger(replaced.label)
        before = ledger.alarm
        judgement = replace_label(replaced, ledger, self._clock, self._registry, self._schedule)
        self._label_alarms.moved(replaced.label, before, ledger.alarm)
        return judgement

    def _home_check(self, scan: HomeCheckScan) -> Answer:
        """No verdict on the bus; here it stands as allowed."""
        ids = (scan.device, scan.scan_id)
        at = instant(scan.time)
        late = is_late(scan, at, self._schedule.on(day_of(at)))
        repeated = ids in self._home_checks
        _, late = self._home_checks.setdefault(ids, (digest(scan), late))
        if not repeated:
            self._registry.take_home_check(scan)
        return self._told(replace(plain_verdict(scan), late=late, duplicate=True if repeated else UNSET), ())

    def _told(self, verdict: Verdict, alerts: tuple[Alert, ...]) -> Answer:
        return Answer(replace(verdict, judged_at=rfc3339(self._clock)), alerts)

    def _learn(self, clock: int) -> None:
        while self._coming and _arrival(self._coming[0]) <= clock:
            self._registry.put(self._coming.popleft())

    def _learn_devices(self, clock: int) -> None:
        while self._coming_devices and _arrival(self._coming_devices[0]) <= clock:
            self._senders.put(self._coming_devices.popleft())


def as_rejected(reject: Reject) -> dict[str, object]:
    """A reject as it stands in the place of a verdict."""
    return {"scan_id": reject.scan_id, "rejected": {"field": reject.field, "reason": reject.reason}}


def _arrival(row: AnyRow) -> int:
    return instant(row.received) if isinstance(row.received, datetime) else 0
