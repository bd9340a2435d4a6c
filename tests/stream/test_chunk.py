"""A chunk in, its effects out; and a crash anywhere leaves the same state, the same verdicts and the same alerts."""

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.cylinder import Cylinder, unpack
from stream.lane.chunk import ChunkJudge, Effects
from tests.stream.scans import PARAMETERS, bind, cycle, label, registry, scan


@dataclass
class Record:
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int = 0


def records(scans: list[Any], first: int = 0) -> list[Record]:
    """A partition's log: scans under their labels, other bytes as they are."""
    return [
        Record(first + place, one["label"].encode(), json.dumps(one).encode())
        if isinstance(one, dict) and "label" in one
        else Record(first + place, None, json.dumps(one).encode() if isinstance(one, dict) else one)
        for place, one in enumerate(scans)
    ]


class Worker:
    """A worker's memory and its changelog, without Kafka."""

    def __init__(self, changelog: dict[str, bytes]) -> None:
        self.changelog = changelog
        self.cylinders: dict[str, Cylinder] = {key: unpack(value) for key, value in changelog.items()}
        self._judge = ChunkJudge(registry(), PARAMETERS)

    def take(self, chunk: list[Record], keep: int | None = None) -> Effects:
        """Judge a chunk; of what it touched, `keep` labels reach the changelog before the crash (all without)."""
        effects = self._judge.judge(0, self.cylinders, chunk, "now")
        self.changelog.update(list(effects.touched.items())[:keep])
        return effects


def told(effects: Effects) -> dict[int, Any]:
    """What a sink learns of each offset."""
    learnt: dict[int, Any] = {}
    for record in map(json.loads, effects.verdicts):
        learnt |= dict.fromkeys(range(record["from"], record["to"] + 1), "plain")
        learnt |= {one["offset"]: one for one in record["verdicts"]}
    return learnt


HISTORY = [
    bind(1, on=1), *cycle(2, on=1), bind(6, on=2), {"type": "tick", "received": "2026-11-20T09:00:00+08:00"},
    scan(7, "fill", on=2, net_kg=16.0), scan(7, "fill", on=2, net_kg=16.0), scan(8, "fill", on=3, net_kg=1.0),
    scan(9, "deliver", on=2, device="D-co1"), scan(10, "incident", on=2, kind="leak"), *cycle(11, on=1),
    scan(9, "deliver", on=2, device="D-co1", customer="C1"), scan(15, "lookup", on=1), scan(16, "lookup", on=9),
    bind(17, on=2), scan(18, "scrap", on=1, reason="old"), scan(19, "fill", on=1, net_kg=14.0), b"{not a scan",
    scan(20, "fill", on=2, net_kg=14.0) | {"dry_run": True}, *cycle(21, on=2),
]  # fmt: skip


def test_a_poison_record_is_told_and_put_aside_and_the_partition_goes_on() -> None:
    wrong_key = records([scan(3, on=1)])[0]
    wrong_key.key = b"another"
    chunk = [
        *records([bind(1, on=1), b"\x00garbage"]),
        Record(2, label(1).encode(), wrong_key.value),
        Record(3, None, None),
    ]
    effects = Worker({}).take([*chunk, *records([scan(5, "fill", on=1, net_kg=99.0)], first=4)])
    assert [(record.offset, reject.field) for record, reject in effects.rejected] == [(1, ""), (3, "")]
    assert told(effects)[4]["decision"] == "deny"
    only = Worker({}).take([Record(0, b"another", wrong_key.value)])
    assert only.rejected[0][1].field == "label"


def test_the_same_ids_with_another_body_are_put_aside_as_a_conflict() -> None:
    effects = Worker({}).take(
        records([bind(1, on=1), scan(2, "fill", on=1, net_kg=14.0), scan(2, "fill", on=1, net_kg=15.0)])
    )
    assert effects.decisions == {"allow": 2, "conflict": 1}
    assert told(effects)[2]["rejected"]["field"] == "scan_id"


def test_a_hundred_repeats_change_nothing() -> None:
    log = records([bind(1, on=1), *[scan(2, "fill", on=1, net_kg=16.0)] * 100])
    once, often = Worker({}), Worker({})
    first, all_of_them = once.take(log[:2]), often.take(log)
    assert once.changelog[label(1)] == often.changelog[label(1)]
    assert [one.alert_id for one in all_of_them.alerts] == [one.alert_id for one in first.alerts]
    repeats = [one for offset, one in told(all_of_them).items() if offset > 1]
    assert len(repeats) == 99
    assert all(one["duplicate"] and one["decision"] == "deny" for one in repeats)


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_a_crash_anywhere_changes_nothing_that_anyone_sees(data: st.DataObject) -> None:
    log = records(HISTORY)
    whole = Worker({})
    expected = told(whole.take(log))
    wanted_alerts = {one.alert_id: one for one in Worker({}).take(log).alerts}

    changelog: dict[str, bytes] = {}
    learnt: dict[int, Any] = {}
    alerts: dict[str, Any] = {}
    committed = 0
    while committed < len(log):
        worker = Worker(changelog)
        position = committed
        while position < len(log):
            size = data.draw(st.integers(1, 8), label="chunk")
            crash = data.draw(
                st.sampled_from(["no", "no", "before verdicts", "in changelog", "before commit"]), label="crash"
            )
            chunk = log[position : position + size]
            effects = worker.take(chunk, keep=0 if crash in ("before verdicts", "in changelog") else None)
            if crash == "before verdicts":
                break
            for offset, one in told(effects).items():
                assert learnt.setdefault(offset, one) == one, "a run told again must say the same"
            for alert in effects.alerts:
                assert alerts.setdefault(alert.alert_id, alert) == alert
            if crash == "in changelog":
                kept = data.draw(st.integers(0, len(effects.touched)), label="kept")
                changelog.update(list(effects.touched.items())[:kept])
                break
            position += len(chunk)
            if crash == "before commit":
                break
            committed = position
    assert learnt == expected
    assert alerts == wanted_alerts
    assert changelog == whole.changelog


def test_the_arrival_clock_runs_over_scans_that_are_passed_over() -> None:
    first, then = scan(50, "scrap", on=1, reason="old"), scan(2, "incident", on=3, kind="leak")
    log = records([bind(1, on=1), first, then])
    raised = Worker({}).take(log).alerts[-1].raised_at
    assert raised == first["received"], "the latest arrival so far, not the incident's own"
    changelog: dict[str, bytes] = {}
    Worker(changelog).take(log[:2])
    assert Worker(changelog).take(log).alerts[-1].raised_at == raised
