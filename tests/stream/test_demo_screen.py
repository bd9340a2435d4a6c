"""What the demo shows: the city's report with its rate, and planted against found."""

import sys

import pytest
from rich.console import Console

from stream.demo_screen import Found, by_rule, truth_table
from stream.demo_watch import City

# Reports 100 scans, hears that it may go on, and reports 400 more.
CITY = """
import json, sys
print("made ready", file=sys.stderr, flush=True)
print(json.dumps({"sent": 100}), flush=True)
print(json.dumps({"sent": 500}), flush=True)
sys.exit(3)
"""


def test_a_report_carries_its_rate_and_what_the_city_says_is_handed_on() -> None:
    said: list[str] = []
    city = City([sys.executable, "-c", CITY], said.append)
    assert city.finish() == 3
    assert said == ["made ready"]
    assert city.report["sent"] == 500
    assert city.report["rate"] > 0


def violation(scan_id: str, code: str) -> dict[str, str]:
    return {"scan_id": scan_id, "code": code}


PLANTED = [violation("1", "OVERFILL"), violation("2", "OVERFILL"), violation("3", "UNDERFILL")]


@pytest.mark.parametrize(
    ("told", "rows"),
    [
        (PLANTED, [Found("OVERFILL", 2, 2, 0, 0), Found("UNDERFILL", 1, 1, 0, 0)]),
        (PLANTED[1:], [Found("OVERFILL", 2, 1, 1, 0), Found("UNDERFILL", 1, 1, 0, 0)]),
        (
            [*PLANTED, violation("9", "OVERFILL"), violation("1", "LABEL_CLONE_SUSPECT")],
            [Found("LABEL_CLONE_SUSPECT", 0, 0, 0, 1), Found("OVERFILL", 2, 2, 0, 1), Found("UNDERFILL", 1, 1, 0, 0)],
        ),
    ],
    ids=["all found", "one missed", "two false"],
)
def test_planted_is_held_against_found(told: list[dict[str, str]], rows: list[Found]) -> None:
    assert by_rule(PLANTED, told) == rows
    console = Console(width=80)
    with console.capture() as shown:
        console.print(truth_table(rows))
    (total,) = [line.split() for line in shown.get().splitlines() if " all " in line]
    figures = [int(figure) for figure in total if figure.isdigit()]
    assert figures == [sum(row[place] for row in rows) for place in range(1, 5)]
