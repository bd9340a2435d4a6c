"""Rules that only other parameters than the defaults bring out."""

import json

import pytest
from test_examples import CITY, answers_of

from processors.parameters import Parameters, Schedule
from processors.registry import parse_row
from processors.replay import Replay
from processors.rules import BY_CODE
from processors.rules.declaration import Stay
from processors.times import DAY, HOUR


def answer(parameters: Parameters, *lines: str) -> dict:
    """The answer to the last line."""
    replay = Replay([parse_row(json.dumps(row).encode()) for row in CITY], Schedule(parameters))
    return [answers_of(replay, number, line) for number, line in enumerate(lines)][-1][-1]


@pytest.mark.parametrize(
    ("customer", "evidence"),
    [("C5", [{"why": "high_rise"}]), ("C4", []), ("C1", []), ("C11", [])],
    ids=["a high-rise", "other premises", "a resident of whom none are known", "a restaurant of which none are known"],
)
def test_29_no_cylinder_to_a_high_rise_where_that_is_prohibited(customer, evidence):
    lines = "11-10 10:00 loaded", f"11-10 10:01 courier1 deliver customer={customer}"
    told = answer(Parameters(high_rises_prohibited=True), *lines)
    assert [alert["evidence"] for alert in told["alerts"] if alert["code"] == "PROHIBITED_PREMISES"] == evidence
    assert told["decision"] == ("deny" if evidence else "allow")
    assert answer(Parameters(), *lines)["decision"] == "allow"


@pytest.mark.parametrize(
    ("code", "move", "parameter", "unit"),
    [
        ("FILLED_DWELL", "fill", "store_days", DAY),
        ("FILLED_DWELL", "load", "vehicle_hours", HOUR),
        ("CYLINDER_MISSING", "collect", "transit_hours", HOUR),
        ("CYLINDER_MISSING", "deliver", "customer_days", DAY),
    ],
)
def test_a_time_that_runs_is_over_at_a_whole_microsecond(code, move, parameter, unit):
    rule = BY_CODE[code]
    limit = rule.runs(Stay(move, full=True, missed=False), Parameters(**{parameter: 1 / 7}))
    assert limit == round(unit / 7)
    assert type(limit) is int


def test_how_much_later_it_is_told_is_whole_microseconds():
    told_after = BY_CODE["CYLINDER_MISSING"].told_after(Parameters(missing_told_hours=1 / 7))
    assert (told_after, type(told_after)) == (round(HOUR / 7), int)
    assert BY_CODE["FILLED_DWELL"].told_after(Parameters()) == 0
