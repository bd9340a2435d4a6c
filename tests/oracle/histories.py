"""Seeded histories of scans, plausible and fond of every rule's edges."""

import json
import random
from datetime import datetime, timedelta

from .archive import NOTHING_ELSE
from .city import City
from .cylinders import Cylinder, first_labels, good_label
from .disorder import Disorder
from .malformed import spoiled
from .open_questions import OpenQuestions
from .oracle import Oracle
from .pace import MICROSECOND, Pace
from .scenes import Scenes
from .second_thoughts import SecondThoughts
from .timers import running
from .times import instant
from .uploads import Uploads

DAYS = [20, 20, 60, 160, 250, 900]  # how long a history may take
DAYS_OF_DISORDER = [3, 6, 12, 20, 20, 60, 160]
CROWDED, CROWDED_DAYS = 0.04, 1.5  # the share of histories with more scans of a cylinder than a window holds
FEW = 5
REMEMBERED = timedelta(hours=71)  # a scan sent again after 72 h may be held to be new


class History:
    """`rows` of the registry, `lines` in order of arrival, and then the clock goes on to `until`.

    `outputs` holds what the oracle says to each line, a list each, and at last what it says at `until`. Without `disorder`
    a cylinder's scans come in order of `time`.
    """

    def __init__(self, seed: int, scans: int, disorder: bool = True) -> None:
        self.rng, self.disorder = random.Random(seed), disorder
        days = self.rng.choice(DAYS_OF_DISORDER if disorder else DAYS)
        self.rows = City(self.rng, days, steady_devices=disorder).rows
        self.oracle = Oracle(self.rows)
        is_crowded = disorder and self.rng.random() < CROWDED
        days = CROWDED_DAYS if is_crowded else days
        self.cylinders = [Cylinder(label) for label in first_labels(self.rng)][: 2 if is_crowded else None]
        self.pace = Pace(self.rng, self.rows, timedelta(days=days) / scans, self.oracle.clock.dues)
        self.scenes = Scenes(self.rng, self.oracle, self.pace, self.cylinders)
        self.questions = OpenQuestions(self.oracle)
        self.late = Disorder(self.rng, self.oracle, self.pace, self.scenes, self.questions)
        self.uploads = Uploads(self.rng, self.pace)
        self.second_thoughts = SecondThoughts(self.rng, self.oracle, self.pace, self.scenes, self.questions)
        self.sent: list[tuple[dict, Cylinder, datetime]] = []  # with the arrival
        self.lines: list[bytes] = []
        self.outputs: list[list[dict]] = []
        for number in range(scans):
            self.tell(number)
        self.until = self.the_end()
        self.outputs.append(self.oracle.until(self.until))

    @property
    def answers(self) -> list[dict]:
        """All outputs, in order."""
        return [output for outputs in self.outputs for output in outputs]

    def tell(self, number: int) -> None:
        """One more line, and what the oracle answers to it."""
        rng = self.rng
        if self.sent and rng.random() < 0.06:
            revised = [each for each in self.sent[-100:] if self.is_revised(each[0])]
            self.repeat(*rng.choice(revised if revised and rng.random() < 0.3 else self.sent[-20:]))
            return
        self.pace.go_on()
        if rng.random() < 0.03 and len(self.cylinders) > FEW:
            self.another_cylinder()
        if not self.disorder:
            self.send(*self.scenes.scan(number))
            return
        for scan, cylinder in self.uploads.arrived():
            self.pace.creep_on()
            self.upload(scan, cylinder)
        if rng.random() < 0.06 and (void := self.second_thoughts.void(number, self.sent)):
            self.send(*void)
            return
        scan, cylinder = (rng.random() < 0.25 and self.late.scan(number)) or self.scenes.scan(number)
        if self.uploads.keeps(scan, cylinder):
            cylinder.goes_on(scan)
        elif rng.random() < 0.02 and (void := self.second_thoughts.in_advance(number, scan, cylinder)):
            self.send(void, cylinder)
            self.uploads.put_off(scan, cylinder)
        elif not self.questions.asked_by(scan, cylinder):
            self.send(scan, cylinder)

    def upload(self, scan: dict, cylinder: Cylinder) -> None:
        """Sends a scan that was kept back, unless the texts leave open what would become of it."""
        scan |= {"received": max(self.pace.arrival, instant(scan["time"])).isoformat()}
        if cylinder in self.cylinders and not self.questions.asked_by(scan, cylinder):
            self.send(scan, cylinder)

    def send(self, scan: dict, cylinder: Cylinder) -> None:
        """A scan as a line, at times spoiled."""
        rng = self.rng
        line = json.dumps(scan, ensure_ascii=rng.random() < 0.5).encode()
        line = spoiled(rng, scan) if rng.random() < 0.06 else line
        answer = self.line(line)
        if "rejected" in answer or "duplicate" in answer:
            return
        scan = json.loads(line)  # a spoiled one may have been good all the same
        self.sent.append((scan, cylinder, self.pace.now))
        if answer["type"] == "void":
            past = self.oracle.archive.past(cylinder.label)
            cylinder.bound, cylinder.ended = past.binding is not None, past.scrapped
            return
        if not answer["dry_run"] and answer["type"] not in {"lookup", "home_check"}:
            self.take_in(scan, cylinder, answer)

    def line(self, line: bytes) -> dict:
        """Its verdict or reject."""
        self.lines.append(line)
        self.outputs.append(self.oracle.answers(line))
        return next(output for output in self.outputs[-1] if output.get("type") not in {"timer", "revision"})

    def take_in(self, scan: dict, cylinder: Cylinder, answer: dict) -> None:
        """Where the stories of the cylinders stand after a scan."""
        was_bound = cylinder.bound
        past = self.oracle.archive.past(cylinder.label)
        cylinder.take_in(scan, answer)
        cylinder.bound, cylinder.ended = past.binding is not None, cylinder.ended or past.scrapped
        cylinder.asleep = self.asleep(cylinder)
        self.scenes.take_in(scan, cylinder, answer)
        if answer["type"] != "bind" or {violation["code"] for violation in answer["violations"]} & NOTHING_ELSE:
            return
        replaced = self.oracle.archive.canonical(scan["data"].get("replaces", ""))
        for other in list(self.cylinders):
            if other.label == replaced and not was_bound:
                other.replaced(answer["time"])
            if other.label in self.oracle.archive.aliases:
                self.cylinders.remove(other)

    def asleep(self, cylinder: Cylinder) -> datetime | None:
        """At times nobody scans a cylinder for a while, so that they gather, or until about a limit of its timers."""
        timers = running(self.oracle.archive.past(cylinder.label))
        if not timers:
            return None
        if self.rng.random() < 0.6:
            return self.pace.now + self.rng.choice([0, 0, 10, 50, 100]) * self.pace.step
        limit = self.rng.choice(timers).limit
        if limit > self.pace.now + 250 * self.pace.step and self.rng.random() < 0.8:
            return None
        return limit + timedelta(hours=self.rng.choice([-30, -1, 0, 1, 24, 26, 50]))

    def another_cylinder(self) -> None:
        """A new one, often in the place of one that has ended."""
        ended = [cylinder for cylinder in self.cylinders if cylinder.ended]
        if ended and self.rng.random() < 0.8:
            self.cylinders.remove(self.rng.choice(ended))
        self.cylinders.append(Cylinder(good_label(self.rng)))

    def is_revised(self, scan: dict) -> bool:
        return self.oracle.given.revisions[scan["device"], scan["scan_id"]] > 0

    def repeat(self, scan: dict, cylinder: Cylinder, arrived: datetime) -> None:
        """An accepted scan again: byte for byte, in another order of its fields, at another time, or with another body."""
        rng, again, moment = self.rng, dict(scan), datetime.fromisoformat(scan["time"])
        how = rng.randrange(4)
        if how == 2:
            self.pace.go_on()
        too_old = max(cylinder.last[1] - moment, self.pace.now - arrived) > REMEMBERED
        if too_old or cylinder not in self.cylinders or self.has_left_the_window(scan, cylinder):
            return
        if how == 1:
            again = dict(rng.sample(sorted(again.items()), len(again)))
        elif how == 2:
            again["received"] = max(self.pace.arrival, moment).isoformat()
        elif how == 3:
            again |= self.scenes.another_body(scan)
        self.line(json.dumps(again).encode())

    def has_left_the_window(self, scan: dict, cylinder: Cylinder) -> bool:
        """Whether a repeat of it may be held to be new, by one reading or another."""
        story, moment = self.oracle.archive.story(cylinder.label), instant(scan["time"])
        is_beyond = story.is_beyond((moment, scan["device"], scan["scan_id"]))
        return scan["type"] != "home_check" and (is_beyond or self.questions.is_at_an_open_edge(story, moment))

    def the_end(self) -> datetime:
        """A while after the last line, at times to the edge of what falls due."""
        ahead = timedelta(minutes=5) + self.rng.choice([timedelta(minutes=15), timedelta(days=1), timedelta(days=400)])
        due = self.pace.next_due() if self.rng.random() < 0.5 else None
        return due + self.rng.choice([-1, 0, 1]) * MICROSECOND if due else self.pace.now + ahead
