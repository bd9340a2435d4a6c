"""What the people of made-up histories are likely to do, and where they stand."""

import random
from datetime import timedelta

from .places import north_of

OFFSETS = [timedelta(hours=8)] * 6 + [
    timedelta(0),
    timedelta(hours=-5),
    timedelta(hours=5, minutes=30),
    timedelta(hours=14),
]
AGES = [timedelta(0)] * 14 + [
    timedelta(minutes=5),
    timedelta(minutes=5, microseconds=1),
    timedelta(minutes=-5),
    timedelta(minutes=-5, microseconds=-1),
    timedelta(seconds=40),
    timedelta(minutes=4, seconds=59),
    timedelta(hours=3),
    timedelta(days=1),
]
NEXT = {  # what is likely to follow what
    "bind": ["fill", "fill", "precheck", "bind", "lookup", "send_inspection"],
    "precheck": ["fill", "fill", "fill", "precheck"],
    "fill": ["load", "load", "load", "fill", "deliver", "postcheck", "postcheck", "postcheck", "incident", "inspect"],
    "postcheck": ["load", "load", "load", "postcheck", "deliver"],
    "load": ["deliver", "deliver", "deliver", "deliver", "unload", "load", "missing"],
    "unload": ["receive", "load", "load", "fill"],
    "deliver": ["collect", "collect", "collect", "receive", "deliver", "incident", "missing", "fill"],
    "collect": ["receive", "receive", "deliver", "fill", "transfer"],
    "receive": [
        "precheck",
        "precheck",
        "precheck",
        "fill",
        "fill",
        "deliver",
        "send_inspection",
        "inspect",
        "postcheck",
    ],
    "send_inspection": ["receive", "inspect", "inspect", "load", "unload"],
    "inspect": ["inspect", "lookup", "receive", "fill", "precheck", "transfer", "send_inspection", "deliver", "unload"],
    "transfer": ["transfer", "fill", "deliver", "lookup"],
    "missing": ["missing", "receive", "collect", "load", "lookup", "fill"],
    "scrap": ["fill", "lookup", "scrap", "deliver", "bind", "collect", "incident", "precheck", "inspect", "missing"],
}
LEGACY = [
    "JZ-2011-000471",
    "abcd",
    "0690123456789200047a2y",
    "1690123456789200047A2Y",
    "0" + "1" * 14,
    "A" * 40,
    "0" + "1" * 13 + "Z" * 17,
]


def accuracy(rng: random.Random) -> dict:
    """About the limit of rule 3, or not given."""
    return {"acc_m": rng.choice([12, 199, 199.999, 200, 0])} if rng.random() < 0.7 else {}


def near_site(rng: random.Random, site: dict) -> dict:
    """A `geo` about as far from a site as it may be, to a millimetre."""
    exactness = accuracy(rng)
    centre = site.get("geo", {"lon": 121.55, "lat": 29.87})
    allowed = site.get("radius_m", 200) + exactness.get("acc_m", 100)
    away = rng.choice([0, 0, allowed - 0.001, allowed - 0.001, allowed + 0.001, allowed + 300])
    return north_of(centre, away) | exactness
