"""The rules' parameters as people read them: what each means, its unit, what it may be, and what is in force when."""

from datetime import date
from typing import NamedTuple, get_type_hints

import msgspec

from processors.parameters import Parameters, Schedule
from processors.rules.explained import shown

# By what a parameter's name contains.
_UNITS = {
    "km_per_hour": "km/h",
    "years": "years",
    "days": "days",
    "hours": "hours",
    "minutes": "minutes",
    "metres": "m",
    "kg": "kg",
    "cylinders": "cylinders",
    "enterprises": "enterprises",
    "scans": "scans",
    "purchase_at_least": "deliveries",
    "high_rises_prohibited": "",
}


class Parameter(NamedTuple):
    """A parameter as it is declared; `limits` are what its type allows."""

    name: str
    default: float
    unit: str
    limits: str
    meaning: str
    meaning_zh: str
    basis: str

    def written(self, value: float) -> str:
        """A value of it, with its unit."""
        return f"{as_toml(value)} {self.unit}".strip()


def as_toml(value: float) -> str:
    """A value as `pingliu.toml` has it."""
    return str(shown(value)).lower()


def _parameter(name: str, meta: msgspec.Meta) -> Parameter:
    default = getattr(Parameters(), name)
    unit = next(unit for ending, unit in _UNITS.items() if ending in name)
    least = f"over {shown(meta.gt)}, up" if meta.gt is not None else f"{meta.ge}"
    limits = "true or false" if isinstance(default, bool) else f"{least} to {meta.le}"
    extra = meta.extra or {}
    return Parameter(name, default, unit, limits, meta.description or "", extra["zh"], extra["basis"])


PARAMETERS = {
    name: _parameter(name, kind.__metadata__[0])
    for name, kind in get_type_hints(Parameters, include_extras=True).items()
}


class InForce(NamedTuple):
    """A parameter on a day, and the days on which it becomes another."""

    parameter: Parameter
    value: float
    later: tuple[tuple[date, float], ...] = ()

    def __str__(self) -> str:
        default = "" if self.value == self.parameter.default else f" (default {as_toml(self.parameter.default)})"
        changes = [f"; from {day} {self.parameter.written(value)}" for day, value in self.later]
        return f"{self.parameter.written(self.value)}{default}{''.join(changes)}"


def in_force(name: str, schedule: Schedule, changes: list[date], today: date) -> InForce:
    """A parameter today, and its later changes among those days."""
    value = latest = getattr(schedule.on(today.toordinal()), name)
    later = []
    for day in sorted(set(changes)):
        then = getattr(schedule.on(day.toordinal()), name)
        if day > today and then != latest:
            later.append((day, then))
            latest = then
    return InForce(PARAMETERS[name], value, tuple(later))
