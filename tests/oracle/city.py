"""A made-up city's registry, full of edges: papers that end, pause and return overnight, rows that arrive later."""

import random
from datetime import UTC, date, datetime, timedelta

FIRST_DAY = date(2026, 11, 10)
DISTRICTS = ["330203", "330205", "330206", "330211", "330212", "330213", "330225", "330226", "330281", "330282"]
ENTERPRISES = ["E1", "E2", "E3", "E4", "E5"]
OWNERS = ["E1"] * 5 + ENTERPRISES  # one is large, so that much is in order
AGENCIES = ["A1", "A2"]
STATIONS = dict.fromkeys(["S1", "S2", "S3"], "filling_station")
SITES = STATIONS | {"P1": "depot", "H1": "shop", "G1": "agency", "G2": "agency"}
DEVICE_KINDS = ["station", "courier", "agency", "vehicle", "office", "public"]
MODELS = {  # most, nominal, tolerance in kg; years of life
    "YSP12": (5, 5, 0.5, 8),
    "YSP23.5": (10, 10, 0.5, 8),
    "YSP35.5": (14.9, 14.9, 0.5, 8),
    "YSP118": (49.5, 50, 1.0, 10),
    "LARGE": (45, 45, 1.0, 8),
    "NEARLY": (45, 44.999, 1.0, 8),
    "HARDLY": (5.5, 5.001, 0.5, 8),  # two of 50, 45 and 5 make 100 kg; with this one a gram more
}
CUSTOMERS = ["C1", "C2", "C3", "C4", "C5", "C6"]  # the last is in no registry
VEHICLES = ["V1", "V2", "V3", "V4"]  # the last is in no registry
STAFF = {  # by role; some have several, P9 is in no registry
    "filler": ["P1", "P2", "P3", "P4"],
    "courier": ["P3", "P4", "P5", "P6"],
    "driver": ["P6", "P7", "P8"],
    "escort": ["P7", "P8", "P1"],
    "inspector": ["P2"],
}
PEOPLE = [f"P{number}" for number in range(1, 10)]


class City:
    """Rows and the names that scans may use, the same for the same seed.

    With `steady_devices` no row of a device arrives late: whether a scan that is judged again is then another's is left open.
    """

    def __init__(self, rng: random.Random, days: int, steady_devices: bool = False) -> None:
        self.rng, self.days, self.steady_devices = rng, days, steady_devices
        self.rows: list[dict] = []
        for name in ENTERPRISES + AGENCIES:
            self.several("enterprise", name, self.enterprise)
        for name, kind in SITES.items():
            self.several("site", name, lambda kind=kind: self.site(kind))
        for kind in DEVICE_KINDS:
            for number in range(3):
                self.several("device", f"D-{kind}-{number}", lambda kind=kind: self.device(kind), steady=0.8, ends=0.03)
        for name, numbers in MODELS.items():
            self.several("model", name, lambda numbers=numbers: self.model(numbers), steady=0.8, ends=0)
        for name in CUSTOMERS[:-1]:
            self.several("customer", name, self.customer, ends=0.05)
        for role, people in STAFF.items():
            for name in people:
                self.several("staff", name, lambda role=role: self.staff(role), ends=0.05)
        for name in VEHICLES[:-1]:
            self.several("vehicle", name, self.vehicle, ends=0.05)

    def several(self, kind: str, name: str, fields, steady: float = 0.5, ends: float = 0.2) -> None:
        """A row that has always held, and often others: from a day inside the history, to a day, arriving late, corrected."""
        always = {"kind": kind, "id": name, "valid_from": "2020-01-01", **fields()}
        if self.rng.random() < ends:
            always["valid_to"] = self.some_day().isoformat()
        self.rows.append(always)
        while self.rng.random() > steady:
            row = {"kind": kind, "id": name, "valid_from": self.some_day().isoformat(), **fields()}
            if self.rng.random() < 0.3:
                row["valid_to"] = (
                    date.fromisoformat(row["valid_from"]) + timedelta(days=self.rng.randrange(4))
                ).isoformat()
            self.rows.append(self.arriving(row))
            if self.rng.random() < 0.2:
                self.rows.append(self.arriving({**row, **fields()}))

    def arriving(self, row: dict) -> dict:
        if self.rng.random() < 0.5 or (self.steady_devices and row["kind"] == "device"):
            return row
        moment = datetime.combine(self.some_day(), datetime.min.time(), UTC) + timedelta(
            seconds=self.rng.randrange(86400)
        )
        return {**row, "received": moment.isoformat()}

    def some_day(self) -> date:
        return FIRST_DAY + timedelta(days=self.rng.randrange(self.days))

    def enterprise(self) -> dict:
        rng = self.rng
        row = {"name": f"燃气{rng.randrange(100)}", "district": rng.choice(DISTRICTS)}
        if rng.random() < 0.6:
            row["districts"] = rng.sample(DISTRICTS, rng.choice([0, 1, 6, 8]))
        for name in ("gas_licence", "filling_licence", "inspection_licence"):
            if rng.random() < 0.9:
                row[name] = self.licence()
        return row

    def licence(self, may_pause: bool = True) -> dict:
        rng = self.rng
        begins, ends = "2020-01-01", "2030-12-31"
        if rng.random() < 0.25:
            ends = self.some_day().isoformat()
        if rng.random() < 0.1:
            begins = self.some_day().isoformat()
        licence = {"no": f"N{rng.randrange(1000)}", "valid_from": begins, "valid_to": ends}
        if may_pause and rng.random() < 0.2:
            licence["suspended"] = rng.random() < 0.7
        return licence

    def site(self, kind: str) -> dict:
        rng = self.rng
        row = {
            "enterprise": rng.choice(AGENCIES if kind == "agency" else OWNERS),
            "site_kind": kind,
            "district": rng.choice(DISTRICTS),
        }
        if rng.random() < 0.9:
            row["geo"] = {"lon": round(121.4 + rng.random() / 2, 5), "lat": round(29.7 + rng.random() / 2, 5)}
        if rng.random() < 0.9:
            row["radius_m"] = rng.choice([200, 200, 350.5, 0])
        return row

    def device(self, kind: str) -> dict:
        rng = self.rng
        row = {"enterprise": rng.choice(AGENCIES if kind == "agency" else OWNERS), "device_kind": kind}
        if kind == "agency":
            row["site"] = rng.choice(["G1", "G2"])
        elif rng.random() < 0.85:
            row["site"] = rng.choice(["S1", "S2", "S3", "P1", "H1", "NOWHERE"])
        return row

    def model(self, numbers: tuple) -> dict:
        most, nominal, tolerance, life = numbers
        return {
            "max_fill_kg": most if self.rng.random() < 0.8 else most - 1,
            "nominal_kg": nominal,
            "tolerance_kg": tolerance if self.rng.random() < 0.8 else 0.25,
            "life_years": life,
        }

    def customer(self) -> dict:
        rng = self.rng
        kind = rng.choice(["resident", "restaurant", "other"])
        row = {"customer_kind": kind, "district": rng.choice(DISTRICTS), "realname_verified": rng.random() < 0.7}
        if rng.random() < 0.9:
            row["contracts"] = [self.contract() for _ in range(rng.randrange(4))]
        if rng.random() < 0.8:
            row["premises"] = {name: rng.random() < 0.4 for name in ("high_rise", "indoor", "cylinder_room")}
        if rng.random() < 0.9:
            checked = self.some_day() - timedelta(days=rng.choice([0, 100, 364, 365, 365, 366]))
            row["home_check"] = checked.isoformat()
        return row

    def contract(self) -> dict:
        row = {"enterprise": self.rng.choice(OWNERS), "valid_from": "2020-01-01"}
        if self.rng.random() < 0.3:
            row["valid_from"] = self.some_day().isoformat()
        if self.rng.random() < 0.5:
            row["valid_to"] = self.some_day().isoformat()
        return row

    def staff(self, role: str) -> dict:
        row = {"enterprise": self.rng.choice(OWNERS), "role": role}
        return row | ({"certificate": self.licence(may_pause=False)} if self.rng.random() < 0.95 else {})

    def vehicle(self) -> dict:
        rng = self.rng
        row = {
            "enterprise": rng.choice(OWNERS),
            "permit": {"no": "W1", "valid_from": "2020-01-01", "valid_to": "2035-12-31"},
        }
        if rng.random() < 0.4:
            row["permit"] = self.licence(may_pause=False)
        elif rng.random() < 0.1:
            del row["permit"]
        number = rng.choice([0, 1, 1, 1, 2, 2, 3, 1000, None])
        return row if number is None else {**row, "max_cylinders": number}
