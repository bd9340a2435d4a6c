"""The benchmark's log is what it says it is, and the comparison of outputs sees one that was dropped or altered."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import pytest

from load_tests.bench.city_log import SCANS_A_TICK, Log, make_log
from load_tests.bench.outputs import (
    Expected,
    Written,
    WrongError,
    check_peer,
    check_pingliu,
    check_silent,
)
from processors.model import encode
from processors.packed import LedgerPacking
from processors.parameters import DEFAULT
from processors.registry import Registry, Row, parse_row
from stream import topics
from stream.lane.chunk import ChunkJudge
from stream.lane.effects import Effects
from stream.tables.partition import Partition

SCANS, PARTITIONS = 1_400, 2
Outputs = dict[str, list[Written]]


@cache
def expected() -> Expected:
    return Expected(make_log(SCANS, PARTITIONS))


class _Read:
    """A record of `scans` as the lane sees it."""

    def __init__(self, offset: int, key: bytes | None, value: bytes) -> None:
        self.offset, self.key, self.value = offset, key, value
        self.timestamp = 0


@cache
def judged() -> list[Effects]:
    """What the lane makes of the log, chunk by chunk, without a broker."""
    registry = Registry()
    rows = [parse_row(line) for line in expected().log.registry]
    registry.put_all(row for row in rows if isinstance(row, Row))
    judge, effects = ChunkJudge(registry, DEFAULT), []
    for number in range(PARTITIONS):
        state: Partition[Any] = Partition(LedgerPacking())
        records = [one for one in expected().log.records if one.partition == number]
        read = [_Read(offset, one.key, one.value) for offset, one in enumerate(records)]
        effects += [judge.judge(number, state, read[at : at + 500], "") for at in range(0, len(read), 500)]
    return effects


def pingliu_outputs() -> Outputs:
    """As the worker's outbox would have written them."""
    written: Outputs = {topics.VERDICTS.name: [], **{topic.name: [] for topic in topics.ALERTS.values()}}
    for effects in judged():
        verdicts = [Written(topics.VERDICTS.name, effects.partition, 0, None, run) for run in effects.verdicts]
        written[topics.VERDICTS.name] += verdicts
        for alert in effects.alerts:
            topic = topics.ALERTS[alert.to[0]].name
            written[topic].append(Written(topic, 0, 0, b"", encode(alert)))
    return written


def peer_outputs(log: Log) -> Outputs:
    counts: Counter[str] = Counter()
    written = []
    for record in log.records:
        if record.key is not None:
            scan = json.loads(record.value)
            counts[scan["label"]] += 1
            said = {"scan_id": scan["scan_id"], "label": scan["label"], "count": counts[scan["label"]]}
            written.append(Written("verdicts", record.partition, 0, record.key, json.dumps(said).encode()))
    return {"verdicts": written}


def test_the_log_is_in_order_of_arrival_and_clean_but_for_a_few() -> None:
    log = expected().log
    scans = [json.loads(record.value) for record in log.records[log.warm :]]
    ticks = sum(scan["type"] == "tick" for scan in scans)
    assert [scan["received"] for scan in scans] == sorted(scan["received"] for scan in scans)
    assert 0.99 * SCANS < log.scans < 1.02 * SCANS
    assert ticks == log.scans // SCANS_A_TICK * PARTITIONS
    assert {"collect", "receive", "precheck", "fill", "postcheck", "load", "deliver"} < {scan["type"] for scan in scans}
    said = [json.loads(one) for one in expected().verdicts.listed.values()]
    assert 0 < sum(bool(one["violations"]) for one in said) < 0.03 * len(log.records)
    assert any(one["late"] for one in said)
    assert not any("rejected" in one for one in said)


def test_it_is_the_same_each_time_and_each_record_where_java_s_clients_place_it() -> None:
    assert make_log(SCANS, PARTITIONS) == expected().log
    assert {record.partition for record in expected().log.records} == set(range(PARTITIONS))


def test_a_slower_peer_gets_the_beginning() -> None:
    log = expected().log
    shorter = log.beginning(100, 60)
    assert (shorter.warm, shorter.scans) == (60, 100)
    assert shorter.records == [*log.records[:60], *log.records[log.warm : log.warm + len(shorter.records) - 60]]
    assert sum(shorter.ends()) == len(shorter.records)


def test_what_the_lane_says_is_as_the_replay_says() -> None:
    check_pingliu(expected(), pingliu_outputs())


def _other_decision(run: dict[str, Any]) -> None:
    said = run["verdicts"][0]
    said["decision"] = "allow" if said["decision"] == "deny" else "deny"


def _not_listed(run: dict[str, Any]) -> None:
    del run["verdicts"][0]


def _one_more(run: dict[str, Any]) -> None:
    run["verdicts"].append({**run["verdicts"][0], "offset": run["to"], "late": True})


def _shorter(run: dict[str, Any]) -> None:
    run["to"] -= 1


def _no_revision(run: dict[str, Any]) -> None:
    run["verdicts"].remove(next(one for one in run["verdicts"] if "revision" in one))


def _other_revision(run: dict[str, Any]) -> None:
    next(one for one in run["verdicts"] if "revision" in one)["revision"] = 7


@pytest.mark.parametrize("change", [_other_decision, _not_listed, _one_more, _shorter, _no_revision, _other_revision])
def test_an_altered_run_is_seen(change: Callable[[dict[str, Any]], None]) -> None:
    outputs = pingliu_outputs()
    runs = outputs[topics.VERDICTS.name]
    place = next(place for place, record in enumerate(runs) if b'"revision"' in (record.value or b""))
    run = json.loads(runs[place].value or b"")
    change(run)
    runs[place] = Written(topics.VERDICTS.name, runs[place].partition, 0, None, json.dumps(run).encode())
    with pytest.raises(WrongError):
        check_pingliu(expected(), outputs)


@pytest.mark.parametrize("place", [0, -1])
def test_a_run_that_is_missing_is_seen(place: int) -> None:
    outputs = pingliu_outputs()
    del outputs[topics.VERDICTS.name][place]
    with pytest.raises(WrongError):
        check_pingliu(expected(), outputs)


def test_a_log_that_is_not_judged_to_its_end_is_seen() -> None:
    outputs = pingliu_outputs()
    last = outputs[topics.VERDICTS.name][-1]
    run = json.loads(last.value or b"")
    run["to"] = max([one["offset"] for one in run["verdicts"]] + [run["from"]])
    assert run["to"] < expected().log.ends()[-1] - 1
    outputs[topics.VERDICTS.name][-1] = Written(last.topic, last.partition, 0, None, json.dumps(run).encode())
    with pytest.raises(WrongError, match="go up to"):
        check_pingliu(expected(), outputs)


def test_an_alert_that_is_missing_is_seen() -> None:
    outputs = pingliu_outputs()
    topic = next(topic.name for topic in topics.ALERTS.values() if outputs[topic.name])
    gone = json.loads(outputs[topic][0].value or b"")["alert_id"]
    for name in outputs:
        outputs[name] = [one for one in outputs[name] if json.loads(one.value or b"").get("alert_id") != gone]
    with pytest.raises(WrongError, match="alert"):
        check_pingliu(expected(), outputs)


def _altered(record: Written, **changes: Any) -> Written:
    said = json.loads(record.value or b"") | changes
    return Written(record.topic, record.partition, record.stamp, record.key, json.dumps(said).encode())


def test_a_peer_s_verdicts_are_held_against_the_look_up() -> None:
    right = peer_outputs(expected().log)
    check_peer(expected(), right)
    first, rest = right["verdicts"][0], right["verdicts"][1:]
    wrong: Sequence[Mapping[str, Sequence[Written]]] = [
        {"verdicts": rest},
        {"verdicts": [first, *right["verdicts"]]},
        {"verdicts": [_altered(first, count=2), *rest]},
        {"verdicts": [_altered(first, label="other"), *rest]},
        {"verdicts": [_altered(first, scan_id="other"), *rest]},
    ]
    for outputs in wrong:
        with pytest.raises(WrongError):
            check_peer(expected(), outputs)


def test_where_the_output_is_off_there_is_none() -> None:
    check_silent(expected(), {"verdicts": []})
    with pytest.raises(WrongError):
        check_silent(expected(), peer_outputs(expected().log))
