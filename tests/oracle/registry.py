"""The master data as known at a moment of the arrival clock."""

from bisect import bisect_right
from collections import defaultdict
from datetime import date, datetime

from .times import a_day, instant


class Registry:
    """All rows ever loaded, in order of arrival; `known` is the registry as it stood."""

    def __init__(self, rows: list[dict]) -> None:
        self.rows: dict[tuple, list[dict]] = defaultdict(list)
        arrivals = [(instant(row["received"]) if row.get("received") else None, row) for row in rows]
        for row in [r for at, r in arrivals if at is None]:
            self.rows[row["kind"], row["id"]].append({**row, "arrived": None})
        later = [(at, row) for at, row in arrivals if at is not None]
        for at, row in sorted(later, key=lambda pair: pair[0]):
            self.rows[row["kind"], row["id"]].append({**row, "arrived": at})
        self.arrivals = sorted(at for at, _ in later)
        self.found: dict[tuple, dict | None] = {}  # the answers given so far; they never change

    def known(self, clock: datetime) -> "Known":
        return Known(self, clock)


class Known:
    """The rows that had arrived when the clock stood at `clock`; a row of the same key is a correction of the one before."""

    def __init__(self, registry: Registry, clock: datetime) -> None:
        self.registry, self.clock = registry, clock
        self.arrived = bisect_right(registry.arrivals, clock)

    def at(self, kind: str, name: str | None, day: date, role: str | None = None) -> dict | None:
        """The row valid on a day: of several the one that begins last. None where there is none."""
        question = kind, name, day, role, self.arrived
        if question not in self.registry.found:
            self.registry.found[question] = self.search(kind, name, day, role)
        return self.registry.found[question]

    def search(self, kind: str, name: str | None, day: date, role: str | None) -> dict | None:
        standing = {}
        for row in self.registry.rows.get((kind, name), []):
            if (row["arrived"] is None or row["arrived"] <= self.clock) and (role is None or row.get("role") == role):
                standing[row.get("valid_from"), row.get("role")] = row
        valid = [row for row in standing.values() if holds_on(row, day)]
        return max(valid, key=lambda row: row.get("valid_from") or "0000-00-00", default=None)


def holds_on(row: dict, day: date) -> bool:
    """Whether `valid_from` to `valid_to`, the last good day, takes in this day; a bound not given is open."""
    begins, ends = row.get("valid_from"), row.get("valid_to")
    return not (begins and day < a_day(begins)) and not (ends and day > a_day(ends))


def licence_holds(licence: dict | None, day: date) -> bool:
    """A licence missing, not begun, ended or suspended is none."""
    return licence is not None and not licence.get("suspended") and holds_on(licence, day)
