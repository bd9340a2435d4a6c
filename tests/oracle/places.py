"""Places on the sphere: great-circle distances, and points at a wanted distance."""

from math import asin, cos, degrees, radians, sin, sqrt

RADIUS_M = 6_371_008.8  # mean radius of the earth


def metres(one: dict, other: dict) -> float:
    """Great-circle distance of two `{lon, lat}`, by haversines."""
    lat1, lat2 = radians(one["lat"]), radians(other["lat"])
    half_lat, half_lon = (lat2 - lat1) / 2, radians(other["lon"] - one["lon"]) / 2
    return 2 * RADIUS_M * asin(sqrt(sin(half_lat) ** 2 + cos(lat1) * cos(lat2) * sin(half_lon) ** 2))


def north_of(place: dict, distance_m: float) -> dict:
    """The point so far up (or, below zero, down) the meridian."""
    return {"lon": place["lon"], "lat": place["lat"] + degrees(distance_m / RADIUS_M)}
