"""What many scans have in common, kept from the first of them: who and where, and whether the rules on that are met.

A day has a few thousand combinations of type, device, operator and site, of a cylinder's owner and model, of a vehicle
and its crew, and hundreds of scans of each. The rules that read nothing else (`Rule.reads`) are asked of the first scan of
a combination; what they said stands until the day ends or the registry changes. Most of what rules ask is asked so.
"""

from typing import Any

from msgspec import Struct

from processors.cylinder import Cylinder
from processors.due import first_told
from processors.model import Scan
from processors.parameters import Parameters, Schedule
from processors.registry import Model, Registry
from processors.rules import FOR_GOOD
from processors.rules.case import Case
from processors.scene import Scene
from processors.times import HOUR, beginning_of

_KEPT_AT_MOST = 1 << 16  # of half a kilobyte each


class Ground(Struct, frozen=True, gc=False):
    """Of one combination on one day, by one schedule."""

    begins: int  # the day: its first instant, and that of the next
    ends: int
    day: int
    schedule: Schedule
    parameters: Parameters
    scene: Scene
    model: Model | None
    is_met: bool  # whether all rules on it are
    accuracy: float  # what of a scan's place is less sure than that (m) is no evidence (rule 3)
    window: float  # how far back scans are kept (µs), and how many
    window_scans: int
    # After such a scan, until a time that runs is told (`first_told`): of an empty cylinder, and of a full one.
    first_told: tuple[tuple[int, int], tuple[int, int]]


def ground_of(
    key: tuple[Any, ...], scan: Scan, at: int, cylinder: Cylinder, registry: Registry, schedule: Schedule
) -> Ground:
    """What a scan of a cylinder in good standing has in common with all others of its `key` (in_order.py) on its day."""
    kept = registry.made_of_rows
    if len(kept) >= _KEPT_AT_MOST:
        kept.clear()
    case = Case.of(scan, at, cylinder, registry, schedule)
    kind, day, parameters = scan.type, case.day, case.parameters
    is_met = all(judges(case) is None for judges in FOR_GOOD[kind].once)
    ground = kept[key] = Ground(
        beginning_of(day), beginning_of(day + 1), day, schedule, parameters, case.scene, case.model, is_met,
        parameters.clone_accuracy_metres, parameters.window_hours * HOUR, parameters.window_scans,
        first_told(kind, parameters),
    )  # fmt: skip
    return ground
