"""What came of a benchmark: figures by program, ratios by target; as tables and as JSON."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from rich.table import Table


@dataclass
class Figures:
    """Of one program, a value a round."""

    name: str
    unit: str = "scans"
    count: int = 0
    rates: list[float] = field(default_factory=list)  # units a second
    cpu: list[float] = field(default_factory=list)  # seconds of the program's processes per million units
    broker_cpu: list[float] = field(default_factory=list)
    note: str = ""


@dataclass
class Target:
    """A ratio of two programs, each value of one round; `more` says which way is better."""

    row: str
    measured: str
    values: list[float]
    floor: float | None = None
    aim: float | None = None
    more: bool = True

    @property
    def stands(self) -> str:
        """Where the median stands to floor and aim."""
        if self.floor is None or not self.values:
            return ""
        middle = median(self.values)

        def is_reached(bound: float) -> bool:
            return middle >= bound if self.more else middle <= bound

        if self.aim is not None and is_reached(self.aim):
            return "aim"
        return "floor" if is_reached(self.floor) else "missed"


@dataclass
class Report:
    """Of all rows asked for."""

    figures: list[Figures] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def add(self, other: "Report") -> None:
        self.figures += other.figures
        self.targets += other.targets
        self.left_out |= other.left_out

    def as_json(self) -> dict[str, Any]:
        """All values, with their medians and where they stand."""
        return {
            "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()},
            "targets": [
                asdict(one) | {"median": median(one.values) if one.values else None, "stands": one.stands}
                for one in self.targets
            ],
            "figures": [asdict(one) for one in self.figures],
            "left_out": self.left_out,
        }

    def tables(self) -> list[Table]:
        """Medians over the rounds, with the least and the most; each ratio is of two runs of one round."""
        machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
        targets = Table("measured against", "what", "median (min-max)", "floor", "aim", "", title=f"ratios; {machine}")
        for one in self.targets:
            bounds = ("" if bound is None else f"{bound:g}" for bound in (one.floor, one.aim))
            style = {"missed": "red", "floor": "yellow", "aim": "green"}.get(one.stands)
            targets.add_row(one.row, one.measured, spread(one.values, ".2f"), *bounds, one.stands, style=style)
        for name, why in self.left_out.items():
            targets.add_row(name, f"left out: {why}", "", "", "", "", style="dim")
        figures = Table("program", "units", "a second", "CPU s a million", "broker's", "", title="figures")
        for found in self.figures:
            spreads = (spread(values, form) for values, form in (
                (found.rates, ",.0f"), (found.cpu, ",.1f"), (found.broker_cpu, ",.1f")))  # fmt: skip
            figures.add_row(found.name, f"{found.count:,} {found.unit}", *spreads, found.note)
        return [targets, figures]


def spread(values: Sequence[float], form: str) -> str:
    """As 1.5 (1.4-1.7)."""
    if not values:
        return ""
    return f"{median(values):{form}} ({min(values):{form}}-{max(values):{form}})"
