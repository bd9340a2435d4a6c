"""Where things are, and how long it takes to get from one to another."""

import math
from dataclasses import dataclass
from datetime import timedelta
from random import Random

EARTH_KM = 6371.0088  # mean radius, as the rules count (domain.md section 4)
DEGREE_KM = EARTH_KM * math.pi / 180
CITY_KMH = 25.0  # a delivery tricycle or van in town, stops included


@dataclass(frozen=True, slots=True)
class Place:
    """WGS 84 degrees."""

    lon: float
    lat: float


def kilometres(here: Place, there: Place) -> float:
    """The great-circle distance."""
    lat1, lat2 = math.radians(here.lat), math.radians(there.lat)
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin(math.radians(there.lon - here.lon) / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(math.sqrt(half))


def around(rng: Random, centre: Place, radius_km: float) -> Place:
    """A point evenly drawn from the disc around a place, to five decimals (about a metre)."""
    bearing, distance = rng.uniform(0, 2 * math.pi), radius_km * math.sqrt(rng.random())
    lat = centre.lat + distance * math.cos(bearing) / DEGREE_KM
    lon = centre.lon + distance * math.sin(bearing) / (DEGREE_KM * math.cos(math.radians(centre.lat)))
    return Place(round(lon, 5), round(lat, 5))


def drive(here: Place, there: Place, kmh: float = CITY_KMH) -> timedelta:
    """The time on the road, with the detour a road makes over the straight line."""
    return timedelta(hours=1.3 * kilometres(here, there) / kmh)
