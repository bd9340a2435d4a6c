"""Made-up voids: of every kind of scan, in time and late, before their scan, by another enterprise, of nothing."""

import random
from datetime import datetime, timedelta

from .cylinders import Cylinder
from .open_questions import OpenQuestions
from .oracle import Oracle
from .pace import MICROSECOND, Pace
from .scenes import Scenes
from .times import day_of, instant
from .window import WINDOW

OFFICES = [f"D-{kind}-{number}" for kind in ("office", "agency") for number in range(3)]
IS_ANSWERED = {"precheck", "lookup"}  # whether one that was taken back before it came tells a condition is left open


class SecondThoughts:
    """Makes voids up, where the texts know what they do."""

    def __init__(
        self, rng: random.Random, oracle: Oracle, pace: Pace, scenes: Scenes, questions: OpenQuestions
    ) -> None:
        self.rng, self.oracle, self.pace, self.scenes, self.questions = rng, oracle, pace, scenes, questions

    def void(self, number: int, sent: list[tuple[dict, Cylinder, datetime]]) -> tuple[dict, Cylinder] | None:
        """Of one of the latest scans, or of an older one, at times of one that never was."""
        rng = self.rng
        some = [pair for pair in sent[-300:] if pair[0]["type"] not in {"void", "home_check"}]
        scraps = [pair for pair in some if pair[0]["type"] in {"scrap", "inspect"}]
        if not some:
            return None
        body, cylinder, _ = rng.choice(scraps if scraps and rng.random() < 0.25 else some[-rng.choice([5, 30, 300]) :])
        scan = self.oracle.given.scans[body["device"], body["scan_id"]]
        if cylinder not in self.scenes.cylinders or scan.label != cylinder.label or self.questions.asked_by_void(scan):
            return None
        by_another = rng.random() < 0.15 and self.questions.is_known(scan)
        void = self.made(number, body, cylinder, scan.enterprise, by_another)
        if void and rng.random() < 0.05:
            void["data"]["scan_id"] = f"never-{number:06}"
        return void and (void, cylinder)

    def in_advance(self, number: int, scan: dict, cylinder: Cylinder) -> dict | None:
        """Of a scan that has not come yet."""
        day = day_of(instant(scan["time"]))
        device = self.oracle.registry.known(self.pace.now).at("device", scan["device"], day)
        if device is None or scan["type"] in IS_ANSWERED | {"home_check"} or scan.get("dry_run"):
            return None
        return self.made(number, scan, cylinder, device["enterprise"], by_another=self.rng.random() < 0.15)

    def made(self, number: int, scan: dict, cylinder: Cylinder, enterprise: str, by_another: bool) -> dict | None:
        """Made at some time between the scan and now, in the end by a device of its enterprise, or just not."""
        rng, earliest = self.rng, instant(scan["time"])
        moment = max(earliest, self.pace.arrival - rng.choice([0, 0, 0, 1, 300, 90000]) * timedelta(seconds=1))
        story = self.oracle.archive.story(cylinder.label)
        newest = [each.time for each in story.own()[-1:]]
        if newest and rng.random() < 0.5:
            moment = max(earliest, min(moment, newest[0] + rng.choice([-1, 0, 1]) * MICROSECOND))
        if story.is_open((earliest, scan["device"], scan["scan_id"])):
            moment = min(moment, earliest + WINDOW)  # whether a void counts as the newest scan is left open
        self.questions.others[cylinder.label] += [earliest, moment]
        known, day = self.oracle.registry.known(self.pace.now), day_of(moment)
        rows = {name: known.at("device", name, day) for name in OFFICES}
        names = [name for name, row in rows.items() if row and (row["enterprise"] != enterprise) == by_another]
        if not names:
            return None
        device = rng.choice(names)
        return {
            "scan_id": f"{device[2:8]}-void-{number}",
            "type": "void",
            "label": self.scenes.written_label(cylinder),
            "device": device,
            "time": self.scenes.written(moment),
            "received": self.scenes.written(max(self.pace.arrival, moment)),
            "data": {"scan_id": scan["scan_id"], "device": scan["device"], "reason": "a mistake"},
        }
