"""Instants and days, as the rules count them.

An *instant* is an int, microseconds since 1970-01-01T00:00Z. A *day* is an int, the proleptic Gregorian ordinal
(`date.toordinal()`) of the calendar day in Asia/Shanghai, which has had no daylight saving since 1991: UTC+8 all year.
"""

from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

import msgspec

SHANGHAI = timezone(timedelta(hours=8))
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_OFFSET = 8 * HOUR
_EPOCH_DAY = date(1970, 1, 1).toordinal()
# Its offset is the very object that msgspec gives the times it reads, so that the difference to one needs no offsets.
_EPOCH: datetime = msgspec.json.decode(b'"1970-01-01T08:00:00+08:00"', type=datetime)
_MICROSECOND = timedelta(microseconds=1)


def instant(moment: datetime) -> int:
    """The instant of an aware datetime. Half the time of its own `timestamp`, which goes by way of both offsets."""
    return (moment - _EPOCH) // _MICROSECOND


def day_of(at: int) -> int:
    """The Shanghai day an instant falls on."""
    return (at + _OFFSET) // DAY + _EPOCH_DAY


def beginning_of(day: int) -> int:
    """The instant a Shanghai day begins."""
    return (day - _EPOCH_DAY) * DAY - _OFFSET


def rfc3339(at: int) -> str:
    """An instant as the outside reads it: Shanghai time, and no more digits than it has (none, 3 or 6)."""
    minute, rest = divmod(at, MINUTE)
    second, part = divmod(rest, SECOND)
    if part % 1000:
        return f"{_minute(minute)}:{second:02}.{part:06}+08:00"
    return f"{_minute(minute)}:{second:02}.{part // 1000:03}+08:00" if part else f"{_minute(minute)}:{second:02}+08:00"


@lru_cache(1 << 12)  # alerts and verdicts tell of the last few hours
def _minute(minute: int) -> str:
    """A minute since 1970 as the outside reads it: `2026-08-31T10:15`."""
    return datetime.fromtimestamp(minute * 60, SHANGHAI).isoformat(timespec="minutes")[:16]


@lru_cache(1 << 16)
def iso_day(day: int) -> str:
    """A day as the outside reads it: `2026-08-31`."""
    return date.fromordinal(day).isoformat()


@lru_cache(1 << 16)  # a city has some ten thousand such days
def years_after(day: int, years: int) -> int:
    """The same day and month, `years` later; the last of the month where it has no such day (Civil Code, article 202)."""
    start = date.fromordinal(day)
    try:
        return start.replace(year=start.year + years).toordinal()
    except ValueError:
        return start.replace(year=start.year + years, day=28).toordinal()
