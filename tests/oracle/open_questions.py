"""What the texts leave open about scans that come late, so that made-up histories do not ask it."""

from collections import defaultdict
from datetime import datetime

from .cylinders import Cylinder
from .oracle import Oracle
from .past import Past
from .scan import MOVES, Scan, scraps
from .times import instant
from .window import WINDOW, Story

UNANSWERED = {"lookup", "precheck", "missing"}  # beyond the window: their condition; what resolves the report
ENDING = {"bind", "scrap", "inspect"}  # what may change whether a later bind is good
NEARLY_FULL = 50  # of the 64: what a void does to a full window is left open


class OpenQuestions:
    """`others`: when something was that may or may not count as a cylinder's newest scan: voids and what they took back."""

    def __init__(self, oracle: Oracle) -> None:
        self.oracle, self.archive = oracle, oracle.archive
        self.others: dict[str, list[datetime]] = defaultdict(list)
        self.watch, self.standing = oracle.judging.watch, oracle.judging.standing

    def asked_by(self, scan: dict, cylinder: Cylinder) -> bool:
        """Whether the texts may be read in two ways about this scan, would it come now."""
        if scan["type"] == "home_check":
            return False
        place = instant(scan["time"]), scan["device"], scan["scan_id"]
        story, data = self.archive.story(cylinder.label), scan.get("data", {})
        if self.is_at_an_open_edge(story, place[0]) or self.unmakes_a_bind(story, scan["type"], place):
            return True
        if story.is_beyond(place):
            return self.is_beyond_and_open(scan, place)
        if scan["type"] == "bind" and "replaces" in data:
            old = self.archive.story(self.archive.canonical(data["replaces"]))
            edges = self.is_at_an_open_edge(old, place[0]) or self.unmakes_a_bind(old, "scrap", place)
            return edges or self.is_replaced_by(old, cylinder.label)
        return False

    def is_at_an_open_edge(self, story: Story, moment: datetime) -> bool:
        """Whether it is within the window by one reading and beyond it by another of what its newest scan is."""
        newest = [scan.time for scan in story.own()[-1:]]
        replaced = [each.scan.time for each in story.judged if each.scan.label != story.label]
        others = replaced + self.others[story.label]
        if not others or (newest and max(others) <= newest[0]):
            return False
        return max(others) - WINDOW > moment and (not newest or moment >= newest[0] - WINDOW)

    def unmakes_a_bind(self, story: Story, kind: str, place: tuple) -> bool:
        """Whether it may change what a later bind is that named aliases, or replaced a label beyond that label's window."""
        later = [scan for scan in story.own() if scan.type == "bind" and scan.place_in_order > place]
        return kind in ENDING and any("aliases" in bind.data or self.replaces_long_ago(bind) for bind in later)

    def is_replaced_by(self, old: Story, label: str) -> bool:
        """Whether two labels would replace each other: what each is judged before the other's news is there is left open."""
        return any(scan.type == "bind" and scan.replaces == label for scan in old.own())

    def replaces_long_ago(self, bind: Scan) -> bool:
        if bind.replaces is None:
            return False
        old = self.archive.story(bind.replaces)
        return old.is_beyond(bind.place_in_order) or self.is_at_an_open_edge(old, bind.time)

    def is_beyond_and_open(self, scan: dict, place: tuple) -> bool:
        kind, data, label = scan["type"], scan.get("data", {}), self.archive.canonical(scan["label"])
        label = label.rpartition("/")[2]
        whole, past = self.archive.past(label), self.archive.past(label, place)
        if kind in UNANSWERED or scan.get("dry_run"):
            return True
        if kind == "bind":
            return bool({"aliases", "replaces"} & data.keys())
        if kind not in {"transfer", "inspect", "scrap"} or whole.binding is None:
            return False
        if place < whole.binding.place_in_order:
            return True
        if kind == "scrap":
            return whole.scrapped and past.scrapped
        return whole.scrapped or (kind == "inspect" and self.is_open_inspection(data["result"], whole, place))

    def is_open_inspection(self, result: str, whole: Past, place: tuple) -> bool:
        """Whether it matters if a late inspection empties and moves the cylinder, or what it gives way to."""
        past = self.archive.past(whole.label, place)
        if result == "scrap" and any(other.place_in_order > place for other in whole.believed):
            return True
        has_moved_since = any(scan.type in MOVES and scan.place_in_order > place for scan in whole.moving)
        return past.full() or past.on_the_way_to_agency() or not has_moved_since

    def is_known(self, scan: Scan) -> bool:
        """Whether a `void` of it by another enterprise must be refused: what is forgotten cannot be."""
        story = self.archive.story(scan.label)
        return story.holds(scan) and (story.is_open(scan.place_in_order) or scraps(scan))

    def asked_by_void(self, scan: Scan) -> bool:
        """Whether the texts may be read in two ways about this scan, would it be taken back now."""
        story = self.archive.story(scan.label)
        if not story.holds(scan):
            return False
        if self.is_at_an_open_edge(story, scan.time) or self.has_ended_a_told_timer(scan, scan.label):
            return True
        if story.is_open(scan.place_in_order):
            return len(story.window()) > NEARLY_FULL or self.unmakes(scan, story)
        return scraps(scan) and (self.standing.told[scan.key] or self.is_one_of_several_ends(scan, story))

    def unmakes(self, scan: Scan, story: Story) -> bool:
        """Whether taking it back may change what another bind is, or what an alias counts as."""
        if self.unmakes_a_bind(story, scan.type, scan.place_in_order) or "aliases" in scan.data:
            return True
        replaced = self.oracle.judging.replacing.get(scan.key)
        if replaced is None:
            return False
        old = self.archive.story(scan.replaces)
        is_open = old.is_open(scan.place_in_order) and not self.is_at_an_open_edge(old, scan.time)
        unmade = self.unmakes_a_bind(old, "scrap", scan.place_in_order)
        return not is_open or unmade or self.has_ended_a_told_timer(replaced, scan.replaces)

    def has_ended_a_told_timer(self, scan: Scan, label: str) -> bool:
        """When an alert that is over is told again, its time running again, is left open."""
        past = self.archive.past(label)
        return any(timer.end(past) is scan for timer, _ in self.watch.told[label].values())

    def is_one_of_several_ends(self, scan: Scan, story: Story) -> bool:
        others = [each.scan for each in story.judged if each.scan is not scan]
        is_plain = not self.oracle.given.verdicts[scan.key]["violations"]
        return not is_plain or any(other.label != story.label or scraps(other) for other in others)
