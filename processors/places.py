"""Distances on the ground."""

from math import asin, cos, radians, sin, sqrt

from processors.model import Geo

EARTH_METRES = 6_371_008.8  # the mean radius (IUGG)
_METRES_A_DEGREE = radians(1) * EARTH_METRES * (1 + 1e-9)  # and what rounding may come to


def metres_between(one: Geo, other: Geo) -> float:
    """Great-circle distance in metres (haversine)."""
    south, north = radians(one.lat), radians(other.lat)
    across = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin(radians(other.lon - one.lon) / 2) ** 2
    return 2 * EARTH_METRES * asin(min(1.0, sqrt(across)))


def surely_within(metres: float, one: Geo, other: Geo) -> bool:
    """Whether they are no further apart than that, by the way along a meridian and a parallel, which is never shorter.

    For what is to be known of nearly every scan: a sixth of the time of the distance itself.
    """
    return _METRES_A_DEGREE * (abs(one.lat - other.lat) + abs(one.lon - other.lon)) <= metres
