"""Instants and Shanghai days."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache

SHANGHAI = timezone(timedelta(hours=8))
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def instant(text: str) -> datetime:
    """An RFC 3339 time, in UTC; ValueError for anything else."""
    if not RFC3339.fullmatch(text):
        raise ValueError("not RFC 3339")
    return datetime.fromisoformat(text.upper()).astimezone(UTC)


def midnight(day: date) -> datetime:
    """When a day begins in Asia/Shanghai."""
    return datetime.combine(day, time(0), SHANGHAI).astimezone(UTC)


def day_of(moment: datetime) -> date:
    """The day in Asia/Shanghai."""
    return moment.astimezone(SHANGHAI).date()


@cache
def a_day(text: str) -> date:
    """A date written YYYY-MM-DD; ValueError for anything else."""
    if not DAY.fullmatch(text):
        raise ValueError("not a date")
    return date.fromisoformat(text)


def years_after(day: date, years: int) -> date:
    """Same day and month; the last of the month in a year that has no such day (Civil Code, article 202)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 2, 28)
