"""Customers and vehicles, aliases and replaced labels on the real stack, over kill -9."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from stream import topics
from tests.kafka import harness
from tests.kafka.day import CITY, CREW, Day, kill, name_alias, replace_label, states
from tests.stream.scans import label

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@pytest.fixture(scope="module")
def day(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    with harness.stack(kafka, tmp_path_factory.mktemp("second-key"), CITY) as running:
        yield Day(running)


def told(day: Day, code: str, who: str) -> list[dict[str, Any]]:
    """What stands of a rule about a customer or a vehicle."""
    return [
        alert
        for alert in harness.standing_alerts(day.up.settings.broker).values()
        if alert["code"] == code and who in alert["evidence"].values()
    ]


def deliver(day: Day, on: int, customer: str, device: str = "D-co1") -> None:
    day.clock += timedelta(seconds=1)  # of several partitions the second key knows no order but that of the clock
    day.post(day.scan("deliver", on, device=device, customer=customer))


def held(day: Day, key: str) -> set[str]:
    """The labels that the changelog has of a customer or vehicle."""
    found = states(day.up.settings.broker, topics.HOLDERS_CHANGELOG.name)
    return {on for state in found.values() if (holder := state.get(key)) for on in holder.held}


@pytest.mark.parametrize("why", ["a fourth delivery", "a third enterprise"])
def test_abnormal_purchases_are_told_as_they_arrive(day: Day, why: str) -> None:
    if why == "a fourth delivery":
        customer, devices = "R4", ["D-co1"] * 5
    else:
        customer, devices = "R5", ["D-co1", "D-co2", "D-co3"]
    labels = range(100, 105) if customer == "R4" else range(110, 113)
    day.post(*(day.scan("bind", on) for on in labels))
    for place, (on, device) in enumerate(zip(labels, devices, strict=True)):
        day.until_past()
        assert told(day, "ABNORMAL_PURCHASE", customer) == []
        deliver(day, on, customer, device)
        if place == 0 and customer == "R4":
            day.after(days=125)
    (alert,) = harness.until("the alert", lambda: told(day, "ABNORMAL_PURCHASE", customer))
    assert (alert["label"], alert["raised_at"]) == (label(labels[-1]), day.clock.isoformat())


def test_a_customer_who_holds_too_many_a_day_later_is_told_over_crashes(day: Day) -> None:
    day.post(*(day.scan("bind", on) for on in range(120, 126)))
    for on in (120, 121, 122):
        deliver(day, on + 3, "R1")
        deliver(day, on, "R0")
        if on == 121:
            kill(day.up, "worker")
    day.after(hours=23)
    kill(day.up, "worker")
    day.post(day.scan("collect", 123, device="D-co1", customer="R1"))
    day.after(hours=1)
    assert told(day, "USER_EXCESS_HOLDING", "R0") == [], "its moment is now and not past"
    day.after(minutes=1)
    (alert,) = told(day, "USER_EXCESS_HOLDING", "R0")
    assert (alert["evidence"]["cylinders"], alert["raised_at"]) == (3, day.clock.isoformat())
    assert told(day, "USER_EXCESS_HOLDING", "R1") == [], "he holds two by now"
    assert held(day, "customer/R0") == {label(on) for on in (120, 121, 122)}
    assert held(day, "customer/R1") == {label(on) for on in (124, 125)}


def test_the_number_on_a_vehicle_is_told_after_its_wait_if_still_over(day: Day) -> None:
    day.post(*(day.scan("bind", on) for on in range(130, 134)))
    for on, vehicle in ((132, "V11"), (133, "V11"), (130, "V10"), (131, "V10")):
        day.clock += timedelta(seconds=1)
        day.post(day.scan("load", on, vehicle=vehicle, **CREW))
    day.after(minutes=5)
    kill(day.up, "worker")
    day.post(day.scan("unload", 133, vehicle="V11"))
    day.after(minutes=10)
    assert told(day, "VEHICLE_UNLICENSED", "V10") == []
    day.after(seconds=1)
    (alert,) = told(day, "VEHICLE_UNLICENSED", "V10")
    assert alert["evidence"] == {"vehicle": "V10", "cylinders": 2, "approved": 1}
    assert told(day, "VEHICLE_UNLICENSED", "V11") == []


def test_a_replaced_label_is_judged_as_scrapped_on_another_partition(day: Day) -> None:
    day.post(day.scan("bind", 140), *(day.scan("lookup", on) for on in range(150, 160)))
    log = harness.read_topic(day.up.settings.broker, topics.SCANS.name)
    where = {one.key().decode(): one.partition() for one in log if one.key()}
    new = next(on for on in range(150, 160) if where[label(on)] != where[label(140)])
    kill(day.up, "worker")
    replace_label(day, 140, new)
    (verdict,) = harness.post(day.up, day.scan("fill", 140, net_kg=14.5))
    assert [one["code"] for one in verdict["violations"]] == ["SCRAPPED_IN_USE"]


def test_an_alias_named_in_a_bind_stands_for_its_label_afterwards(day: Day) -> None:
    name_alias(day, 142, "NB-142")
    (verdict,) = harness.post(day.up, day.scan("precheck", 142, passed=True) | {"label": "NB-142"})
    assert (verdict["label"], verdict["decision"]) == (label(142), "allow")


def test_the_live_worker_told_what_one_run_of_judge_tells(day: Day) -> None:
    assert harness.assert_as_judge_says(day.up.settings.broker, CITY) > 30
