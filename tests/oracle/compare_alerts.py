"""Where the alerts of the engine depart from the oracle's."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from .timers import LIMITS
from .times import instant

FIELDS = ["title", "severity", "status", "label", "scan_id", "type", "to", "cc"]
OF_THE_TEXTS = {"whom", "optional"}  # the oracle's alone: all that may stand in RESPONSIBLE; need not be told
RESPONSIBLE = {"responsible", "districts"}


def of_alert_lists(engine: list[dict], oracle: list[dict]) -> Iterator[str]:
    """The differences of two lists of alerts whose order is free. What is `optional` may be missing."""
    if len({(alert["alert_id"], alert["status"]) for alert in engine}) != len(engine):
        yield "two alerts of one line with one alert_id and status"
    last = {alert["alert_id"]: alert for alert in engine}  # of one alert the last record stands
    ours, theirs = ({called(alert): alert for alert in alerts} for alerts in (oracle, last.values()))
    needed = {called(alert) for alert in oracle if not alert.get("optional")}
    if theirs.keys() - ours.keys() or needed - theirs.keys():
        only_theirs, only_ours = sorted(theirs.keys() - ours.keys()), sorted(needed - theirs.keys())
        yield f"alerts: only engine {only_theirs}, only oracle {only_ours}"
        return
    for name in sorted(theirs):
        yield from (f"alert {name}: {difference}" for difference in of_alerts(theirs[name], ours[name]))


def called(alert: dict) -> str:
    return f"{alert['code']} of {alert['label']} {alert['scan_id']} {alert['status']}"


def of_alerts(engine: dict, oracle: dict) -> Iterator[str]:
    since = {"since"} if "since" in engine else set()
    if engine.keys() != (oracle.keys() - OF_THE_TEXTS) | RESPONSIBLE | {"alert_id"} | since:
        yield f"fields: engine {sorted(engine)}, oracle {sorted(oracle)}"
        return
    if not engine["title"].get("en"):
        yield "no English title"
    engine = {**engine, "title": {"zh": engine["title"]["zh"]}}
    for name in FIELDS:
        if engine[name] != oracle[name]:
            yield f"{name}: engine {engine[name]}, oracle {oracle[name]}"
    if {name: engine[name] for name in RESPONSIBLE} not in oracle["whom"]:
        yield f"responsible: engine {engine['responsible']} {engine['districts']}, oracle one of {oracle['whom']}"
    if (oracle["basis"] is not None and engine["basis"] != oracle["basis"]) or not engine["basis"]:
        yield f"basis: engine {engine['basis']}, oracle {oracle['basis']}"
    if "reason" in oracle and not (isinstance(engine["reason"], str) and engine["reason"]):
        yield f"reason: engine {engine['reason']}"
    if instant(engine["time"]) != oracle["time"]:
        yield f"time: engine {engine['time']}, oracle {oracle['time']}"
    if instant(engine["raised_at"]) not in oracle["raised_at"]:
        yield f"raised_at: engine {engine['raised_at']}, oracle one of {oracle['raised_at']}"
    yield from of_evidence(engine, oracle["evidence"])


def of_evidence(engine: dict, oracle: dict) -> Iterator[str]:
    """What the texts name must be there; anything else may."""
    told = dict(engine["evidence"])
    if "moves" in oracle:
        told["moves"] = [(move["type"], instant(move["time"])) for move in told.get("moves", [])]
    if "since" in oracle:
        told["since"] = since(engine)
    for name, value in oracle.items():
        if told.get(name) != value:
            yield f"evidence {name}: engine {told.get(name)}, oracle {value}"


def of_ids(outputs: Iterable[dict]) -> Iterator[str]:
    """Whether `alert_id` means the same alert throughout: one id a violation, one violation an id.

    And whether what is told again under an id has changed.
    """
    ids: dict[tuple, str] = {}
    violations: dict[str, tuple] = {}
    latest: dict[str, dict] = {}
    for alert in [alert for output in outputs for alert in output.get("alerts", [])]:
        content = {name: value for name, value in alert.items() if name != "raised_at"}
        if latest.get(alert["alert_id"]) == content:
            yield f"told again unchanged: {called(alert)}"
        latest[alert["alert_id"]] = content
        if alert["code"] in LIMITS:
            violation = alert["code"], alert["label"], since(alert)
        else:
            violation = alert["code"], alert["label"], alert["scan_id"]
        if ids.setdefault(violation, alert["alert_id"]) != alert["alert_id"]:
            yield f"another alert_id for {called(alert)}"
        if violations.setdefault(alert["alert_id"], violation) != violation:
            yield f"the alert_id of another alert: {called(alert)}"


def since(alert: dict) -> datetime | None:
    """When the time of a timer began: named in the evidence, or beside it."""
    told = alert["evidence"].get("since", alert.get("since"))
    return told and instant(told)
