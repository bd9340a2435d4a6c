"""The parameters: each says what it is and on what basis, and which are in force on which day."""

from datetime import date, timedelta
from typing import Any, get_type_hints

import msgspec
import pytest

from processors.parameters import DEFAULT, Parameters, ParametersError, Schedule
from processors.rules import RULES
from processors.times import MINUTE

NAMES = Parameters.__struct_fields__
DAY = date(2027, 1, 1)
# What is read where scans are taken in and remembered, by no rule.
OF_EVERY_SCAN = {"ahead_minutes", "late_minutes", "window_hours", "window_scans", "unknown_code_days"}


def on(schedule: Schedule, day: date) -> Parameters:
    return schedule.on(day.toordinal())


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_says_what_it_is_and_on_what_basis(name: str) -> None:
    (meta,) = get_type_hints(Parameters, include_extras=True)[name].__metadata__
    assert meta.description
    assert meta.extra["basis"]
    assert any("\u4e00" <= character <= "\u9fff" for character in meta.extra["zh"])


def test_every_parameter_is_looked_at() -> None:
    by_rules = {name for rule in RULES for name in rule.parameters}
    assert by_rules | OF_EVERY_SCAN == set(NAMES)
    assert not by_rules & OF_EVERY_SCAN


@pytest.mark.parametrize("name", NAMES)
def test_a_default_is_a_value_that_may_be_given(name: str) -> None:
    value = getattr(Parameters(), name)
    assert on(Schedule.of({name: value}), DAY) == Parameters()


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"high_rises_prohibited"}))
@pytest.mark.parametrize("beyond", [float("inf"), 1e300, 10**18])
def test_a_value_beyond_reason_is_refused(name: str, beyond: float) -> None:
    with pytest.raises(ParametersError, match=rf"rules\.{name}: "):
        Schedule.of({name: beyond})


def test_a_change_holds_from_its_day_on_and_changes_nothing_else() -> None:
    schedule = Schedule.of({"due_soon_days": 45, "changes": [{"from": DAY, "inspection_years": 3}]})
    before, after = on(schedule, DAY - timedelta(days=1)), on(schedule, DAY)
    assert before == Parameters(due_soon_days=45)
    assert after == Parameters(due_soon_days=45, inspection_years=3)
    assert on(schedule, date.max) == after
    assert on(schedule, date.min) == before


def test_changes_build_on_each_other_by_day_in_whatever_order_they_stand() -> None:
    later, sooner = {"from": "2028-01-01", "store_days": 7}, {"from": "2027-01-01", "store_days": 10, "life_years": 9}
    schedule = Schedule.of({"changes": [later, sooner]})
    assert [on(schedule, date(year, 6, 1)).store_days for year in (2026, 2027, 2028)] == [15, 10, 7]
    assert on(schedule, date(2028, 6, 1)).life_years == 9


def test_without_a_table_the_defaults_hold() -> None:
    assert on(Schedule.of({}), DAY) == on(DEFAULT, DAY) == Parameters()


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"due_soon_day": 45}, "rules.due_soon_day: no such parameter; there are life_years, "),
        ({"due_soon_days": "45"}, "rules.due_soon_days: Expected `int`, got `str`"),
        ({"due_soon_days": 4.5}, "rules.due_soon_days: Expected `int`, got `float`"),
        ({"high_rises_prohibited": 1}, "rules.high_rises_prohibited: Expected `bool`, got `int`"),
        ({"life_years": 0}, "rules.life_years: Expected `int` >= 1, got 0"),
        ({"life_years": 51}, "rules.life_years: Expected `int` <= 50, got 51"),
        ({"store_days": 0}, "rules.store_days: Expected `float` > 0.0, got 0"),
        ({"precheck_hours": float("nan")}, "rules.precheck_hours: Expected `float` >= 0.0, got nan"),
        ({"changes": [{"from": DAY}, {"from": DAY, "life": 9}]}, "rules.changes[1].life: no such parameter"),
        ({"changes": [{"from": DAY, "life_years": None}]}, "rules.changes[0].life_years: Expected `int`"),
        ({"changes": [{"from": "2027-02-30"}]}, "rules.changes[0].from: wanted a date, got '2027-02-30'"),
        ({"changes": [{"life_years": 9}]}, "rules.changes[0].from: wanted a date, got None"),
        ({"changes": [2027]}, "rules.changes[0]: wanted a table"),
        ({"changes": {"from": DAY}}, "rules.changes: wanted a list, [[rules.changes]], got {'from'"),
        ({"changes": 2027}, "rules.changes: wanted a list, [[rules.changes]], got 2027"),
        ({"changes": None}, "rules.changes: wanted a list, [[rules.changes]], got None"),
    ],
)
def test_a_wrong_parameter_is_named_in_one_line(table: dict[str, Any], told: str) -> None:
    with pytest.raises(ParametersError) as refusal:
        Schedule.of(table)
    assert str(refusal.value).startswith(told)
    assert "\n" not in str(refusal.value)


def test_parameters_are_never_changed_in_place() -> None:
    with pytest.raises(AttributeError):
        Parameters().life_years = 9  # type: ignore[misc]
    assert msgspec.structs.replace(Parameters(), life_years=9) != Parameters()


def test_the_window_is_72_hours_and_64_scans() -> None:
    assert (Parameters().window_hours, Parameters().window_scans) == (72, 64)


def test_changes_may_be_given_in_any_order() -> None:
    first, later = date(2027, 1, 1), date(2028, 1, 1)
    changes = {later.toordinal(): Parameters(store_days=7), first.toordinal(): Parameters(store_days=10)}
    schedule = Schedule(Parameters(), changes)
    assert [on(schedule, day).store_days for day in (date(2026, 12, 31), first, date(2027, 12, 31), later)] == [
        15,
        10,
        10,
        7,
    ]


def test_what_is_late_on_no_day_is_known_without_looking_the_day_up() -> None:
    assert Schedule(Parameters(late_minutes=30)).late_after == 30 * MINUTE
    sooner = Schedule(Parameters(late_minutes=30), {DAY.toordinal(): Parameters(late_minutes=5)})
    assert sooner.late_after == 5 * MINUTE
