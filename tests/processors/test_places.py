"""Distances, and that exactly a limit is in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_case import case

from processors.cylinder import Cylinder, Sighting
from processors.model import Geo
from processors.origins import Origin
from processors.parameters import Parameters, Schedule
from processors.places import metres_between, surely_within
from processors.rules import BY_CODE
from processors.rules.case import Case
from processors.times import HOUR

STATION, HARBOUR = Geo(121.55, 29.87, 10), Geo(121.86, 29.47, 10)


@pytest.mark.parametrize(
    ("one", "other", "metres"),
    [
        (Geo(0, 0), Geo(0, 1), 111_195.08),
        (Geo(0, 0), Geo(1, 0), 111_195.08),
        (Geo(10, 60), Geo(11, 60), 55_597.01),
        (Geo(0, -90), Geo(77, 90), 20_015_114.44),
        (Geo(-179.5, 0), Geo(179.5, 0), 111_195.08),
        (STATION, STATION, 0),
        (STATION, HARBOUR, 53_622.33),
    ],
)
def test_the_distance_is_that_on_a_sphere_of_the_mean_radius(one: Geo, other: Geo, metres: float) -> None:
    assert metres_between(one, other) == pytest.approx(metres, abs=0.01)
    assert metres_between(other, one) == metres_between(one, other)


places = st.builds(Geo, st.floats(-180, 180), st.floats(-90, 90))


@given(one=places, other=places, metres=st.floats(0, 21_000_000))
def test_what_is_surely_within_is_so(one: Geo, other: Geo, metres: float) -> None:
    assert not surely_within(metres, one, other) or metres_between(one, other) <= metres


def test_nearly_all_that_is_near_is_surely_so() -> None:
    near = Geo(STATION.lon + 0.004, STATION.lat - 0.004)
    assert surely_within(1000, STATION, near)
    assert surely_within(0, STATION, STATION)
    assert not surely_within(metres_between(STATION, HARBOUR), STATION, HARBOUR)


def seen_an_hour_before(**limits: float) -> Case:
    """A scan at the station, an hour after one at the harbour."""
    here = case(
        [{"kind": "device", "id": "D", "device_kind": "courier"}], geo={"lon": 121.55, "lat": 29.87, "acc_m": 10}
    )
    cylinder = Cylinder(sightings=[Sighting(Origin("other"), here.at - HOUR, HARBOUR)])
    return Case.of(here.scan, here.at, cylinder, here.registry, Schedule(Parameters(**limits)))


def test_exactly_so_far_and_exactly_so_fast_is_in_order() -> None:
    judges = BY_CODE["LABEL_CLONE_SUSPECT"].judges
    assert judges is not None
    metres = metres_between(STATION, HARBOUR)
    kilometres = metres / 1000
    assert judges(seen_an_hour_before(clone_metres=metres, clone_km_per_hour=1)) is None
    assert judges(seen_an_hour_before(clone_metres=1, clone_km_per_hour=kilometres)) is None
    assert judges(seen_an_hour_before(clone_metres=metres * 0.999, clone_km_per_hour=kilometres * 0.999)) is not None
