"""Small real runs: the harness times programs over a real broker, compares what they wrote, and says what it left out."""

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from load_tests.bench import programs
from load_tests.bench.__main__ import parse
from load_tests.bench.city_log import make_log
from load_tests.bench.outputs import Expected, Written
from load_tests.bench.process import EndedError, Process, cpu_seconds
from load_tests.bench.profile import line_of, part_of, shares
from load_tests.bench.results import Report, Target
from load_tests.bench.run import Program, RunError
from load_tests.bench.setting import PARTITIONS, Asked, Setting, broker
from load_tests.peers import kafka_streams
from load_tests.peers.bare import READING
from processors.intake import read_all
from stream import topics
from stream.lane.chunk import ChunkJudge
from stream.tables.partition import Partition

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
SCANS = 2_000


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    asked = Asked(SCANS, 1, 0, 0, Path(".pingliu/peers"), tmp_path_factory.mktemp("bench"), lambda _: None)
    with broker(asked, "test") as found:
        yield found


@pytest.fixture(scope="module")
def expected() -> Expected:
    return Expected(make_log(SCANS, PARTITIONS))


@pytest.mark.kafka
@pytest.mark.slow
def test_pingliu_and_the_bare_loop_with_its_bytes(setting: Setting, expected: Expected) -> None:
    ours = setting.run(lambda: programs.pingliu(expected, setting.settings))
    assert ours.scans == expected.log.scans
    assert 0 < ours.seconds <= ours.committed + 0.1
    assert ours.cpu_seconds > 0
    assert setting.bus.topic_names() == []
    bare = setting.run(lambda: programs.bare_loop(expected, setting.settings, ours, output=True))
    measured = [one for records in ours.written.values() for one in records if one.stamp >= ours.began * 1000]
    [copied] = bare.written.values()
    assert sorted((one.key or b"", one.value or b"") for one in copied) == sorted(
        (one.key or b"", one.value or b"") for one in measured
    )

    def make() -> Program:
        program = programs.bare_loop(expected, setting.settings, ours, output=True, reading=True)
        assert program.processes[0][0][-1] == READING
        return program

    assert [len(records) for records in setting.run(make).written.values()] == [len(copied)]
    nothing = setting.run(lambda: programs.judging_nothing(expected, setting.settings))
    assert (nothing.scans, bool(nothing.written[topics.VERDICTS.name])) == (ours.scans, True)
    silent = setting.run(lambda: programs.bare_loop(expected, setting.settings, ours, output=False))
    assert not any(silent.written.values())


@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.parametrize("output", [True, False])
@pytest.mark.parametrize("kind", programs.PEERS)
def test_a_peer_answers_each_scan(kind: str, output: bool, setting: Setting, expected: Expected) -> None:
    if not _is_there(kind):
        pytest.skip(f"what {kind} needs is not installed: `make bench` does that")
    home = Path(".pingliu/peers")
    measured = setting.run(lambda: programs.peer(kind, expected, setting.settings, home, output=output))
    assert bool(measured.written["verdicts"]) is output


def _is_there(kind: str) -> bool:
    """Without fetching anything."""
    home = Path(".pingliu/peers")
    if kind == "faust":
        return True
    return bool(list(home.glob("kafka-streams/*/Counts.class" if kind == "kafka-streams" else "venv-*/ready")))


@pytest.mark.kafka
@pytest.mark.slow
def test_a_run_whose_outputs_are_wrong_has_no_time(setting: Setting, expected: Expected) -> None:
    other = Expected(expected.log.beginning(SCANS // 2, expected.log.warm))

    def make() -> Program:
        program = programs.peer("faust", expected, setting.settings, Path(".pingliu/peers"), output=True)

        def check(_: Expected, written: Mapping[str, Sequence[Written]]) -> None:
            program.check(other, written)

        return replace(program, check=check)

    with pytest.raises(RunError, match="too many or wrong"):
        setting.run(make)
    assert setting.bus.topic_names() == []


@pytest.mark.kafka
def test_a_program_that_ends_is_told_with_its_log(setting: Setting, expected: Expected) -> None:
    command = (sys.executable, "-c", "print('nothing to do'); raise SystemExit(3)")

    def make() -> Program:
        program = programs.peer("faust", expected, setting.settings, Path(".pingliu/peers"), output=True)
        return replace(program, processes=[(command, {})])

    with pytest.raises(RunError, match=r"(?s)exit code 3.*nothing to do"):
        setting.run(make)


def test_a_process_is_frozen_and_goes_on(tmp_path: Path) -> None:
    busy = "import time\nwhile True: time.process_time()"
    with Process((sys.executable, "-c", busy), {}, tmp_path / "log") as process:
        while process.cpu < 0.05:
            process.must_run()
        process.freeze()
        used = process.cpu
        until = time.process_time() + 0.1
        while time.process_time() < until:
            pass
        assert process.cpu == used
        process.thaw()
        while process.cpu == used:
            process.must_run()
    with pytest.raises(EndedError):
        process.must_run()


def test_cpu_time_is_the_process_s_own() -> None:
    before, own = cpu_seconds(os.getpid()), time.process_time()
    while time.process_time() - own < 0.2:
        pass
    assert cpu_seconds(os.getpid()) - before == pytest.approx(0.2, abs=0.1)


def test_a_peer_that_cannot_run_is_left_out_with_the_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert kafka_streams.javac() is None
    assert "no JDK" in (programs.left_out("kafka-streams", tmp_path) or "")
    report = Report(left_out={"Kafka Streams": "no JDK"})
    assert list(report.tables()[0].columns[1].cells) == ["left out: no JDK"]


@pytest.mark.parametrize(
    ("values", "more", "stands"),
    [([0.5, 9, 9], True, "aim"), ([0.4], True, "floor"), ([0.2], True, "missed"), ([2], False, "missed")],
)
def test_the_median_is_held_against_floor_and_aim(values: list[float], more: bool, stands: str) -> None:
    target = Target("row", "speed", values, 0.3, 0.5, more=more)
    assert target.stands == stands
    assert json.loads(json.dumps(Report(targets=[target]).as_json()))["targets"][0]["stands"] == stands


def test_a_sample_belongs_to_the_innermost_line() -> None:
    stack = ["run (asyncio/base_events.py:1)", "judge (stream/lane/chunk.py:9)", "look (processors/rules/supply.py:3)"]
    assert line_of(stack) == "rules"
    assert line_of(stack[:2]) == "chunk: state look-up and book-keeping"
    assert line_of(["main (elsewhere.py:1)"]) == "other"
    fetching = ["run (stream/vital.py:1)", "_fetch (stream/lane/fetching.py:9)", "arrived (stream/kafka.py:99)"]
    assert line_of(fetching) == "consume: librdkafka's records, and the lane's driver"
    found = shares([f"{';'.join(stack)} 3", f"{';'.join(stack[:2])} 1"])
    assert found == {"rules": 0.75, "chunk: state look-up and book-keeping": 0.25}


def test_a_sample_belongs_to_the_part_of_the_work_that_it_was_in() -> None:
    chunk = ["run (asyncio/base_events.py:1)", "ChunkJudge.judge (/app/stream/lane/chunk.py:9)"]
    rule = "look (/app/processors/rules/supply.py:3)"
    ways = {
        "the long way": f"{ChunkJudge._take.__qualname__} (/app/stream/lane/chunk.py:9)",
        "the short way": f"{ChunkJudge._judge_in_order.__qualname__} (/app/stream/lane/chunk.py:9)",
        "states woken": f"{Partition.wake.__qualname__} (/app/stream/tables/partition.py:9)",
        "states put away": f"{Partition.put_away.__qualname__} (/app/stream/tables/partition.py:9)",
        "scans read": f"{read_all.__qualname__} (/app/processors/intake.py:9)",
    }
    for part, frame in ways.items():
        assert part_of([*chunk, frame, rule]) == part
    assert part_of(chunk) == "else of a chunk"
    assert part_of([chunk[0], "steps (/app/stream/lane/holders.py:9)", ways["states woken"]]) == "the second key"
    assert part_of(chunk[:1]) == "Faust, fetching, loop, the rest"
    assert shares([f"{';'.join(chunk)} 1"], part_of) == {"else of a chunk": 1.0}


def test_the_command_line_names_its_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(["--rows", "bare,gateway", "--quick"]).rows == ["bare", "gateway"]
    assert parse(["--city"]).cylinders == 3_100_000
    for wrong in (["--rows", "nothing"], ["--rounds", "-1"]):
        with pytest.raises(SystemExit):
            parse(wrong)
    assert "nothing" in capsys.readouterr().err
