"""Made-up scans that come late: before others of their cylinder in time, within the window, at its edges, beyond it."""

import random
from datetime import datetime, timedelta

from .cylinders import Cylinder
from .habits import NEXT
from .open_questions import OpenQuestions
from .oracle import Oracle
from .pace import MICROSECOND, Pace
from .past import Past
from .scan import Scan
from .scenes import Scenes
from .window import WINDOW

BEFORE = {  # what is likely to have been missing before a scan
    "fill": ["precheck", "precheck", "precheck", "collect", "receive"],
    "load": ["postcheck", "postcheck", "fill"],
    "deliver": ["load", "load", "load", "fill", "transfer"],
    "inspect": ["send_inspection", "receive"],
    "collect": ["deliver", "missing"],
    "receive": ["collect", "missing"],
}
LEADS = [timedelta(0), MICROSECOND, timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)]
EDGES = [-MICROSECOND, timedelta(0), timedelta(0), MICROSECOND]
FAR = [timedelta(hours=1), timedelta(hours=8), timedelta(days=1), timedelta(days=4), timedelta(days=20)]
SLOW = ["scrap", "inspect", "inspect", "transfer", "transfer", "bind", "incident", "fill", "deliver"]


class Disorder:
    """Each scan is one that the texts know how to judge; None where that was not found."""

    def __init__(
        self, rng: random.Random, oracle: Oracle, pace: Pace, scenes: Scenes, questions: OpenQuestions
    ) -> None:
        self.rng, self.oracle, self.pace, self.scenes, self.questions = rng, oracle, pace, scenes, questions

    def scan(self, number: int) -> tuple[dict, Cylinder] | None:
        rng = self.rng
        seen = [each for each in self.scenes.cylinders if self.oracle.archive.story(each.label).window()]
        if not seen:
            return None
        several = [each for each in seen if len(self.oracle.archive.story(each.label).window()) > 1]
        cylinder = rng.choice(several if several and rng.random() < 0.7 else seen)
        window = self.oracle.archive.story(cylinder.label).window()
        kind, moment, wanted = rng.choice([self.gap, self.gap, self.gap, self.edge, self.slow])(cylinder, window)
        if moment > self.pace.now + timedelta(minutes=5):
            return None
        scan = self.scenes.made(number, cylinder, kind, self.scenes.device(kind, cylinder), (moment, wanted), late=True)
        return None if self.questions.asked_by(scan, cylinder) else (scan, cylinder)

    def gap(self, cylinder: Cylinder, window: list[Scan]) -> tuple[str, datetime, dict]:
        """Shortly before a scan, what that may have missed."""
        rng = self.rng
        later = rng.choice(window)
        moment = later.time - rng.choice(LEADS)
        past = self.oracle.archive.past(cylinder.label, later.place_in_order)
        if past.binding is None and rng.random() < 0.7:
            return "bind", moment, {}
        kinds = BEFORE.get(later.type, ["lookup"]) if rng.random() < 0.7 else self.following(past)
        return rng.choice(kinds), moment, {"site": later.site} if later.site else {}

    def edge(self, cylinder: Cylinder, window: list[Scan]) -> tuple[str, datetime, dict]:
        """Exactly as old as the window is long, or about the oldest that it holds."""
        rng = self.rng
        moment = window[-1].time - WINDOW + rng.choice(EDGES)
        if len(window) > 60 and rng.random() < 0.8:
            moment = window[0].time + rng.choice(EDGES)
        past = self.oracle.archive.past(cylinder.label, (moment,))
        return rng.choice(self.following(past) + SLOW[:2]), moment, {}

    def slow(self, cylinder: Cylinder, window: list[Scan]) -> tuple[str, datetime, dict]:
        """Hours or days before the newest."""
        rng = self.rng
        moment = window[-1].time - (WINDOW if rng.random() < 0.6 else timedelta(0)) - rng.choice(FAR)
        if self.oracle.archive.past(cylinder.label).binding is None and rng.random() < 0.7:
            return "bind", moment, {}
        return rng.choice(SLOW), moment, {}

    def following(self, past: Past) -> list[str]:
        last = past.judged[-1].scan.type if past.judged else ""
        return NEXT.get(last, ["bind", "fill", "incident"])
