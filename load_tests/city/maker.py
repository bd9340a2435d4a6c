"""New cylinders, as they come to be labelled."""

from datetime import date, timedelta
from itertools import count

from load_tests.city.times import FIRST_DAY, chance
from load_tests.city.world import Cylinder, Model
from processors import labels

MAKERS = ("浙江金盾容器", "江苏民生压力容器", "山东环日集团")


class Maker:
    """Hands out cylinders, no two alike. Each is in date, and far from its due day, for the whole stretch."""

    def __init__(self, seed: int) -> None:
        self._rng = chance(seed, "cylinders")
        self._numbers = count(self._rng.randint(1, 9) * 10_000)

    def make(self, owner: str, model: Model, *, inspected: date | None = None) -> Cylinder:
        """A cylinder of an owner; with `inspected`, last inspected that day and made some years before."""
        number = next(self._numbers)
        if inspected is None:
            made = inspected = FIRST_DAY.date() - timedelta(days=self._rng.randint(60, 1200))
        else:
            made = inspected - timedelta(days=self._rng.randint(700, 1300))
        serial = f"{self._rng.choice('ABCDEFGH')}{number:07d}"
        label = labels.make(model.asset_type, f"{owner[1:]}{number:06d}")
        return Cylinder(label, serial, self._rng.choice(MAKERS), made, inspected, model, owner)
