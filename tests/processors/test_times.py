"""Instants, days and how both are written."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from processors.times import DAY, HOUR, MINUTE, SECOND, beginning_of, day_of, instant, iso_day, rfc3339, years_after


def test_the_units_are_microseconds():
    assert (SECOND, MINUTE, HOUR, DAY) == (10**6, 60 * 10**6, 3600 * 10**6, 86400 * 10**6)


def test_an_instant_counts_from_1970_in_utc():
    assert instant(datetime(1970, 1, 1, 8, tzinfo=timezone(timedelta(hours=8)))) == 0
    assert instant(datetime(2026, 11, 10, 2, 3, 4, 567891, UTC)) == 1_794_276_184_567_891
    assert type(instant(datetime.now(UTC))) is int


@pytest.mark.parametrize(("hour", "day"), [(15, date(2026, 11, 10)), (16, date(2026, 11, 11))])
def test_a_day_begins_at_midnight_in_shanghai(hour, day):
    at = instant(datetime(2026, 11, 10, hour, tzinfo=UTC))
    assert day_of(at) == day.toordinal()
    assert day_of(at - 1) == date(2026, 11, 10).toordinal()
    assert beginning_of(day.toordinal()) == instant(datetime(day.year, day.month, day.day - 1, 16, tzinfo=UTC))


@pytest.mark.parametrize(
    ("microseconds", "written"),
    [
        (0, "1970-01-01T08:00:00+08:00"),
        (1_000, "1970-01-01T08:00:00.001+08:00"),
        (1_001, "1970-01-01T08:00:00.001001+08:00"),
        (999_999, "1970-01-01T08:00:00.999999+08:00"),
        (61_500_000, "1970-01-01T08:01:01.500+08:00"),
    ],
)
def test_an_instant_is_written_in_shanghai_with_the_digits_it_has(microseconds, written):
    assert rfc3339(microseconds) == written
    assert instant(datetime.fromisoformat(written)) == microseconds


@pytest.mark.parametrize(
    ("start", "years", "end"),
    [
        (date(2018, 6, 1), 8, "2026-06-01"),
        (date(2024, 2, 29), 4, "2028-02-29"),
        (date(2024, 2, 29), 1, "2025-02-28"),
        (date(2024, 2, 28), 1, "2025-02-28"),
    ],
)
def test_years_later_is_the_same_day_and_month(start, years, end):
    assert iso_day(years_after(start.toordinal(), years)) == end
