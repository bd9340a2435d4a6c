"""What one arrival does: a scan put in its place, the rules run again from there, and all that follows from it."""

from dataclasses import dataclass, field, replace

from .alerts import alert
from .archive import NOTHING_ELSE, Archive
from .case import Case
from .given import Given, Key
from .late import effect
from .past import Judged
from .registry import Known, Registry
from .rules import violations
from .scan import Scan, scraps
from .standing import Standing
from .verdicts import plain, verdict
from .waiting import Clock
from .watch import Watch


@dataclass
class Outcome:
    """The verdict of the arrival and the alerts it causes at once. The other verdicts it changes are `given` again."""

    verdict: dict
    alerts: list[dict] = field(default_factory=list)


class Judging:
    """Judges scans in order of arrival, which is any order in time."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self.registry = registry
        self.archive = Archive(registry)
        self.given = Given()
        self.standing = Standing(clock, self.archive)
        self.cases: dict[Key, Case] = {}  # as last judged
        self.watch = Watch(clock, self.archive, lambda scan: self.cases[scan.key])
        self.replacing: dict[Key, Scan] = {}  # what a bind has put into the story of the label that it ended
        self.voids: set[tuple[str, Key, str]] = set()  # that wait for their scan: its label and key, and whose they are

    def take(self, scan: Scan) -> Outcome:
        if scan.type == "home_check":
            self.archive.home_checks += [scan] if scan.leaves_a_trace else []
            return Outcome(plain(scan))
        if not scan.leaves_a_trace:
            return Outcome(plain(scan) if scan.type == "void" else self.asked(scan))
        if scan.type == "void":
            return self.void(scan)
        if (scan.label, scan.key, scan.enterprise) in self.voids:
            self.standing.taken_back.add(scan.key)
            return Outcome(plain(scan))
        if self.archive.story(scan.label).is_beyond(scan.place_in_order):
            return self.late_upload(scan)
        return self.insertion(scan)

    def asked(self, scan: Scan) -> dict:
        """The answer to a `lookup` or `dry_run`."""
        past = self.archive.past(scan.label, scan.place_in_order)
        return verdict(*violations(scan, past, self.registry.known(scan.clock), self.archive.home_checks))

    def insertion(self, scan: Scan) -> Outcome:
        """A scan within the window, mostly at its end."""
        known, story = self.registry.known(scan.clock), self.archive.story(scan.label)
        past = self.archive.past(scan.label, scan.place_in_order)
        case, found = violations(scan, past, known, self.archive.home_checks)
        self.cases[scan.key] = case
        outcome = Outcome(verdict(case, found), self.standing.settle(case, found))
        story.put(past.judge(scan, known))
        self.settle_replacement(case, found, outcome)  # before a later `bind` is found to replace nothing
        self.run_again(scan.label, scan.place_in_order, known, outcome)
        story.slide()
        self.conclude(scan.label, known, outcome)
        if scan.type == "bind" and not found.keys() & NOTHING_ELSE:
            self.archive.name(scan)
        if not found.keys() & NOTHING_ELSE:
            outcome.alerts += self.standing.look_across(case)
        return outcome

    def run_again(self, label: str, after: tuple, known: Known, outcome: Outcome) -> None:
        """Judges the scans of a label after a place anew, one after the other."""
        story = self.archive.story(label)
        for scan in [scan for scan in story.own() if scan.place_in_order > after]:
            past = self.archive.past(label, scan.place_in_order)
            case, found = violations(scan, past, known, self.archive.home_checks)
            self.cases[scan.key] = case
            story.put(past.judge(scan, known))
            outcome.alerts += self.standing.settle(case, found)
            outcome.alerts += self.watch.judged_again(scan, known.clock)
            self.given.again(scan, verdict(case, found))
            self.settle_replacement(case, found, outcome)

    def conclude(self, label: str, known: Known, outcome: Outcome) -> None:
        """What follows from the whole story of a label."""
        outcome.alerts += self.standing.settle_reports(self.archive.story(label), known.clock)
        outcome.alerts += self.watch.settle(label, known.clock)

    def settle_replacement(self, case: Case, found: dict[str, dict], outcome: Outcome) -> None:
        """Ends the label that a `bind` replaces, or lets it live again where the `bind` turns out not to be good."""
        bind, is_first = case.scan, case.past.binding is None
        replaces = bind.type == "bind" and bind.replaces is not None and is_first and not found.keys() & NOTHING_ELSE
        if replaces and bind.key not in self.replacing:
            self.replace(bind, case.known, outcome)
        elif not replaces and bind.key in self.replacing:
            self.undo(bind, case.known, outcome)

    def replace(self, bind: Scan, known: Known, outcome: Outcome) -> None:
        """Ends the label that a `bind` replaces, from its time on: before all of its scans of that time."""
        label = bind.replaces
        first = self.replacing[bind.key] = replace(bind, body=bind.body | {"device": "", "scan_id": ""})
        story = self.archive.story(label)
        is_beyond = story.is_beyond(first.place_in_order)
        story.put(Judged(first, bind.clock))
        if not is_beyond:
            self.run_again(label, first.place_in_order, known, outcome)
        self.conclude(label, known, outcome)

    def late_upload(self, scan: Scan) -> Outcome:
        """A scan beyond the window: history only, but for slow facts. 36 and 37 alert always."""
        known, story = self.registry.known(scan.clock), self.archive.story(scan.label)
        outcome = Outcome(plain(scan))
        past = self.archive.past(scan.label, scan.place_in_order)
        case, found = violations(scan, past, known, self.archive.home_checks)
        for code in found.keys() & {"INCIDENT_REPORTED", "REPORTED_MISSING"}:
            outcome.alerts.append(self.standing.tell(scan.key, code, alert(case, code, {})))
        if judged := effect(scan, past, self.archive.past(scan.label), known):
            story.put(judged)
            story.slide()
            self.cases[scan.key] = case
            if scan.type == "bind":
                self.archive.name(scan)
            self.conclude(scan.label, known, outcome)
        return outcome

    def is_of_another(self, void: Scan) -> bool:
        """Whether a `void` would take back what a device of another enterprise made."""
        scan = self.given.scans.get(target(void))
        return scan is not None and scan.label == void.label and scan.enterprise != void.enterprise

    def void(self, void: Scan) -> Outcome:
        """Takes a scan back: the rules run again as if it had never been."""
        outcome, known = Outcome(plain(void)), self.registry.known(void.clock)
        scan, story = self.given.scans.get(target(void)), self.archive.story(void.label)
        if scan is None or scan.label != void.label:
            self.voids.add((void.label, target(void), void.enterprise))
            return outcome
        is_open = story.is_open(scan.place_in_order)
        if not story.holds(scan) or not (is_open or scraps(scan)):
            return outcome
        story.take_out(scan)
        outcome.alerts += self.standing.take_back(scan.key, known.clock)
        self.given.taken_back(scan, plain(scan))
        if is_open:
            self.run_again(void.label, scan.place_in_order, known, outcome)
        self.conclude(void.label, known, outcome)
        if scan.key in self.replacing:
            self.undo(scan, known, outcome)
        return outcome

    def undo(self, bind: Scan, known: Known, outcome: Outcome) -> None:
        """The label that a `bind` had ended lives again."""
        first = self.replacing.pop(bind.key)
        label, story = bind.replaces, self.archive.story(bind.replaces)
        story.take_out(first)
        if not story.is_beyond(first.place_in_order):
            self.run_again(label, first.place_in_order, known, outcome)
        self.conclude(label, known, outcome)


def target(void: Scan) -> Key:
    """The key of the scan that a `void` takes back."""
    return void.data["device"], void.data["scan_id"]
