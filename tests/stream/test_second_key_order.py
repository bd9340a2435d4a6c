"""Scans of several partitions, judged by workers that crash and get on at their own pace: counted as `judge` counts."""

import json
from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.holder import HolderPacking
from processors.model import encode
from processors.packed import LedgerPacking
from processors.registry import Registry, parse_row
from processors.replay import Replay
from processors.times import DAY, HOUR, MINUTE, instant, rfc3339
from stream.lane.chunk import ChunkJudge
from stream.lane.effects import Effects
from stream.lane.holders import HolderJudge
from stream.tables.partition import Partition
from tests.stream.crashing import Changelog, Record, kept, lives, records, whole
from tests.stream.scans import LICENCE, PARAMETERS, ROWS, bind, label, scan

PARTITIONS = 3
BEGAN = 1_795_000_000_000_000  # an instant in November 2026
CITY: list[dict[str, Any]] = [
    *ROWS,
    {"kind": "customer", "id": "R1", "customer_kind": "resident", "district": "330203"},
    {"kind": "vehicle", "id": "V2", "enterprise": "E1", "permit": LICENCE, "max_cylinders": 1},
    *({"kind": "device", "id": f"D-co{n}", "enterprise": f"E{n}", "device_kind": "courier"} for n in (2, 3)),
]
ROWS_PARSED: list[Any] = [parse_row(json.dumps(row).encode()) for row in CITY]
COUNTED = {"USER_EXCESS_HOLDING", "ABNORMAL_PURCHASE", "VEHICLE_UNLICENSED"}
JUMPS = st.sampled_from([1000, MINUTE, MINUTE, 16 * MINUTE, 2 * HOUR, 25 * HOUR, 40 * DAY])
LATE = st.sampled_from([0, 0, 0, MINUTE, 3 * HOUR])
MOVES: dict[str, dict[str, Any]] = {
    "deliver": {"customer": "R1"}, "load": {"vehicle": "V2", "driver": "P3", "escort": "P4"},
    "collect": {"customer": "R1"}, "unload": {"vehicle": "V2"}, "void": {"reason": "wrong"}, "tick": {},
}  # fmt: skip

Arrival = tuple[int, dict[str, Any]]  # its partition of `scans`, and the scan or tick


def registry() -> Registry:
    found = Registry()
    for row in ROWS_PARSED:
        found.put(row)
    return found


@st.composite
def any_days(draw: st.DrawFn) -> list[Arrival]:
    """Scans and ticks in order of arrival, no two scans at one moment. A cylinder's partition is its number's."""
    clock, number = BEGAN, 0
    days: list[Arrival] = []

    def arrive(one: dict[str, Any], on: int, back: int = 0) -> None:
        days.append((on % PARTITIONS, one | {"time": rfc3339(clock - back), "received": rfc3339(clock)}))

    for on in range(6):
        clock, number = clock + MINUTE, number + 1
        arrive(bind(number, on), on)
    for _ in range(draw(st.integers(5, 30))):
        clock, number = clock + draw(JUMPS), number + 1
        what, on = draw(st.sampled_from([*MOVES, "deliver", "deliver", "load"])), draw(st.integers(0, 5))
        if what == "tick":
            days.append((on % PARTITIONS, {"type": "tick", "received": rfc3339(clock)}))
            continue
        device = f"D-co{draw(st.integers(1, 3))}" if what == "deliver" else "D-co1" if what == "collect" else "D-st1"
        data = MOVES[what]
        if what == "void":
            earlier = [one for _, one in days if one.get("label") == label(on) and one["device"] == "D-st1"]
            data = data | {"scan_id": earlier[-1]["scan_id"], "device": "D-st1"}
            device = "D-of1"
        arrive(scan(number, what, on=on, device=device) | {"data": data}, on, draw(LATE))
    end = {"type": "tick", "received": rfc3339(clock + 25 * HOUR)}
    return days + [(partition, end) for partition in range(PARTITIONS)]


def by_judge(days: list[Arrival]) -> dict[str, Any]:
    """What stands of the second keys' rules when `judge` takes the days in one line."""
    replay, alerts = Replay(ROWS_PARSED, PARAMETERS), []
    for _, one in days:
        if one["type"] == "tick":
            fell_due = replay.advance(instant(datetime.fromisoformat(one["received"])))
            alerts += list(fell_due.alerts) if fell_due else []
        else:
            alerts += [alert for answer in replay.take(encode(one)) for alert in answer.alerts]
    return standing(alerts)


def standing(alerts: list[Any]) -> dict[str, Any]:
    """By alert_id the last of each as it stands, whenever that was told."""
    found = {alert.alert_id: json.loads(encode(alert)) | {"raised_at": ""} for alert in alerts}
    return {one: alert for one, alert in found.items() if alert["code"] in COUNTED}


def told(data: st.DataObject, days: list[Arrival], partition: int) -> list[tuple[bytes | None, bytes]]:
    """What the worker of a partition of `scans` writes to `holders`, over its crashes."""

    def start(changelog: Changelog) -> Any:
        state: Partition[Any] = Partition.restored(kept(changelog), LedgerPacking())
        judge = ChunkJudge(registry(), PARAMETERS)
        return lambda chunk: judge.judge(partition, state, chunk, "now")

    heard, _ = lives(data, records([one for where, one in days if where == partition]), start)
    return [
        (one[0].encode(), one[1]) if kind == "handed on" else (None, one)
        for kind, one in heard
        if kind in ("handed on", "tick")
    ]


def interleaved(data: st.DataObject, rows: list[list[Any]]) -> list[Record]:
    """The log of `holders`: each partition's own order kept, one far ahead of another."""
    log: list[Record] = []
    while any(rows):
        row = data.draw(st.sampled_from([row for row in rows if row]), label="row")
        ahead = data.draw(st.integers(1, len(row)), label="ahead")
        log += [Record(len(log) + place, key, value) for place, (key, value) in enumerate(row[:ahead])]
        del row[:ahead]
    return log


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_what_stands_in_the_end_is_what_one_run_of_judge_tells(data: st.DataObject) -> None:
    days = data.draw(any_days(), label="days")
    log = interleaved(data, [told(data, days, partition) for partition in range(PARTITIONS)])

    def start(changelog: Changelog) -> Any:
        state: Partition[Any] = Partition.restored(kept(changelog), HolderPacking())
        for record in log:
            if state.position.since <= record.offset <= state.position.upto:
                state.held.hear_again(record.offset, record.key, record.value)
        judge = HolderJudge(registry(), PARAMETERS, PARTITIONS)

        def count(chunk: list[Record]) -> Effects:
            return whole(judge.steps(0, state, chunk))

        return count

    heard, _ = lives(data, log, start)
    assert standing([one for kind, one in heard if kind == "alert"]) == by_judge(days)
