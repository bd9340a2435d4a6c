"""The `data` of made-up scans, close to the limits."""

import random
from datetime import date, datetime, timedelta

from .city import ENTERPRISES, MODELS
from .times import SHANGHAI, years_after


def near(rng: random.Random, moment: datetime) -> date:
    """A day about that of a scan: the last good one, the one before, the one after."""
    return moment.astimezone(SHANGHAI).date() + timedelta(days=rng.choice([-400, -1, 0, 0, 1, 2, 5, 30, 900]))


def data_of(rng: random.Random, kind: str, cylinder, moment: datetime) -> dict:
    """The `data` of a scan of this type; a bind changes the model of the cylinder it is told of."""
    if kind == "bind":
        return bind_data(rng, cylinder, moment)
    if kind == "inspect":
        result = rng.choice(["pass", "pass", "pass", "pass", "fail", "fail", "scrap"])
        due = {"next_due": near(rng, moment).isoformat()} if result == "pass" else {}
        return {"result": result, "report": f"R{rng.randrange(1000)}", **due}
    if kind in {"deliver", "collect", "home_check"}:
        data = {"customer": rng.choice(["C1", "C2", "C3", "C4", "C5", "C6", "stranger"])}
        if rng.random() < 0.15:
            data = {"id_token": "6f1e"} if kind != "deliver" or rng.random() < 0.5 else {}
        if kind == "home_check":
            data["result"] = rng.choice(["ok", "hazard"])
        return data | perhaps_full(rng) if kind == "collect" else data
    fixed = {
        "transfer": {"to": rng.choice([*ENTERPRISES, "E-new"])},
        "receive": perhaps_full(rng),
        "precheck": {"passed": rng.random() < 0.8},
        "postcheck": {"passed": rng.random() < 0.8},
        "load": {"vehicle": "V1"},
        "unload": {"vehicle": "V1"},
        "send_inspection": {"agency": "A1"},
        "scrap": {"reason": "corroded"},
        "incident": {"kind": rng.choice(["leak", "fire", "explosion", "other"])},
        "missing": {"kind": rng.choice(["lost", "stolen"])},
    }
    return {"net_kg": weight(rng, cylinder)} if kind == "fill" else fixed.get(kind, {})


def perhaps_full(rng: random.Random) -> dict:
    return rng.choice([{}, {}, {"full": True}, {"full": False}])


def bind_data(rng: random.Random, cylinder, moment: datetime) -> dict:
    cylinder.model = rng.choice([*MODELS, "YSP-none"])
    due = near(rng, moment)
    made = years_after(due, rng.choice([-4, -8, -8, -9, -11, -12, -14])) + timedelta(days=rng.choice([-1, 0, 0, 1]))
    return {
        "serial": f"{cylinder.label[-4:]}{rng.choice(['', '', '', 'X'])}",
        "maker": rng.choice(["M1", "M1", "M1", "M2"]),
        "made": made.isoformat(),
        "model": cylinder.model,
        "owner": rng.choice(ENTERPRISES[:5]),
        "inspected": years_after(due, -4).isoformat(),
    }


def weight(rng: random.Random, cylinder) -> float:
    """Kilograms about the model's limit, to a gram or a little less."""
    most, _, tolerance, _ = MODELS.get(cylinder.model, (14.9, 14.9, 0.5, 8))
    limit = rng.choice([most, most - 1]) + rng.choice([tolerance, tolerance, 0.25])
    return round(limit + rng.choice([-1, -0.001, -0.0004, 0, 0, 0.0004, 0.0006, 0.001, 0.3]), 4)
