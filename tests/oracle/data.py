"""The `data` of made-up scans, close to the limits."""

import random
from datetime import date, datetime, timedelta

from .city import AGENCIES, CUSTOMERS, MODELS, OWNERS, PEOPLE, STAFF, VEHICLES
from .times import SHANGHAI, years_after

AGES = [-4, -8, -8, -8, -9, -10, -11, -12, -12, -14]  # in years, of cylinders


def near(rng: random.Random, moment: datetime) -> date:
    """A day about that of a scan: the last good one, the one before, the one after."""
    return moment.astimezone(SHANGHAI).date() + timedelta(
        days=rng.choice([-400, -1, 0, 0, 1, 2, 5, 30, 31, 32, 33, 35, 900])
    )


def data_of(rng: random.Random, kind: str, cylinder, moment: datetime) -> dict:
    """The `data` of a scan of this type; a bind changes the model of the cylinder it is told of."""
    if kind == "bind":
        return bind_data(rng, cylinder, moment)
    if kind == "inspect":
        result = rng.choice(["pass"] * 8 + ["fail"] * 5 + ["scrap"])
        due = {"next_due": next_due(rng, moment).isoformat()} if result == "pass" else {}
        return {"result": result, "report": f"R{rng.randrange(1000)}", **due}
    if kind in {"deliver", "collect", "home_check"}:
        data = {"customer": customer(rng, moment)}
        if rng.random() < 0.15:
            data = {"id_token": "6f1e"} if kind != "deliver" or rng.random() < 0.5 else {}
        if kind == "home_check":
            data["result"] = rng.choice(["ok", "hazard"])
        if kind == "deliver" and rng.random() < 0.4:
            data["vehicle"] = rng.choice(VEHICLES)
        return data | perhaps_full(rng) if kind == "collect" else data
    fixed = {
        "transfer": {"to": rng.choice([*OWNERS, "E-new"])},
        "receive": perhaps_full(rng),
        "precheck": {"passed": rng.random() < 0.8},
        "postcheck": {"passed": rng.random() < 0.8},
        "load": {"vehicle": rng.choice(VEHICLES)} | crew(rng),
        "unload": {"vehicle": rng.choice(VEHICLES)},
        "send_inspection": {"agency": rng.choice(AGENCIES)},
        "scrap": {"reason": "corroded"},
        "incident": {"kind": rng.choice(["leak", "fire", "explosion", "other"])},
        "missing": {"kind": rng.choice(["lost", "stolen"])},
    }
    return {"net_kg": weight(rng, cylinder)} if kind == "fill" else fixed.get(kind, {})


def customer(rng: random.Random, moment: datetime) -> str:
    """One of them is preferred for a month, so that some buy more than they did."""
    preferred = CUSTOMERS[moment.toordinal() // 30 % (len(CUSTOMERS) - 1)]
    return preferred if rng.random() < 0.5 else rng.choice(CUSTOMERS)


def crew(rng: random.Random) -> dict:
    """Driver and escort, mostly of that role, at times not named."""
    return {role: person(rng, role) for role in ("driver", "escort") if rng.random() < 0.95}


def person(rng: random.Random, role: str) -> str:
    return rng.choice(STAFF[role] if rng.random() < 0.9 else PEOPLE)


def next_due(rng: random.Random, moment: datetime) -> date:
    """Soon, or about four years ahead, the most there may be."""
    if rng.random() < 0.6:
        return near(rng, moment)
    return (
        years_after(near(rng, moment), 4)
        if rng.random() < 0.3
        else years_after(moment.astimezone(SHANGHAI).date(), 4) + timedelta(days=rng.choice([-1, 0, 0, 1]))
    )


def perhaps_full(rng: random.Random) -> dict:
    return rng.choice([{}, {}, {"full": True}, {"full": False}])


def bind_data(rng: random.Random, cylinder, moment: datetime) -> dict:
    cylinder.model = rng.choice([*MODELS, "YSP118", "YSP118", "LARGE", "LARGE", "YSP12", "YSP-none"])
    due = near(rng, moment)
    made = years_after(due, rng.choice(AGES)) + timedelta(days=rng.choice([-1, 0, 0, 1]))
    return {
        "serial": f"{cylinder.label[-4:]}{rng.choice(['', '', '', 'X'])}",
        "maker": rng.choice(["M1", "M1", "M1", "M2"]),
        "made": made.isoformat(),
        "model": cylinder.model,
        "owner": rng.choice(OWNERS),
        "inspected": years_after(due, -4).isoformat(),
    }


def weight(rng: random.Random, cylinder) -> float:
    """Kilograms about the model's limits, to a gram or a little less."""
    most, nominal, tolerance, _ = MODELS.get(cylinder.model, (14.9, 14.9, 0.5, 8))
    allowed = rng.choice([tolerance, tolerance, 0.25])
    limit = rng.choice([most + allowed, most - 1 + allowed, nominal - allowed, nominal - allowed])
    return round(limit + rng.choice([-1, -0.3, -0.001, -0.0006, -0.0004, 0, 0, 0.0004, 0.0006, 0.001, 0.3]), 4)
