"""The benchmark's own parts: its scans are what it says, its checks see what is wrong, its clock counts CPU time."""

import json
import os
import sys
import time

import pytest

from load_tests.city import registry
from load_tests.city.founding import found
from load_tests.peers import Backlog, Record, RunError, check_one_each, check_runs, cpu_seconds
from load_tests.worker_throughput import backlog
from processors.parameters import DEFAULT
from processors.registry import Row, parse_row
from processors.replay import Replay

SCANS = Backlog([(b"label", b"scan")] * 4, frozenset({"scan-0003"}))


def record(first: int, to: int, *told: str, partition: int = 0) -> Record:
    verdicts = [{"offset": to, "scan_id": scan_id, "violations": [{"code": "OVERFILL"}]} for scan_id in told]
    return Record(partition, 0, json.dumps({"from": first, "to": to, "judged_at": "", "verdicts": verdicts}).encode())


def one(scan_id: str) -> Record:
    return Record(0, 0, json.dumps({"scan_id": scan_id}).encode())


def test_just_the_scans_that_should_break_a_rule_do() -> None:
    world = found(1)
    rows = [parse_row(json.dumps(row).encode()) for row in registry.rows(world)]
    replay = Replay([row for row in rows if isinstance(row, Row)], DEFAULT)
    scans = backlog(world, 3000)
    answers = [json.loads(replay.take(value)[-1].line()) for _, value in scans.records]
    assert len(answers) == 3000
    assert {answer["scan_id"] for answer in answers if answer["violations"]} == scans.violating
    assert 0.015 < len(scans.violating) / 3000 < 0.04
    assert 250 <= sum(len(value) for _, value in scans.records) / 3000 <= 300


def test_runs_that_cover_every_offset_pass() -> None:
    check_runs([record(0, 1), record(0, 0, partition=1), record(2, 2, "scan-0003")], SCANS)


@pytest.mark.parametrize(
    "records",
    [
        [record(0, 2, "scan-0003")],  # one missing at the end
        [record(0, 1), record(3, 4, "scan-0003")],  # one missing between
        [record(0, 2), record(2, 3, "scan-0003")],  # one twice
        [record(0, 3)],  # a violation not told
        [record(0, 3, "scan-0003", "scan-0001")],  # one too many
    ],
)
def test_runs_that_are_wrong_do_not_pass(records: list[Record]) -> None:
    with pytest.raises(RunError):
        check_runs(records, SCANS)


def test_one_verdict_a_scan() -> None:
    four = [one(f"scan-000{number}") for number in range(4)]
    check_one_each(four, SCANS)
    for wrong in (four[:3], [*four, four[0]], [*four[:3], four[0]]):
        with pytest.raises(RunError):
            check_one_each(wrong, SCANS)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_cpu_time_is_the_process_s_own() -> None:
    before, own = cpu_seconds(os.getpid()), time.process_time()
    while time.process_time() - own < 0.2:
        pass
    assert cpu_seconds(os.getpid()) - before == pytest.approx(0.2, abs=0.1)
