"""A trace for people: the JSON of `GET /v1/cylinders/{label}/trace` as tables in a terminal, plain text in a pipe."""

from datetime import datetime
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from processors.times import SHANGHAI
from sinks.query.scan_names import SCAN_NAMES

_COLOUR: Final = {"deny": "red", "warn": "yellow", "allow": "green"}


def print_trace(trace: dict[str, Any], console: Console) -> None:
    """Print who has and had the cylinder, who answers for it, and its alerts."""
    _print_cylinder(trace["cylinder"], trace["responsible"], console)
    _print_hands(trace["hands"], console)
    if trace["alerts"]:
        _print_alerts(trace["alerts"], console)


def _print_cylinder(cylinder: dict[str, Any], responsible: dict[str, Any], console: Console) -> None:
    table = Table(title=f"气瓶 Cylinder {cylinder['label']}", show_header=False, title_justify="left")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    fill, inspection, accused = cylinder["last_fill"], cylinder["last_inspection"], responsible["alert"]
    holder = cylinder["holder"]
    full = {True: "满 full", False: "空 empty", None: None}[cylinder["full"]]
    for heading, value in (
        ("瓶号 serial", _words(cylinder["serial"], cylinder["maker"], cylinder["made"], cylinder["model"])),
        ("产权 owner", _party(responsible["owner"])),
        ("状态 state", _words(cylinder["state"], full)),
        ("所在 holder", _words(holder["kind"], holder["id"]) if holder else ""),
        (
            "末次充装 last fill",
            _words(_clock(fill["time"]), _party(fill["enterprise"]), _kg(fill["net_kg"])) if fill else "",
        ),
        (
            "末次检验 last inspection",
            _words(_clock(inspection["time"]), _party(inspection["agency"]), inspection["result"])
            if inspection
            else "",
        ),
        ("下次检验 next inspection", cylinder["next_inspection"]),
        ("使用期限 end of life", cylinder["end_of_life"]),
        ("告警责任 accused", _words(_party(accused), accused["code"]) if accused else ""),
    ):
        table.add_row(heading, Text(value or "-"))
    console.print(table)


def _print_hands(hands: list[dict[str, Any]], console: Console) -> None:
    table = Table(title="流转 Hands", title_justify="left")
    for heading in ("时间 time", "环节 what", "谁 who", "对象 with", "判定 verdict"):
        table.add_column(heading, overflow="fold")
    for hand in hands:
        verdict = Text(hand["decision"], style=_COLOUR.get(hand["decision"], ""))
        marks = ("迟 late", hand["late"]), ("改 revised", hand["revised"]), ("撤 taken back", hand.get("taken_back"))
        for mark, shown in marks:
            verdict.append(f" {mark}" if shown else "")
        verdict.append("".join(f"\n{code}" for code in hand["violations"]))
        table.add_row(
            _clock(hand["time"]),
            SCAN_NAMES.get(hand["type"], hand["type"]),
            Text(_who(hand)),
            Text(_with(hand)),
            verdict,
        )
    console.print(table)


def _print_alerts(alerts: list[dict[str, Any]], console: Console) -> None:
    table = Table(title="告警 Alerts", title_justify="left")
    for heading in ("时间 time", "事项 what", "状态 status", "责任 responsible", "送 to"):
        table.add_column(heading, overflow="fold")
    for alert in alerts:
        table.add_row(
            _clock(alert["time"]),
            Text(_words(alert["title"]["zh"], alert["code"])),
            alert["status"],
            Text(_party(alert["responsible"])),
            Text("\n".join([*alert["to"], *alert["cc"]])),
        )
    console.print(table)


def _who(hand: dict[str, Any]) -> str:
    return _words(_party(hand.get("enterprise")) or hand["device"], hand.get("site"), hand.get("operator"))


def _with(hand: dict[str, Any]) -> str:
    people = (f"{name} {hand[name]}" for name in ("customer", "vehicle", "driver", "escort") if hand.get(name))
    parties = (f"{name} {_party(hand[name])}" for name in ("owner", "agency") if hand.get(name))
    return _words(*people, *parties, _kg(hand.get("net_kg")), hand.get("result"))


def _party(party: dict[str, Any] | None) -> str:
    return _words(party["name"], party["id"]) if party else ""


def _kg(weight: float | None) -> str:
    return "" if weight is None else f"{weight:g} kg"


def _clock(time: str) -> str:
    """The time of day in Shanghai; a mere day stays one."""
    return time if len(time) == 10 else f"{datetime.fromisoformat(time).astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _words(*words: str | None) -> str:
    return " ".join(word for word in words if word)
