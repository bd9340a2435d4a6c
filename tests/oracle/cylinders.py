"""The cylinders of a made-up history: their labels, and where the story of each stands."""

import random
from datetime import UTC, datetime

from . import labels
from .habits import LEGACY
from .times import instant

LAST_OF_ALL = "~"  # comes after every device: what is next is later in time


class Cylinder:
    """A label and where its story stands."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.last = ("", datetime.min.replace(tzinfo=UTC), "", "")  # type, time, device, scan_id of its newest
        self.bound = self.ended = False
        self.model = "YSP35.5"
        self.filled: datetime | None = None  # when last
        self.seen: list[tuple[str, datetime, dict]] = []  # device, time and `geo` of its scans
        self.asleep: datetime | None = None  # until when nobody is to scan it

    def take_in(self, scan: dict, answer: dict) -> None:
        """A scan that was accepted and leaves a trace, with its verdict."""
        codes = {violation["code"] for violation in answer["violations"]}
        self.bound = self.bound or (answer["type"] == "bind" and not codes)
        self.ended = self.ended or "SCRAPPED_IN_USE" in codes or answer["type"] == "scrap"
        if answer["type"] == "fill":
            self.filled = answer["time"]
        if "geo" in scan:
            self.seen.append((scan["device"], answer["time"], scan["geo"]))
        self.goes_on(scan)

    def goes_on(self, scan: dict) -> None:
        """What is next comes after this scan, if it is its newest."""
        moment = instant(scan["time"])
        if (moment, scan["device"], scan["scan_id"]) > self.last[1:]:
            self.last = scan["type"] if self.bound else "unbound", moment, scan["device"], scan["scan_id"]

    def replaced(self, moment: datetime) -> None:
        """What is still scanned of it comes later in time than that."""
        self.last = ("scrap", max(moment, self.last[1]), LAST_OF_ALL, "")
        self.ended, self.asleep = True, None


def good_label(rng: random.Random) -> str:
    serial = "".join(rng.choices(labels.ALPHABET, k=rng.choice([1, 7, 7, 15])))
    return labels.make(f"69{rng.randrange(10**10):010}", serial)


def first_labels(rng: random.Random) -> list[str]:
    """Good ones, one with a wrong check digit, one with a wrong check character, legacy codes."""
    good = list(dict.fromkeys(good_label(rng) for _ in range(24)))
    digit, character = good[-2][13], good[-1][-1]
    wrong_digit = good[-2][:13] + str((int(digit) + rng.randrange(1, 10)) % 10) + good[-2][14:]
    shifted = labels.ALPHABET[(labels.ALPHABET.index(character) + rng.randrange(1, 36)) % 36]
    return [*good[:-2], wrong_digit, good[-1][:-1] + shifted, *rng.sample(LEGACY, 2)]
