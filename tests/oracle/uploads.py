"""Devices without signal: what they scan is kept back and comes hours later, in any order."""

import random
from datetime import datetime, timedelta

from .cylinders import Cylinder
from .pace import Pace

OFFLINE = [
    timedelta(minutes=3),
    timedelta(minutes=20),
    timedelta(hours=2),
    timedelta(hours=9),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=4),
]


class Uploads:
    """`kept` by device; each comes back at some time with all it has."""

    def __init__(self, rng: random.Random, pace: Pace) -> None:
        self.rng, self.pace = rng, pace
        self.back: dict[str, datetime] = {}
        self.kept: dict[str, list[tuple[dict, Cylinder]]] = {}

    def keeps(self, scan: dict, cylinder: Cylinder) -> bool:
        """Whether its device is without signal."""
        device = scan["device"]
        if device not in self.back:
            if self.rng.random() > 0.04:
                return False
            self.back[device] = self.pace.now + self.rng.choice(OFFLINE)
        self.kept.setdefault(device, []).append((scan, cylinder))
        return True

    def put_off(self, scan: dict, cylinder: Cylinder) -> None:
        """Keeps one scan back for a while."""
        self.back[scan["scan_id"]] = self.pace.now + self.rng.choice(OFFLINE[:4])
        self.kept[scan["scan_id"]] = [(scan, cylinder)]

    def arrived(self) -> list[tuple[dict, Cylinder]]:
        """What a device that is back now sends, in any order."""
        for device, moment in self.back.items():
            if moment <= self.pace.now:
                del self.back[device]
                scans = self.kept.pop(device)
                self.rng.shuffle(scans)
                return scans
        return []
