"""The scans of the whole stretch in order of arrival, as the bytes devices send, and the truth about them."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from load_tests.city.accident import accident
from load_tests.city.diary import Deed, Diary
from load_tests.city.founding import found
from load_tests.city.maker import Maker
from load_tests.city.rounds import Rounds
from load_tests.city.stories import Stories
from load_tests.city.times import chance, rfc3339
from load_tests.city.violations import PLANTED
from load_tests.city.world import World
from processors.labels import has_label_shape, link

REPEATED_EVERY = 50  # one scan in so many is sent twice, byte for byte: a device that missed the answer
HOST = "gas.example"  # of the Digital Links on the labels


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """One scan as it is sent. Scans of one `key` go one after the other; `repeat`: it is sent twice."""

    scan_id: str
    device: str
    key: str
    received: datetime
    body: bytes
    repeat: bool
    deed: Deed


@dataclass(frozen=True, slots=True)
class Plan:
    world: World
    scans: list[Scan]
    accident: str


def make_plan(seed: int) -> Plan:
    """The city of a seed and all that happens in it. Some ten thousand scans, in well under a second."""
    world = found(seed)
    diary, maker = Diary(chance(seed, "diary")), Maker(seed)
    for enterprise in world.enterprises:
        Rounds(world, enterprise, diary, maker).run()
    stories = Stories(world, diary, maker)
    for plant in PLANTED:
        plant(stories)
    cylinder = accident(stories)
    return Plan(world, _scans(diary, seed), cylinder.label)


def truth(plan: Plan, sent: Iterable[Scan]) -> dict[str, Any]:
    """What the scans sent must raise: `planted` are alerts, `prevented` was asked first, `told` goes to the device."""
    sent = list(sent)
    planted = _marks(sent, "alerts")
    return {
        "seed": plan.world.seed,
        "accident": plan.accident,
        "codes": dict(sorted(Counter(mark["code"] for mark in planted).items())),
        "planted": planted,
        "prevented": _marks(sent, "prevented"),
        "told": _marks(sent, "told"),
    }


def _marks(sent: list[Scan], kind: str) -> list[dict[str, str]]:
    return [
        {"scan_id": scan.scan_id, "device": scan.device, "label": scan.deed.code, "code": code, "type": scan.deed.type}
        for scan in sent
        for code in getattr(scan.deed, kind)
    ]


def _scans(diary: Diary, seed: int) -> list[Scan]:
    rng = chance(seed, "arrival")
    numbers: dict[str, int] = defaultdict(int)
    offset = rng.randrange(REPEATED_EVERY)
    scans = []
    for place, deed in enumerate(sorted(diary, key=lambda deed: deed.time)):
        deed.time += timedelta(milliseconds=rng.randrange(1000))
        numbers[deed.device] += 1
        scan_id = f"{deed.device.removeprefix('D-')}-{numbers[deed.device]:06d}"
        received = deed.time + timedelta(milliseconds=rng.randint(800, 6000))
        body = json.dumps(_as_sent(deed, scan_id, received), ensure_ascii=False, separators=(",", ":")).encode()
        scans.append(Scan(scan_id, deed.device, deed.key, received, body, place % REPEATED_EVERY == offset, deed))
    return sorted(scans, key=lambda scan: scan.received)


def _as_sent(deed: Deed, scan_id: str, received: datetime) -> dict[str, Any]:
    scan: dict[str, Any] = {"scan_id": scan_id, "type": deed.type}
    if deed.code:
        scan["label"] = link(deed.code, HOST) if _reads_links(deed) else deed.code
    scan |= {"time": rfc3339(deed.time), "device": deed.device}
    if deed.operator:
        scan["operator"] = deed.operator
    if deed.site:
        scan["site"] = deed.site
    if deed.place:
        # A phone's receiver knows its place to some tens of metres; the same one always alike.
        scan["geo"] = {"lon": deed.place.lon, "lat": deed.place.lat, "acc_m": 5 + crc32(deed.device.encode()) % 30}
    if deed.dry_run:
        scan["dry_run"] = True
    if deed.data:
        scan["data"] = deed.data
    return scan | {"received": rfc3339(received)}


def _reads_links(deed: Deed) -> bool:
    """Some devices send what the QR code holds, others the bare label: both mean the same (contract.md)."""
    return has_label_shape(deed.code) and crc32(deed.device.encode()) % 3 == 0
