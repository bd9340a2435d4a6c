"""A rule reads what it declares and no more; and what was kept of its answers goes when the day or the registry changes."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from test_in_order import AT, LOADED, ROWS, SCAN, registry

from processors import findings, ground, judge, walk
from processors.in_order import in_order
from processors.ledger import Ledger
from processors.model import Load, LoadScan, Reject
from processors.parameters import DEFAULT, Parameters, Schedule
from processors.registry import Registry, parse_row
from processors.replay import Replay
from processors.rules import RULES, Rule
from processors.rules.case import Case
from processors.times import DAY
from tests.oracle.histories import History

# What may be read of a case, by what a rule declares; and of its scan, and of what that says.
OF_CASE = {
    "scene": {
        "scene", "device", "enterprise_id", "enterprise", "site_id", "site", "filling_enterprise_id", "filling_enterprise",
        "origin", "is_public",
    },
    "vehicle": {"vehicle", "vehicle_id"}, "model": {"model"},
}  # fmt: skip
OF_SCAN = {"scene": {"device", "operator", "site"}}
OF_DATA = {"vehicle": {"vehicle"}, "crew": {"driver", "escort"}}
OF_REGISTRY = {"enterprise", "site", "staff", "vehicle", "device", "model"}
ALWAYS = {"day", "parameters", "registry", "scan", "cylinder", "qualified"}
KEPT = [rule for rule in RULES if rule.reads is not None]


class UndeclaredError(Exception):
    """A rule read what it does not declare."""


class Guarded:
    """Something of which some fields alone may be read; `instead`: what is found in place of its own."""

    def __init__(self, it: Any, fields: set[str], **instead: Any) -> None:
        object.__getattribute__(self, "__dict__").update(it=it, fields=fields, instead=instead)

    def __getattribute__(self, name: str) -> Any:
        own = object.__getattribute__(self, "__dict__")
        if name == "__class__":
            return type(own["it"])
        if name in own["instead"]:
            return own["instead"][name]
        if name not in own["fields"]:
            raise UndeclaredError(f"{type(own['it']).__name__}.{name}")
        return getattr(own["it"], name)


class GuardedCase(Case):
    """A case of which a rule may read what it declares."""

    def __init__(self, case: Case, rule: Rule) -> None:
        def of(fields: dict[str, set[str]]) -> set[str]:
            return {field for one in rule.reads or () for field in fields.get(one, ())}

        self.may = ALWAYS | of(OF_CASE)
        data: Any = Guarded(case.scan.data, of(OF_DATA))
        self.scan = Guarded(case.scan, {"type", *of(OF_SCAN)}, data=data)  # type: ignore[assignment]
        self.cylinder = Guarded(case.cylinder, {"owner", "model"} & set(rule.reads or ()))  # type: ignore[assignment]
        self.registry = Guarded(case.registry, OF_REGISTRY)  # type: ignore[assignment]
        self.day, self.parameters, self.scene, self.model = case.day, case.parameters, case.scene, case.model

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("__") and name not in super().__getattribute__("__dict__").get("may", {name}):
            raise UndeclaredError(f"Case.{name}")
        return super().__getattribute__(name)


def test_a_rule_reads_what_it_declares_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[tuple[str, bool]] = Counter()

    def look_and_see(case: Case) -> list[findings.Finding]:
        kind = case.scan.type
        for rule in KEPT:
            if rule.judges and (kind in rule.scans or (kind == "precheck" and rule.at_precheck)):
                evidence = rule.judges(GuardedCase(case, rule))
                assert evidence == rule.judges(case)
                asked[rule.code, evidence is None] += 1
        return findings.look(case)

    monkeypatch.setattr(judge, "PLAIN", frozenset())  # the short way asks once
    monkeypatch.setattr(walk, "look", look_and_see)
    for seed in range(4):
        history = History(seed, 500)
        replay = Replay([parse_row(json.dumps(row).encode()) for row in history.rows], Schedule(Parameters()))  # type: ignore[misc]
        for line in history.lines:
            replay.take(line)
    assert set(asked) == {(rule.code, is_met) for rule in KEPT for is_met in (False, True)}


def test_a_rule_that_reads_more_is_found_out() -> None:
    (rule,) = (rule for rule in RULES if rule.code == "CREW_UNQUALIFIED")
    case = Case.of(LOADING, AT, LOADED, registry(), DEFAULT)
    guarded = GuardedCase(case, rule)
    for read in (
        lambda it: it.at, lambda it: it.customer, lambda it: it.sighting, lambda it: it.enterprise_id,
        lambda it: it.cylinder.full, lambda it: it.cylinder.owner, lambda it: it.scan.scan_id, lambda it: it.scan.device,
        lambda it: it.scan.data.vehicle, lambda it: it.registry.customer("C1", 1),
        lambda it: it.registry.home_checks("C1", 1),
    ):  # fmt: skip
        with pytest.raises(UndeclaredError):
            read(guarded)
    assert guarded.scan.data.driver == "P1"
    assert isinstance(guarded.scan, LoadScan)


# Loaded by a crew and onto a vehicle that are good on the day of the scan and the day after.
TODAY, TOMORROW = "2026-11-10", "2026-11-11"
PAPER = {"no": "1", "valid_from": "2026-01-01", "valid_to": TOMORROW}
CREW: list[dict[str, Any]] = [
    {"kind": "staff", "id": "P1", "enterprise": "E1", "role": "driver", "certificate": PAPER},
    {"kind": "staff", "id": "P2", "enterprise": "E1", "role": "escort", "certificate": PAPER},
    {"kind": "vehicle", "id": "V1", "enterprise": "E1", "permit": PAPER},
]
LOADING = LoadScan(
    scan_id="scan-0001", label=SCAN.label, time=SCAN.time, device="D", data=Load("V1", driver="P1", escort="P2")
)


def told(found: Registry, *rows: dict[str, Any]) -> Registry:
    for line in rows:
        row = parse_row(json.dumps(line).encode())
        assert not isinstance(row, Reject), row
        found.put(row)
    return found


def goes_short(found: Registry, days: int = 0, schedule: Schedule = DEFAULT, **data: str) -> bool:
    scan = replace(LOADING, time=LOADING.time + timedelta(days=days), data=replace(LOADING.data, **data))
    ledger = Ledger(base=replace(LOADED, moves=[]), newest=AT - 1)
    return in_order(ledger, scan, AT + days * DAY, 7, AT + days * DAY, found, schedule) is not None


def test_an_answer_stands_for_the_day_and_for_what_was_read() -> None:
    found = told(registry(), *CREW)
    assert [goes_short(found, days) for days in (0, 1, 2, 1, 0, 2)] == [True, True, False, True, True, False]
    assert [goes_short(found, **{name: "P9"}) for name in ("vehicle", "driver", "escort")] == [False, False, False]
    assert goes_short(found)


@pytest.mark.parametrize("number", range(len(CREW)))
def test_a_row_that_comes_counts_from_then_on(number: int) -> None:
    found = told(registry(), *CREW)
    row = CREW[number]
    field = "permit" if row["kind"] == "vehicle" else "certificate"
    assert goes_short(found)
    told(found, row | {field: PAPER | {"valid_to": "2026-11-09"}})
    assert not goes_short(found)
    assert not goes_short(found)
    told(found, row)
    assert goes_short(found)


def test_a_device_that_comes_to_another_enterprise_is_kept_with_it() -> None:
    found = told(registry(), *CREW)
    ledger = Ledger(base=replace(LOADED, moves=[]), newest=AT - 1)
    assert in_order(ledger, LOADING, AT, 7, AT, found, DEFAULT) is not None
    told(found, ROWS[1] | {"enterprise": "E9"})
    later = replace(LOADING, scan_id="scan-0002")
    assert in_order(ledger, later, AT + 1, 8, AT + 1, found, DEFAULT) is not None
    assert [entry.origin.enterprise for entry in ledger.entries] == ["E1", "E9"]


def test_by_other_parameters_it_is_looked_at_anew() -> None:
    found, other = told(registry(), *CREW), Schedule(Parameters(transit_hours=1.0))
    for schedule in (DEFAULT, other, DEFAULT):
        ledger = Ledger(base=replace(LOADED, moves=[]), newest=AT - 1)
        assert in_order(ledger, LOADING, AT, 7, AT, found, schedule) is not None
        parameters = schedule.on(0)
        assert ledger.alarm == AT + round((parameters.transit_hours + parameters.missing_told_hours) * 3_600_000_000)


def test_no_more_is_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ground, "_KEPT_AT_MOST", 2)
    found = told(registry(), *CREW)
    for driver in ("P1", "P3", "P4", "P5", "P1"):
        assert goes_short(found, driver=driver) == (driver == "P1")
        assert len(found.made_of_rows) <= 2
