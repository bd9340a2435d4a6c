"""Through the scans of a window in order: the rules run where they must, and what began and ended on the way is noted."""

from msgspec import Struct

from processors.alerts import alert_of
from processors.cylinder import Cylinder
from processors.due import REPLACED, Course, running, show
from processors.findings import is_alerted, look, told_of, verdict_of
from processors.labels import has_label_shape
from processors.ledger import Entry, Ledger, Told, apply, current, report_id
from processors.model import BindScan, Scan, Verdict
from processors.parameters import Schedule
from processors.registry import Registry
from processors.repeats import know_for_good, would_count_again
from processors.rules import RULES
from processors.rules.case import Case
from processors.telling import FOUND, Telling

_COUNTED = frozenset(rule.code for rule in RULES if rule.counts)


class Revised(Struct, frozen=True, gc=False):
    """A new verdict of an earlier scan: where that stands in the log, how often it was revised, and whose scan it is."""

    offset: int
    revision: int
    verdict: Verdict
    device: str


class Walk:
    """One walk, from `state` on, which it changes."""

    def __init__(
        self, label: str, ledger: Ledger, state: Cylinder, telling: Telling, registry: Registry, schedule: Schedule
    ) -> None:
        self.state = state
        self.revisions: list[Revised] = []
        self.aliases: list[str] = []
        self.recounted: list[tuple[Entry, Scan]] = []  # what has effect now and had none, or the other way round
        self.fallen: list[tuple[Entry, Scan]] = []  # what breaks no more a rule that another key counts for too
        self._label = label
        self._ledger = ledger
        self._telling = telling
        self._registry = registry
        self._schedule = schedule
        self._found: set[str] = set()  # reports that it is missing, which a move answered
        # Only what was told can be ended: without, nothing need be noted.
        self._course = Course(ledger, state, schedule) if ledger.standing else None
        self._replaced = _replaced_from(ledger, state) if ledger.replaced else []

    def step(self, entry: Entry, scan: Scan, *, judge: bool, arrives: bool) -> None:
        """One scan: judged where it must be, and with its effect."""
        self._pass(entry.at)
        if judge:
            before = None if arrives else (entry.has_effect, entry.codes)
            self._judge(entry, scan, arrives=arrives)
            if before is not None:
                self._was_judged_again(entry, scan, *before)
        reported = self.state.reported
        apply(self.state, entry)
        if reported and not self.state.reported:
            self._found.update(reported)
        if self._course is not None:
            self._course.note(self.state, entry.at, scan.type)
        if judge and isinstance(scan, BindScan) and entry.has_effect:
            self.aliases += [code for code in scan.data.aliases if not has_label_shape(code)]

    def settle(self, *, is_whole: bool = False) -> None:
        """Say what ended on the way. `is_whole`: the walk began before the window; what it did not meet there never was."""
        self._pass(None)
        if self._course is not None:
            self._course.settle(self.state, self._telling, is_whole=is_whole)
        for one in self._ledger.standing:
            if one.code == "REPORTED_MISSING":
                name = report_id(one)
                if name in self._found:
                    self._telling.end(one, FOUND)
                elif name in self.state.reported:
                    self._telling.open_again(one)

    def _was_judged_again(self, entry: Entry, scan: Scan, had_effect: bool, codes: tuple[str, ...]) -> None:
        if self._course is not None:
            self._course.judged_again(self._label, entry, self._telling, self._registry)
        if entry.has_effect != had_effect:
            self.recounted.append((entry, scan))
        if not entry.voided and not _COUNTED.intersection(codes).issubset(entry.codes):
            self.fallen.append((entry, scan))

    def _judge(self, entry: Entry, scan: Scan, *, arrives: bool) -> None:
        case = Case.of(scan, entry.at, self.state, self._registry, self._schedule)
        findings = [] if entry.voided else look(case)
        told = told_of(case, findings, entry.late)
        if not arrives and _differ(entry, told):
            entry.revision += 1
            self.revisions.append(Revised(entry.offset, entry.revision, verdict_of(scan, entry.at, told), entry.device))
        entry.told = told
        entry.origin, entry.seen = case.origin, case.sighting is not None
        if would_count_again(entry):
            know_for_good(self._ledger, entry, case.parameters)
        found = [
            (alert_of(rule, evidence, case, entry.clock), rule.wait.of(case.parameters))
            for rule, evidence in findings
            if is_alerted(rule, scan)
        ]
        self._telling.compare(entry, found)

    def _pass(self, at: int | None) -> None:
        """Come to an instant (None: the end): another label may have taken this one's place before it."""
        while self._replaced and (at is None or at >= self._replaced[0]):
            then = self._replaced.pop(0)
            if self.state.retired is None:
                self.state.retired = then
            if self._course is not None:
                self._course.note(self.state, then, REPLACED, leaves=True)


def _replaced_from(ledger: Ledger, state: Cylinder) -> list[int]:
    """When labels took its place, on the way from that state on: before the window the first of them is in it already."""
    if state.retired is None:
        return [at for at, _ in ledger.replaced]
    return [at for at, _ in ledger.replaced if ledger.entries and at >= ledger.entries[0].at]


def _differ(entry: Entry, told: Told | None) -> bool:
    """Whether a verdict is another than it was; a changed condition alone is none."""
    return _said(entry.told) != _said(told)


def _said(told: Told | None) -> tuple[object, ...]:
    return (told.decision, told.codes, told.prevented, told.sterner) if told else ("allow", (), (), ())


def again(walk: Walk, ledger: Ledger, first: int, arriving: Entry | None, clock: int, schedule: Schedule) -> None:
    """Walk the whole window from the state before it; the rules run again from entry number `first` on."""
    before = running(current(ledger), schedule)
    for number, entry in enumerate(ledger.entries):
        walk.step(entry, entry.scan, judge=number >= first, arrives=entry is arriving)
    walk.settle(is_whole=True)
    ledger.now = walk.state
    show(ledger, before, clock, schedule)
