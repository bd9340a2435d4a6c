"""The next scan of a made-up history: which cylinder, what happens to it, when."""

import random
from datetime import datetime, timedelta, timezone

from . import labels
from .admission import KINDS
from .aims import Aim, Aims
from .city import DEVICE_KINDS
from .cylinders import Cylinder
from .data import data_of, person
from .habits import AGES, LEGACY, NEXT, OFFSETS, near_site
from .oracle import Oracle
from .pace import MICROSECOND, Pace
from .times import day_of

SITES = ["S1", "S2", "S3", "P1", "H1", "G1", "G2", "UNKNOWN", ""]
OPERATORS = {"deliver": "courier", "load": "driver"}  # else a filler


class Scenes:
    """Makes scans up, one after the other."""

    def __init__(self, rng: random.Random, oracle: Oracle, pace: Pace, cylinders: list[Cylinder]) -> None:
        self.rng, self.oracle, self.pace, self.cylinders = rng, oracle, pace, cylinders
        self.aims = Aims(rng, oracle, pace)
        self.laden: Cylinder | None = None  # the latest that came to a vehicle or customer

    def scan(self, number: int) -> tuple[dict, Cylinder]:
        cylinder, kind, moment = self.what_happens()
        device = self.device(kind, cylinder)
        aim = (moment, {}) if moment else self.aims.aim(kind, cylinder, device)
        return self.made(number, cylinder, kind, device, aim), cylinder

    def made(
        self, number: int, cylinder: Cylinder, kind: str, device: str, aim: Aim | None, late: bool = False
    ) -> dict:
        """A scan of this type; without an aim it comes after all else of the cylinder, if it is not to be `late` anyway."""
        rng = self.rng
        scan_id = f"{device[2:8]}-{rng.randrange(16**6):06x}-{number}"
        moment, wanted = aim or (self.moment(cylinder, device, scan_id), {})
        scan = {"scan_id": scan_id, "type": kind, "label": self.written_label(cylinder), "device": device}
        data = data_of(rng, kind, cylinder, moment) | wanted.get("data", {})
        if kind == "bind":
            no_sooner = self.marks(cylinder, data)
            moment = moment if late else max(moment, no_sooner)
        elif kind == "home_check":
            del scan["label"]
        scan["time"] = self.written(moment)
        if self.pace.arrival != moment or rng.random() < 0.5:
            scan["received"] = self.written(self.pace.arrival)
        if wanted.get("site") or rng.random() < 0.3:
            scan["site"] = wanted.get("site") or rng.choice(SITES)
        if "geo" in wanted or rng.random() < 0.4:
            scan["geo"] = wanted.get("geo") or near_site(rng, self.site_of(scan, moment))
        if rng.random() < 0.9:
            scan["operator"] = person(rng, OPERATORS.get(kind, "filler"))
        if rng.random() < 0.2:
            scan["battery"] = 0.7
        dry = rng.random() < 0.1
        if dry or rng.random() < 0.1:
            scan["dry_run"] = dry
        if data or rng.random() < 0.5 or kind in {"receive", "deliver"}:
            scan["data"] = data
        if kind == "home_check" and "customer" in data:
            self.aims.checked = moment, data["customer"]
        return scan

    def what_happens(self) -> tuple[Cylinder, str, datetime | None]:
        """A cylinder, the type of its scan, and when, if that matters."""
        rng = self.rng
        if not self.aims.buyers:
            self.aims.buy_much()
        if rng.random() < 0.1 and (end := self.aims.end_of_a_timer(self.cylinders)):
            return end
        if self.aims.buyers and rng.random() < 0.7:
            return self.cylinder(), "deliver", None
        if self.laden in self.cylinders and rng.random() < 0.1:
            return self.laden, rng.choice(["unload", "collect", "fill"]), None
        cylinder = self.cylinder()
        return cylinder, self.kind(cylinder), None

    def take_in(self, scan: dict, cylinder: Cylinder, answer: dict) -> None:
        if answer["type"] in {"load", "deliver"}:
            self.laden = cylinder
        if answer["type"] == "deliver" and "customer" in scan.get("data", {}):
            self.aims.delivered.append((answer["time"], scan["data"]["customer"]))

    def cylinder(self) -> Cylinder:
        """Mostly one in use that is not asleep."""
        awake = [each for each in self.cylinders if each.asleep is None or each.asleep <= self.pace.now]
        usual = [each for each in awake if not each.ended and (each.bound or each.last[0] != "unbound")]
        return self.rng.choice(usual if usual and self.rng.random() < 0.85 else self.cylinders)

    def kind(self, cylinder: Cylinder) -> str:
        rng, last = self.rng, cylinder.last[0]
        if (not last and rng.random() < 0.8) or (last == "unbound" and rng.random() < 0.5):
            return "bind"
        if rng.random() < 0.05:
            return "home_check"
        if rng.random() < 0.8 and last in NEXT:
            return rng.choice(NEXT[last])
        kind = rng.choice([kind for kind in KINDS if kind != "void"])
        return kind if kind != "scrap" or rng.random() < 0.5 else "lookup"

    def device(self, kind: str, cylinder: Cylinder) -> str:
        """Often the one that saw the cylinder last, where it may send this."""
        rng = self.rng
        if rng.random() < 0.02:
            return "D-unknown"
        before = cylinder.last[2].split("-")
        if len(before) == 3 and before[1] in KINDS[kind] and rng.random() < 0.6:
            return cylinder.last[2]
        kinds = DEVICE_KINDS if rng.random() < 0.04 else sorted(KINDS[kind])
        return f"D-{rng.choice(kinds)}-{rng.randrange(3)}"

    def moment(self, cylinder: Cylinder, device: str, scan_id: str) -> datetime:
        """The event time: the arrival less an age, and after the cylinder's last in order."""
        rng = self.rng
        moment = self.pace.arrival - rng.choice(AGES)
        _, last, last_device, last_id = cylinder.last
        if moment <= last:
            same = (device, scan_id) > (last_device, last_id) and rng.random() < 0.2
            moment = last + (timedelta(0) if same else rng.choice([MICROSECOND, timedelta(minutes=1)]))
        return moment

    def written_label(self, cylinder: Cylinder) -> str:
        """The label, a link that holds it, or a legacy code that counts as it."""
        rng, aliases = self.rng, self.oracle.archive.aliases
        codes = [code for code, label in aliases.items() if label == cylinder.label]
        if codes and rng.random() < 0.4:
            return rng.choice(codes)
        is_link = labels.SHAPE.fullmatch(cylinder.label) and rng.random() < 0.15
        return f"https://gas.example.org/8003/{cylinder.label}" if is_link else cylinder.label

    def marks(self, cylinder: Cylinder, data: dict) -> datetime:
        """Gives a bind `aliases` and `replaces` at times; the moment before which it then must not be."""
        rng, others = self.rng, [each for each in self.cylinders if each.bound and each is not cylinder]
        aliases = self.oracle.archive.aliases
        if rng.random() < 0.3:
            some = [each.label for each in rng.sample(self.cylinders, 2)]
            codes = [f"OLD-{rng.randrange(40)}", f"OLD-{rng.randrange(40)}", *some, rng.choice(LEGACY)]
            data["aliases"] = [code for code in rng.sample(codes, rng.randrange(4)) if code != cylinder.label]
        if others and rng.random() < 0.4:
            old = rng.choice(others)
            codes = [code for code, label in aliases.items() if label == old.label]
            data["replaces"] = rng.choice([old.label, *codes])
            return old.last[1] + rng.choice([MICROSECOND, timedelta(seconds=1)])
        if rng.random() < 0.1:
            data["replaces"] = "NEVER-BOUND-1"
        return cylinder.last[1]

    def site_of(self, scan: dict, moment: datetime) -> dict:
        known, day = self.oracle.registry.known(self.pace.arrival), day_of(moment)
        device = known.at("device", scan["device"], day) or {}
        return known.at("site", scan.get("site") or device.get("site"), day) or {}

    def another_body(self, scan: dict) -> dict:
        """A change that means something: an extra field, or `false` for nothing, might be held to be the same scan."""
        changes = [
            {"type": "incident"},
            {"type": "receive", "data": {"full": True}},
            {"operator": "P0555"},
            {"dry_run": True},
            {"time": self.written(datetime.fromisoformat(scan["time"]) - timedelta(seconds=1))},
        ]
        if scan["type"] in {"deliver", "collect"}:
            changes.append({"data": {"customer": "C77"}})
        if scan["type"] == "fill":
            changes.append({"data": {"net_kg": 3.21}})
        return self.rng.choice(changes)

    def written(self, moment: datetime) -> str:
        text = moment.astimezone(timezone(self.rng.choice(OFFSETS))).isoformat()
        return text.replace("+00:00", "Z") if self.rng.random() < 0.5 else text
