"""Distances on the ground."""

from math import asin, cos, radians, sin, sqrt

from processors.model import Geo

EARTH_METRES = 6_371_008.8  # the mean radius (IUGG)


def metres_between(one: Geo, other: Geo) -> float:
    """Great-circle distance in metres (haversine)."""
    south, north = radians(one.lat), radians(other.lat)
    across = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin(radians(other.lon - one.lon) / 2) ** 2
    return 2 * EARTH_METRES * asin(min(1.0, sqrt(across)))
