"""The judge: lines in order of arrival in, answers in the shape of `pingliu judge` out. Times in answers are datetimes."""

import json
from datetime import datetime

from . import admission, labels
from .judging import Judging
from .registry import Registry
from .scan import Scan
from .times import day_of, instant
from .waiting import Clock

OF_A_VOID = {"device", "type", "data.device", "data.scan_id"}  # of another enterprise's scan: the texts name no field


class Oracle:
    """`answers` to each line in turn; at the end of input `until`."""

    def __init__(self, registry_rows: list[dict]) -> None:
        self.registry = Registry(registry_rows)
        self.clock = Clock()
        self.judging = Judging(self.registry, self.clock)
        self.archive, self.given = self.judging.archive, self.judging.given
        self.stood: dict[tuple, str] = {}  # how each alert stood after the last line

    def answers(self, line: bytes) -> list[dict]:
        """The verdict with `alerts`, or the reject with all fields that may be named.

        A timer line before it where anything is due, revision lines after it where it changes what was said.
        """
        body = admission.parsed(line)
        if body is None:
            return [{"scan_id": None, "rejected": None}]
        if wrong := admission.wrong_fields(body):
            return [{"scan_id": body.get("scan_id"), "rejected": wrong}]
        time = instant(body["time"])
        received = instant(body["received"]) if "received" in body else time
        clock = self.clock.after(received)
        key, same = (body["device"], body["scan_id"]), without_received(body)
        known = self.registry.known(clock)
        wrong = admission.refused(body, known)
        if key in self.given.bodies:
            if same != self.given.bodies[key]:
                return [{"scan_id": body["scan_id"], "rejected": {"scan_id"} | wrong}]
            return [*self.advance(clock), self.given.repeated(key)]
        if wrong:
            return [{"scan_id": body["scan_id"], "rejected": wrong}]
        accepted = Scan(
            body,
            label=None if body["type"] == "home_check" else self.archive.canonical(labels.bare(body["label"])),
            replaces=self.archive.canonical(body["data"]["replaces"]) if "replaces" in body.get("data", {}) else None,
            time=time,
            received=received,
            clock=clock,
            device=known.at("device", body["device"], day_of(time)),
        )
        if accepted.type == "void" and self.judging.is_of_another(accepted):
            return [{"scan_id": body["scan_id"], "rejected": OF_A_VOID}]
        timer_line = self.advance(clock)
        outcome = self.judging.take(accepted)
        self.given.first(accepted, same, outcome.verdict)
        return [
            *timer_line,
            outcome.verdict | {"alerts": self.last_of_each(outcome.alerts)},
            *self.given.revised(clock),
        ]

    def last_of_each(self, alerts: list[dict]) -> list[dict]:
        """Where one alert is told twice by one arrival, the first may as well not be, nor both where they undo each other."""
        latest = {called(record): number for number, record in enumerate(alerts)}
        status = {called(record): record["status"] for record in alerts}
        undone = {name for name in latest if status[name] == self.stood.get(name, "retracted") == "retracted"}
        fallen = {name for name in latest if status[name] == "retracted"}
        self.stood |= status
        return [
            record | {"optional": True}
            if called(record) in undone
            or latest[called(record)] > number
            or (record["status"] == "suspected" and called(record) in fallen)
            else record
            for number, record in enumerate(alerts)
        ]

    def until(self, moment: datetime) -> list[dict]:
        """The timer line of a clock that goes on at the end of input, where anything falls due by it."""
        return self.advance(self.clock.after(moment))

    def advance(self, clock: datetime) -> list[dict]:
        """What falls due until the clock stands so."""
        lines = self.clock.advance(clock)
        self.stood |= {called(record): record["status"] for line in lines for record in line["alerts"]}
        return lines


def called(record: dict) -> tuple:
    return record["code"], record["label"], record["scan_id"]


def without_received(body: dict) -> str:
    """The body for comparing, whatever the order of its fields."""
    return json.dumps({name: value for name, value in body.items() if name != "received"}, sort_keys=True)
