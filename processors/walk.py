"""Through the scans of a window in order: the rules run where they must, and what began and ended on the way is noted."""

from msgspec import Struct

from processors.alerts import alert_of
from processors.cylinder import Cylinder
from processors.due import Timer, running, show, timer_of
from processors.findings import is_alerted, look, told_of, verdict_of
from processors.labels import has_label_shape
from processors.ledger import Entry, Ledger, Standing, Told, apply, current, report_id
from processors.model import BindScan, Scan, Verdict
from processors.parameters import Schedule
from processors.registry import Registry
from processors.rules.case import Case
from processors.telling import FOUND, NEVER_SO, Telling
from processors.times import rfc3339


class Revised(Struct, frozen=True, gc=False):
    """A new verdict of an earlier scan: where that stands in the log, and how often it was revised."""

    offset: int
    revision: int
    verdict: Verdict


class Walk:
    """One walk, from `state` on, which it changes."""

    def __init__(
        self, label: str, ledger: Ledger, state: Cylinder, telling: Telling, registry: Registry, schedule: Schedule
    ) -> None:
        self.state = state
        self.revisions: list[Revised] = []
        self.aliases: list[str] = []
        self.recounted: list[tuple[Entry, Scan]] = []  # what has effect now and had none, or the other way round
        self._label = label
        self._ledger = ledger
        self._telling = telling
        self._registry = registry
        self._schedule = schedule
        self._over: dict[Timer, tuple[int, str]] = {}  # when a time that ran ended, and by what
        self._found: set[str] = set()  # reports that it is missing, which a move answered
        # Only what was told can be ended: without, nothing need be noted.
        self._running = running(state, schedule) if ledger.standing else {}

    def step(self, entry: Entry, scan: Scan, *, judge: bool, arrives: bool = False) -> None:
        """One scan: judged where it must be, and with its effect."""
        self._pass(entry.at)
        if judge:
            had_effect = entry.has_effect
            self._judge(entry, scan, arrives=arrives)
            if entry.has_effect != had_effect and not arrives:
                self.recounted.append((entry, scan))
        reported = self.state.reported
        apply(self.state, entry)
        if reported and not self.state.reported:
            self._found.update(reported)
        self._note_ended(entry.at, scan.type)
        if judge and isinstance(scan, BindScan) and entry.has_effect:
            self.aliases += [code for code in scan.data.aliases if not has_label_shape(code)]

    def settle(self, *, again_from: int | None = None, slow: tuple[int, str] | None = None) -> None:
        """Say what ended on the way.

        `again_from`: the walk began before the window and the rules ran again from that instant on, so that what it did
        not meet never was. `slow`: nothing was judged again, but a fact from beyond the window (when, what) counts now.
        """
        self._pass(None)
        for one in list(self._ledger.standing):
            if one.status == "shown":
                self._forget_unless_running(one)
            elif one.since:
                timer = timer_of(one)
                if timer in self._over:
                    self._end(one, *self._over[timer])
                elif slow is not None:
                    if one.status == "suspected" and timer not in self._running:
                        self._end(one, *slow)
                elif again_from is not None and timer not in self._running and _is_open(one, again_from):
                    self._telling.take_back(one, NEVER_SO)
            elif one.code == "REPORTED_MISSING":
                name = report_id(one)
                if name in self._found:
                    self._telling.end(one, FOUND)
                elif again_from is not None and name in self.state.reported:
                    self._telling.open_again(one)

    def _end(self, one: Standing, at: int, by: str) -> None:
        """A time that was told has ended then, by that: in time, or too late."""
        one.ended = at
        if at < one.limit:
            self._telling.take_back(one, f"it had ended in time: {by} at {rfc3339(at)}, which arrived later")
        else:
            self._telling.end(one, f"it has ended: {by} at {rfc3339(at)}")

    def _forget_unless_running(self, one: Standing) -> None:
        if timer_of(one) not in self._running:
            self._ledger.standing = [other for other in self._ledger.standing if other is not one]

    def _judge(self, entry: Entry, scan: Scan, *, arrives: bool) -> None:
        scan.label = self._label
        case = Case(scan, entry.at, self.state, self._registry, self._schedule)
        findings = [] if entry.voided else look(case)
        told = told_of(case, findings, entry.late)
        if not arrives and _differ(entry, told):
            entry.revision += 1
            self.revisions.append(Revised(entry.offset, entry.revision, verdict_of(scan, entry.at, told)))
        entry.told = told
        entry.origin, entry.seen = case.origin, case.sighting is not None
        found = [
            (alert_of(rule, evidence, case, entry.clock), rule.wait.of(case.parameters))
            for rule, evidence in findings
            if is_alerted(rule, scan)
        ]
        self._telling.compare(entry, found)

    def _pass(self, at: int | None) -> None:
        """Come to an instant (None: the end): another label may have taken this one's place before it."""
        retired = self._ledger.retired
        if retired is not None and self.state.retired is None and (at is None or at >= retired):
            self.state.retired = retired
            self._note_ended(retired, "replaced by another label")

    def _note_ended(self, at: int, by: str) -> None:
        if not self._ledger.standing:
            return
        now = running(self.state, self._schedule)
        for timer in self._running.keys() - now.keys():
            self._over[timer] = at, by
        self._running = now


def _is_open(one: Standing, again_from: int) -> bool:
    """Whether a time that was told had not ended before the rules ran again."""
    return one.status == "suspected" or one.ended >= again_from


def _differ(entry: Entry, told: Told | None) -> bool:
    """Whether a verdict is another than it was; a changed condition alone is none."""
    return _said(entry.told) != _said(told)


def _said(told: Told | None) -> tuple[object, ...]:
    return (told.decision, told.codes, told.prevented, told.sterner) if told else ("allow", (), (), ())


def again(
    walk: Walk,
    ledger: Ledger,
    first: int,
    arriving: Entry | None,
    clock: int,
    schedule: Schedule,
    slow: tuple[int, str] | None = None,
) -> None:
    """Walk the whole window from the state before it; the rules run again from entry number `first` on."""
    before = running(current(ledger), schedule)
    for number, entry in enumerate(ledger.entries):
        walk.step(entry, entry.scan, judge=number >= first, arrives=entry is arriving)
    walk.settle(again_from=ledger.entries[first].at if first < len(ledger.entries) else clock, slow=slow)
    walk.state.retired = ledger.retired
    ledger.now = walk.state
    show(ledger, before, clock, schedule)
