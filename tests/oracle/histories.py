"""Seeded histories of scans, plausible and fond of every rule's edges. A cylinder's scans come in order of `time`."""

import json
import random
from datetime import UTC, datetime, time, timedelta, timezone

from . import labels
from .admission import KINDS
from .city import DAYS, DEVICE_KINDS, FIRST_DAY, City
from .data import data_of, person
from .habits import AGES, LEGACY, NEXT, OFFSETS, accuracy, near_site
from .malformed import spoiled
from .oracle import Oracle
from .places import north_of
from .times import SHANGHAI, day_of


class Cylinder:
    """A label and where its story stands."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.last = ("", datetime.min.replace(tzinfo=UTC), "", "")  # type, time, device, scan_id of its newest
        self.bound = False
        self.model = "YSP35.5"
        self.filled: datetime | None = None  # when last
        self.seen: list[tuple[str, datetime, dict]] = []  # device, time and `geo` of its scans


class History:
    """`rows` of the registry, and `lines` in order of arrival."""

    def __init__(self, seed: int, scans: int) -> None:
        self.rng = random.Random(seed)
        self.city = City(self.rng)
        self.rows = self.city.rows
        self.cylinders = [Cylinder(label) for label in self.labels()]
        self.now = self.arrival = datetime.combine(FIRST_DAY, time(0), SHANGHAI)
        self.coming = sorted(datetime.fromisoformat(row["received"]) for row in self.rows if "received" in row)
        self.step = timedelta(days=DAYS) / scans
        self.oracle = Oracle(self.rows)
        self.sent: list[tuple[dict, Cylinder]] = []
        self.checked: tuple[datetime, str] | None = None  # the latest household check made up: its time and customer
        self.lines: list[bytes] = []
        self.answers: list[dict] = []
        for number in range(scans):
            self.tell(number)

    def labels(self) -> list[str]:
        rng = self.rng
        types = [f"69{rng.randrange(10**10):010}" for _ in range(3)]
        serials = ["".join(rng.choices(labels.ALPHABET, k=rng.choice([1, 7, 7, 15]))) for _ in range(15)]
        good = [labels.make(rng.choice(types), serial) for serial in dict.fromkeys(serials)]
        digit, character = good[-2][13], good[-1][-1]
        wrong_digit = good[-2][:13] + str((int(digit) + rng.randrange(1, 10)) % 10) + good[-2][14:]
        shifted = labels.ALPHABET[(labels.ALPHABET.index(character) + rng.randrange(1, 36)) % 36]
        return [*good[:-2], wrong_digit, good[-1][:-1] + shifted, *rng.sample(LEGACY, 2)]

    def tell(self, number: int) -> None:
        """One more line, and what the oracle answers to it."""
        rng = self.rng
        if self.sent and rng.random() < 0.06:
            scan, cylinder = rng.choice(self.sent[-20:])
            if cylinder.last[1] - datetime.fromisoformat(scan["time"]) > timedelta(hours=71):
                return  # past the window that is kept
            line = self.again(scan)
        else:
            self.pass_time()
            scan, cylinder = self.scan(number)
            line = json.dumps(scan, ensure_ascii=rng.random() < 0.5).encode()
            line = spoiled(rng, scan) if rng.random() < 0.06 else line
        answer = self.oracle.answer(line)
        first = "rejected" not in answer and "duplicate" not in answer
        if first:
            self.sent.append((json.loads(line), cylinder))  # a spoiled one may have been good all the same
        if first and not answer["dry_run"] and answer["type"] not in {"lookup", "home_check"}:
            bound = cylinder.bound = cylinder.bound or (answer["type"] == "bind" and not answer["violations"])
            if answer["type"] == "fill":
                cylinder.filled = answer["time"]
            if "geo" in scan:
                cylinder.seen.append((scan["device"], answer["time"], scan["geo"]))
            cylinder.last = (answer["type"] if bound else "unbound", answer["time"], scan["device"], scan["scan_id"])
        self.lines.append(line)
        self.answers.append(answer)

    def again(self, scan: dict) -> bytes:
        """An accepted scan again: byte for byte, in another order of its fields, at another time, or with another body."""
        rng = self.rng
        again = dict(scan)
        how = rng.randrange(4)
        if how == 1:
            again = dict(rng.sample(sorted(again.items()), len(again)))
        elif how == 2:
            self.pass_time()
            again["received"] = max(self.arrival, datetime.fromisoformat(scan["time"])).isoformat()
        elif how == 3:
            again |= self.another_body(scan)
        return json.dumps(again).encode()

    def another_body(self, scan: dict) -> dict:
        """A change that means something: an extra field, or `false` for nothing, might be held to be the same scan."""
        changes = [
            {"type": "incident"},
            {"type": "receive", "data": {"full": True}},
            {"operator": "P0555"},
            {"dry_run": True},
        ]
        if scan["type"] in {"deliver", "collect"}:
            changes.append({"data": {"customer": "C77"}})
        if scan["type"] == "fill":
            changes.append({"data": {"net_kg": 3.21}})
        changes.append({"time": self.written(datetime.fromisoformat(scan["time"]) - timedelta(seconds=1))})
        return self.rng.choice(changes)

    def pass_time(self) -> None:
        """On to the next arrival: often about midnight in Shanghai or the arrival of a row, at times before the last one."""
        rng = self.rng
        self.now += self.step * rng.random() * 1.6
        if rng.random() < 0.03:
            tomorrow = self.now.astimezone(SHANGHAI).date() + timedelta(days=1)
            self.now = datetime.combine(tomorrow, time(0), SHANGHAI)
        elif rng.random() < 0.1 and self.coming and self.coming[0] < self.now + timedelta(days=1):
            self.now = max(self.now, self.coming.pop(0))
        self.now += timedelta(microseconds=rng.choice([-1000, -1, 0, 0, 0, 1]))
        self.arrival = self.now
        if rng.random() < 0.2:
            self.arrival -= rng.choice([timedelta(seconds=1), timedelta(minutes=6), timedelta(hours=5)])

    def scan(self, number: int) -> tuple[dict, Cylinder]:
        rng = self.rng
        cylinder = rng.choice(self.cylinders)
        kind = self.kind(cylinder)
        device = self.device(kind)
        scan_id = f"{device[2:8]}-{rng.randrange(16**6):06x}-{number}"
        dry = rng.random() < 0.1
        geo, moment = None, self.moment(cylinder, device, scan_id)
        if kind == "home_check":
            moment = self.arrival - rng.choice([timedelta(days=days) for days in (0, 0, 0, 1, 5, 363, 364, 365, 366)])
            if self.checked and rng.random() < 0.2:
                moment = min(self.checked[0] + timedelta(microseconds=rng.choice([-1, 0, 0, 1])), self.arrival)
        elif kind == "deliver" and self.checked and rng.random() < 0.2:
            moment = self.shortly_after(cylinder, self.checked[0]) or moment
        elif kind == "fill" and cylinder.filled and rng.random() < 0.4:
            moment = self.shortly_after(cylinder, cylinder.filled + timedelta(minutes=30)) or moment
        elif rng.random() < (0.4 if kind == "incident" else 0.15):
            geo, moment = self.elsewhere(cylinder, device) or (None, moment)
        elif rng.random() < 0.15:
            moment = self.shortly_after(cylinder, cylinder.last[1] + timedelta(seconds=rng.randrange(200))) or moment
        scan = {
            "scan_id": scan_id,
            "type": kind,
            "label": cylinder.label,
            "time": self.written(moment),
            "device": device,
        }
        if kind == "home_check":
            del scan["label"]
        elif labels.SHAPE.fullmatch(cylinder.label) and rng.random() < 0.15:
            scan["label"] = f"https://gas.example.org/8003/{cylinder.label}"
        if self.arrival != moment or rng.random() < 0.5:
            scan["received"] = self.written(self.arrival)
        if rng.random() < 0.3:
            scan["site"] = rng.choice(["S1", "S2", "S3", "P1", "H1", "G1", "G2", "UNKNOWN", ""])
        if geo or rng.random() < 0.4:
            scan["geo"] = geo or near_site(rng, self.site_of(scan, moment))
        if rng.random() < 0.9:
            scan["operator"] = person(rng, {"deliver": "courier", "load": "driver"}.get(kind, "filler"))
        if rng.random() < 0.2:
            scan["battery"] = 0.7
        if dry or rng.random() < 0.1:
            scan["dry_run"] = dry
        data = data_of(rng, kind, cylinder, moment)
        if kind in {"deliver", "home_check"} and self.checked and "customer" in data and rng.random() < 0.4:
            data["customer"] = self.checked[1]
        if kind == "home_check" and "customer" in data:
            self.checked = moment, data["customer"]
        if data or rng.random() < 0.5 or kind in {"receive", "deliver"}:
            scan["data"] = data
        return scan, cylinder

    def shortly_after(self, cylinder: Cylinder, moment: datetime) -> datetime | None:
        """This moment or one a microsecond off, if it comes after all else of the cylinder; the arrival is then no sooner."""
        if not cylinder.last[0]:
            return None
        moment += timedelta(microseconds=self.rng.choice([-1, 0, 0, 1]))
        if moment <= cylinder.last[1]:
            return None
        self.now = max(self.now, moment)
        self.arrival = max(self.arrival, moment)
        return moment

    def elsewhere(self, cylinder: Cylinder, device: str) -> tuple[dict, datetime] | None:
        """A place and time to which nobody, or only just somebody, gets from where another device saw the cylinder."""
        rng = self.rng
        seen = [each for each in cylinder.seen if each[0] != device or rng.random() < 0.2][-1:]
        if not seen:
            return None
        _, time_there, there = seen[0]
        apart = rng.choice([4999.999, 5000.001, 5000.001, 5001, 20000, 60000])
        hurry = timedelta(seconds=apart / (120 / 3.6) + rng.choice([-60, -0.001, 0.001]))
        moment = self.shortly_after(cylinder, time_there + rng.choice([timedelta(0), hurry, hurry, hurry]))
        if moment is None:
            return None
        return north_of(there, rng.choice([-1, 1]) * apart) | accuracy(rng), moment

    def site_of(self, scan: dict, moment: datetime) -> dict:
        known, day = self.oracle.registry.known(self.arrival), day_of(moment)
        device = known.at("device", scan["device"], day) or {}
        return known.at("site", scan.get("site") or device.get("site"), day) or {}

    def kind(self, cylinder: Cylinder) -> str:
        rng, last = self.rng, cylinder.last[0]
        if (not last and rng.random() < 0.8) or (last == "unbound" and rng.random() < 0.5):
            return "bind"
        if rng.random() < 0.05:
            return "home_check"
        if rng.random() < 0.75 and last in NEXT:
            return rng.choice(NEXT[last])
        kind = rng.choice(list(KINDS))
        return kind if kind != "scrap" or rng.random() < 0.2 else "lookup"

    def device(self, kind: str) -> str:
        rng = self.rng
        if rng.random() < 0.02:
            return "D-unknown"
        kinds = DEVICE_KINDS if rng.random() < 0.04 else sorted(KINDS[kind])
        return f"D-{rng.choice(kinds)}-{rng.randrange(3)}"

    def moment(self, cylinder: Cylinder, device: str, scan_id: str) -> datetime:
        """The event time: the arrival less an age, and after the cylinder's last in order."""
        rng = self.rng
        moment = self.arrival - rng.choice(AGES)
        _, last, last_device, last_id = cylinder.last
        if moment <= last:
            same = (device, scan_id) > (last_device, last_id) and rng.random() < 0.2
            moment = last + (timedelta(0) if same else rng.choice([timedelta(microseconds=1), timedelta(minutes=1)]))
        return moment

    def written(self, moment: datetime) -> str:
        text = moment.astimezone(timezone(self.rng.choice(OFFSETS))).isoformat()
        return text.replace("+00:00", "Z") if self.rng.random() < 0.5 else text
