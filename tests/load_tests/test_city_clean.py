"""The clean part of the city keeps the whole catalogue, by a second opinion that is itself put to the proof."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
from city_faults import faults, lines_of, registry_of

from load_tests.city.plan import Plan, make_plan
from load_tests.city.registry import rows

plan_of = cache(make_plan)
Line = dict[str, Any]


@pytest.mark.parametrize("seed", [1, 7, 23])
def test_a_clean_cylinder_breaks_nothing(seed: int) -> None:
    plan = plan_of(seed)
    lines = lines_of(plan)
    assert len(lines) > 0.9 * len(plan.scans)
    assert faults(lines, registry_of(plan)) == []


def _without(kind: str) -> Callable[[list[Line]], list[Line]]:
    return lambda lines: [line for line in lines if line["type"] != kind]


def _changed(kind: str, change: Callable[[Line], None]) -> Callable[[list[Line]], list[Line]]:
    def broken(lines: list[Line]) -> list[Line]:
        one = next(line for line in lines[len(lines) // 2 :] if line["type"] == kind)
        change(one)
        return lines

    return broken


@pytest.mark.parametrize(
    ("breaking", "fault"),
    [
        (_without("precheck"), "not checked before"),
        (_without("postcheck"), "loaded full and unchecked"),
        (_without("load"), "not loaded"),
        (_without("fill"), "empty"),
        (_without("collect"), "received before it was collected"),
        (_changed("fill", lambda line: line["data"].update(net_kg=60)), "weight"),
        (_changed("load", lambda line: line["geo"].update(lat=29.0)), "from its site"),
        (_changed("collect", lambda line: line["geo"].update(lat=40.0)), "km in"),
        (_changed("load", lambda line: line["data"].pop("escort")), "no crew"),
        (_changed("deliver", lambda line: line["data"].update(vehicle="V99")), "not loaded"),
    ],
)
def test_the_second_opinion_sees_what_is_broken(breaking: Callable[[list[Line]], list[Line]], fault: str) -> None:
    plan = plan_of(1)
    assert any(fault in found for found in faults(breaking(lines_of(plan)), registry_of(plan)))


@pytest.mark.parametrize("kept", ["customer", "vehicle"])
def test_the_second_opinion_counts(kept: str) -> None:
    plan = plan_of(1)
    registry = registry_of(plan)
    if kept == "vehicle":
        registry = {key: row | {"max_cylinders": 1} if key[0] == "vehicle" else row for key, row in registry.items()}
        found = faults(lines_of(plan), registry)
        assert any("carries" in one for one in found)
    else:
        found = faults([line for line in lines_of(plan) if line["type"] not in ("collect", "receive")], registry)
        assert any("holds 3" in one for one in found)


def test_every_licence_but_the_small_enterprises_holds_throughout() -> None:
    plan: Plan = plan_of(1)
    first, last = plan.scans[0].received.date(), plan.scans[-1].received.date()
    lapsing = set()
    for row in rows(plan.world):
        for name in ("gas_licence", "filling_licence", "inspection_licence", "certificate", "permit"):
            licence = row.get(name)
            if licence and (
                licence.get("suspended")
                or not date.fromisoformat(licence["valid_from"]) <= first - timedelta(days=1)
                or date.fromisoformat(licence["valid_to"]) < last
            ):
                lapsing.add((row["id"], name))
    assert lapsing == {("E04", "filling_licence")}
