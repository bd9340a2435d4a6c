"""The simulated stretch, and chance that is the same for the same seed."""

from datetime import datetime, timedelta, timezone
from random import Random

SHANGHAI = timezone(timedelta(hours=8))
FIRST_DAY = datetime(2026, 11, 9, tzinfo=SHANGHAI)
DAYS = 12  # 9 to 20 November 2026: long enough for cycles, too short for any timer of 15 days or more

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A moment of the stretch; `day` counts from 0."""
    return FIRST_DAY + timedelta(days=day, hours=hour, minutes=minute)


def chance(seed: int, part: str) -> Random:
    """A source of chance for one part of the city, so that a change to one part leaves the others as they were."""
    return Random(f"{seed}/{part}")  # noqa: S311 - a simulation that must repeat itself, no secret


def rfc3339(moment: datetime) -> str:
    """As devices send it: Shanghai time, milliseconds."""
    return moment.isoformat(timespec="milliseconds")
