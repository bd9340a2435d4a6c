"""The city's scans: the same for the same seed, well formed, in order, and with what was planted in them."""

import json
from collections import Counter, defaultdict
from datetime import datetime
from functools import cache

import pytest

from load_tests.city.plan import Plan, make_plan, truth
from load_tests.city.registry import rows
from processors import labels
from processors.intake import admit, parse
from processors.model import HomeCheckScan, Reject, Scan
from processors.parameters import DEFAULT
from processors.registry import Registry, parse_row
from processors.replay import Replay
from processors.times import instant

SEEDS = (1, 7)
plan_of = cache(make_plan)

FEWEST = {
    "UNKNOWN_LABEL": 5,
    "DUPLICATE_BINDING": 3,
    "SCRAPPED_IN_USE": 3,
    "INSPECTION_OVERDUE_FILL": 3,
    "INSPECTION_OVERDUE_DELIVER": 3,
    "FOREIGN_CYLINDER_FILL": 3,
    "UNLICENSED_FILLING": 3,
    "OVERFILL": 3,
    "DELIVER_WITHOUT_FILL": 3,
    "REALNAME_MISSING": 3,
    "INCIDENT_REPORTED": 3,
}


def registry_lines(plan: Plan) -> list[bytes]:
    return [json.dumps(row, ensure_ascii=False).encode() for row in rows(plan.world)]


def parsed(plan: Plan) -> list[Scan]:
    scans = [parse(scan.body) for scan in plan.scans]
    assert not [scan for scan in scans if isinstance(scan, Reject)]
    return [scan for scan in scans if not isinstance(scan, Reject)]


def test_the_same_seed_is_the_same_city() -> None:
    first, again, other = make_plan(3), make_plan(3), make_plan(4)
    assert registry_lines(first) == registry_lines(again)
    assert [scan.body for scan in first.scans] == [scan.body for scan in again.scans]
    assert truth(first, first.scans) == truth(again, again.scans)
    assert [scan.body for scan in first.scans] != [scan.body for scan in other.scans]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_scan_may_enter(seed: int) -> None:
    plan, registry = plan_of(seed), Registry()
    for line in registry_lines(plan):
        row = parse_row(line)
        assert not isinstance(row, Reject), (row, line)
        registry.put(row)
    for scan in parsed(plan):
        assert scan.received is not None
        admitted = admit(scan, instant(scan.received), registry, DEFAULT)
        assert not isinstance(admitted, Reject), (admitted, scan)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_volume_is_that_of_a_demo(seed: int) -> None:
    assert 8_000 <= len(plan_of(seed).scans) <= 12_000


@pytest.mark.parametrize("seed", SEEDS)
def test_scan_ids_are_unique(seed: int) -> None:
    ids = [scan.scan_id for scan in plan_of(seed).scans]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("seed", SEEDS)
def test_labels_carry_right_checks_but_where_planted(seed: int) -> None:
    plan = plan_of(seed)
    unknown = {mark["label"] for mark in truth(plan, plan.scans)["planted"] if mark["code"] == "UNKNOWN_LABEL"}
    wrong = {
        scan.label for scan in parsed(plan) if not isinstance(scan, HomeCheckScan) and not labels.is_ours(scan.label)
    }
    assert wrong
    assert wrong <= unknown


@pytest.mark.parametrize("seed", SEEDS)
def test_arrival_and_each_cylinder_go_forward(seed: int) -> None:
    plan = plan_of(seed)
    arrivals: list[datetime] = []
    times: dict[str, list[datetime]] = defaultdict(list)
    for sent, scan in zip(plan.scans, parsed(plan), strict=True):
        assert scan.received is not None
        assert 0 < (scan.received - scan.time).total_seconds() < 10
        assert sent.key == (scan.label or f"customer/{scan.data.customer}")
        arrivals.append(scan.received)
        times[sent.key].append(scan.time)
    assert arrivals == sorted(arrivals)
    for key, one in times.items():
        assert one == sorted(set(one)), key


@pytest.mark.parametrize("seed", SEEDS)
def test_each_violation_is_planted_at_least_three_times(seed: int) -> None:
    plan = plan_of(seed)
    told = truth(plan, plan.scans)
    assert set(told["codes"]) == set(FEWEST)
    assert all(told["codes"][code] >= fewest for code, fewest in FEWEST.items())
    assert sum(told["codes"].values()) == len(told["planted"])
    codes = {scan.scan_id: scan.deed.alerts for scan in plan.scans}
    assert all(mark["code"] in codes[mark["scan_id"]] for mark in told["planted"])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_accident_cylinder_has_a_full_story(seed: int) -> None:
    plan = plan_of(seed)
    story = [scan.deed for scan in plan.scans if scan.deed.key == plan.accident]
    kinds = Counter(deed.type for deed in story)
    assert kinds["deliver"] == kinds["fill"] == 4
    assert {"bind", "transfer", "inspect", "collect"} <= set(kinds)
    assert len({deed.data["customer"] for deed in story if deed.type == "deliver"}) == 2
    assert (story[0].type, story[-1].type) == ("bind", "incident")
    assert [deed.alerts for deed in story if deed.alerts] == [("INCIDENT_REPORTED",)]


def test_truth_tells_only_of_what_was_sent() -> None:
    plan = plan_of(1)
    some = plan.scans[: len(plan.scans) // 2]
    sent = {scan.scan_id for scan in some}
    told = truth(plan, some)
    assert told["planted"]
    assert {mark["scan_id"] for kind in ("planted", "prevented", "told") for mark in told[kind]} <= sent


@pytest.mark.parametrize("seed", SEEDS)
def test_the_judge_finds_what_was_planted_and_nothing_else(seed: int) -> None:
    plan = plan_of(seed)
    known = [row for row in map(parse_row, registry_lines(plan)) if not isinstance(row, Reject)]
    bodies = [scan.body for scan in plan.scans for _ in range(1 + scan.repeat)]
    found: dict[str, list[tuple[str, str]]] = {"planted": [], "prevented": []}
    duplicates = Counter[str]()
    for line in Replay(known, DEFAULT).answers(bodies):
        answer = json.loads(line)
        assert "rejected" not in answer, answer
        found["planted"] += [(alert["scan_id"], alert["code"]) for alert in answer["alerts"]]
        if answer["type"] == "timer":
            continue
        if answer.get("duplicate"):
            duplicates[answer["type"]] += 1
        else:
            found["prevented"] += [(answer["scan_id"], code) for code in answer["prevented"]]
    told = truth(plan, plan.scans)
    for kind, marks in found.items():
        assert sorted(marks) == sorted((mark["scan_id"], mark["code"]) for mark in told[kind]), kind
    repeats = Counter(scan.deed.type for scan in plan.scans if scan.repeat)
    # A home check has no verdict of its own, so that its repeat may be told as it was.
    duplicates["home_check"] = repeats["home_check"]
    assert duplicates == repeats
    assert repeats.total() == len(bodies) - len(plan.scans) > 100
