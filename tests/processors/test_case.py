"""What a rule finds where the registry has lost a row since, and what counts as having seen a cylinder."""

import json
from typing import Any

import pytest

from processors.cylinder import Cylinder
from processors.intake import parse
from processors.model import Reject
from processors.parameters import DEFAULT
from processors.registry import Registry, parse_row
from processors.rules.case import Case
from processors.times import instant

HERE = {"lon": 121.55, "lat": 29.87}
ROWS = [
    {"kind": "device", "id": "D", "enterprise": "E1", "device_kind": "station", "site": "S1"},
    {"kind": "site", "id": "S1", "enterprise": "E1", "site_kind": "depot", "district": "330205", "geo": HERE},
]


def case(rows: list[dict[str, Any]], **scan: Any) -> Case:
    body = {
        "scan_id": "scan-0001", "type": "receive", "label": "0690123456789200047A2Y", "device": "D", "data": {},
        "time": "2026-11-10T10:00:00+08:00",
    }  # fmt: skip
    found = parse(json.dumps(body | scan).encode())
    assert not isinstance(found, Reject), found
    registry = Registry()
    for line in rows:
        row = parse_row(json.dumps(line).encode())
        assert not isinstance(row, Reject), row
        registry.put(row)
    return Case.of(found, instant(found.time), Cylinder(), registry, DEFAULT)


def test_of_a_device_whose_row_is_gone_nothing_is_known_but_what_the_scan_says() -> None:
    bare = case([])
    assert (bare.scene.device, bare.enterprise_id, bare.enterprise, bare.site_id, bare.site) == (None,) * 5
    assert (bare.filling_enterprise_id, bare.filling_enterprise, bare.origin.place, bare.sighting) == (None,) * 4
    told = case([], geo=HERE, site="S9")
    assert told.site_id == "S9"
    assert told.sighting is not None


def test_a_site_without_a_geo_is_no_place() -> None:
    assert case([ROWS[0], {name: value for name, value in ROWS[1].items() if name != "geo"}]).sighting is None


def test_the_sites_place_is_exact_and_the_scans_own_goes_before_it() -> None:
    seen = case(ROWS).sighting
    assert seen is not None
    place = seen.geo
    assert (place.lon, place.lat, place.acc_m) == (121.55, 29.87, 0)
    own = case(ROWS, geo={"lon": 121.0, "lat": 30.0}).sighting
    assert own is not None
    assert (own.geo.lon, own.geo.lat, own.geo.acc_m) == (121.0, 30.0, 100)


@pytest.mark.parametrize("question", [{"type": "lookup"}, {"dry_run": True}])
def test_a_question_has_seen_nothing(question: dict[str, Any]) -> None:
    assert case(ROWS).sighting is not None
    assert case(ROWS, **question).sighting is None


def test_the_publics_device_has_seen_nothing() -> None:
    assert case([ROWS[0] | {"device_kind": "public"}], geo=HERE).sighting is None


def test_a_customer_is_looked_up_once() -> None:
    row = {"kind": "customer", "id": "C1", "customer_kind": "resident", "district": "330203"}
    one = case([row], type="deliver", data={"customer": "C1"})
    assert one.customer is not None
    assert one.customer is one.customer, "made anew for each look-up"


def test_what_the_registry_says_of_a_device_is_kept_until_it_says_otherwise() -> None:
    one = case(ROWS)
    again = Case.of(one.scan, one.at, one.cylinder, one.registry, DEFAULT)
    assert again.origin is one.origin
    moved = parse_row(json.dumps(ROWS[0] | {"enterprise": "E9"}).encode())
    assert not isinstance(moved, Reject)
    one.registry.put(moved)
    assert Case.of(one.scan, one.at, one.cylinder, one.registry, DEFAULT).enterprise_id == "E9"
    tomorrow = Case.of(one.scan, one.at + 24 * 3600 * 1_000_000, one.cylinder, one.registry, DEFAULT)
    assert tomorrow.day == one.day + 1
