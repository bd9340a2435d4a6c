"""`pingliu judge`: what it prints is what the replay says; each option; how it ends."""

import gzip
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from processors.parameters import DEFAULT
from processors.replay import FellDue, Replay
from stream import cli, judge_command
from stream.back_test import Comparing
from stream.judge_command import moment
from stream.settings import SettingsError
from tests.stream.scans import CYCLE, ROWS, bind, cycle, label, rows, scan

COMMAND = [sys.executable, "-m", "stream.cli", "judge"]
# In good order, over the maximum, without its weight, not bound, and again.
SCANS = [
    bind(1),
    *cycle(2),
    scan(10, "fill", net_kg=16.0),
    scan(11, "fill"),
    scan(12, "receive", on=1),
    scan(10, "fill", net_kg=16.0),
    scan(13, "precheck", passed=True),
]
DUE_IN_40_DAYS = bind(1, on=2) | {"data": bind(1)["data"] | {"serial": "S2", "inspected": "2022-12-30"}}

Judge = Callable[..., tuple[list[bytes], str]]


def written(file: Path, scans: list[dict[str, Any]]) -> Path:
    text = "".join(json.dumps(one) + "\n" for one in scans).encode()
    file.write_bytes(gzip.compress(text) if file.suffix == ".gz" else text)
    return file


def replayed(scans: list[dict[str, Any]], until: str | None = None) -> list[bytes]:
    replay = Replay(rows(), DEFAULT)
    lines = list(replay.answers(json.dumps(one).encode() for one in scans))
    fell_due = replay.advance(moment(until)) if until else None
    return [*lines, fell_due.line()] if fell_due else lines


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `registry.jsonl` and `scans.jsonl`, where the command runs without settings of its own."""
    root = Path(__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", str(root))
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "registry.jsonl", ROWS)
    written(tmp_path / "scans.jsonl", SCANS)
    return tmp_path


@pytest.fixture
def judge(city: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Judge:
    """Run the command in this process: its lines, and what it says on stderr."""

    def run(*arguments: str, scans: str = "scans.jsonl", code: int = 0) -> tuple[list[bytes], str]:
        monkeypatch.setattr("sys.argv", ["pingliu", "judge", "--registry", "registry.jsonl", *arguments, scans])
        with pytest.raises(SystemExit) as end:
            cli.main()
        told = capfdbinary.readouterr()
        assert (end.value.code or 0) == code, told.err.decode()
        return told.out.splitlines(), told.err.decode()

    return run


def process(*arguments: str, **how: Any) -> subprocess.Popen[bytes]:
    how.setdefault("env", {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"})
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | how
    return subprocess.Popen([*COMMAND, "--registry", "registry.jsonl", *arguments], **streams)


@pytest.mark.parametrize("name", ["scans.jsonl", "scans.jsonl.gz"])
def test_it_prints_what_the_replay_answers(judge: Judge, city: Path, name: str) -> None:
    written(city / name, SCANS)
    assert judge(scans=name)[0] == replayed(SCANS)


def test_lines_reach_stdout_in_pieces_and_none_is_lost(judge: Judge, city: Path) -> None:
    scans = [scan(number, on=number) for number in range(judge_command._PIECE // 100)]
    written(city / "scans.jsonl", scans)
    assert judge()[0] == replayed(scans)


def test_blank_lines_and_an_empty_file_are_no_scans(judge: Judge, city: Path) -> None:
    (city / "scans.jsonl").write_text("")
    lines, told = judge()
    assert (lines, told.split()[:2]) == ([], ["scans", "0"])
    (city / "scans.jsonl").write_text(f"\n{json.dumps(bind(1))}\n \n")
    assert len(judge()[0]) == 1


def test_stdin_is_answered_scan_by_scan(city: Path) -> None:
    with process("-") as running:
        assert running.stdin is not None
        assert running.stdout is not None
        for one, expected in zip(SCANS, replayed(SCANS), strict=True):
            running.stdin.write(json.dumps(one).encode() + b"\n")
            running.stdin.flush()
            assert running.stdout.readline() == expected + b"\n"
        running.stdin.close()
        assert running.wait(30) == 0


def test_the_settings_are_those_in_force(judge: Judge, city: Path) -> None:
    written(city / "scans.jsonl", [DUE_IN_40_DAYS, scan(2, "precheck", on=2, passed=True)])
    assert json.loads(judge()[0][1])["prevented"] == []
    (city / "pingliu.toml").write_text("[rules]\ndue_soon_days = 45\n")
    assert json.loads(judge()[0][1])["prevented"] == ["INSPECTION_DUE_SOON"]
    assert json.loads(judge("--set", 'rules={"due_soon_days": 30}')[0][1])["prevented"] == []


def test_until_lets_time_go_on(judge: Judge, city: Path) -> None:
    scans = [bind(1), *cycle(2)[:4]]  # on the vehicle, full
    written(city / "scans.jsonl", scans)
    until = "2026-11-21T09:00:00+08:00"
    lines, _ = judge("--until", until)
    assert lines == replayed(scans, until)
    last = json.loads(lines[-1])
    assert (last["type"], last["time"], last["alerts"][0]["code"]) == ("timer", until, "FILLED_DWELL")
    assert judge("--until", "2026-11-20T23:59:59Z")[0] == replayed(scans)


@pytest.mark.parametrize("wrong", ["tomorrow", "2026-11-21", "2026-11-21T09:00:00"])
def test_a_time_without_offset_is_refused(judge: Judge, wrong: str) -> None:
    told = judge("--until", wrong, code=2)[1]
    assert f"--until {wrong}" in told
    assert told.count("\n") == 1
    with pytest.raises(SettingsError):
        moment(wrong)


def test_only_lines_that_name_a_code(judge: Judge, city: Path) -> None:
    lines = [json.loads(line) for line in judge("--codes", "OVERFILL,unknown_label")[0]]
    assert [one["scan_id"] for one in lines] == ["scan-000010", "scan-000012", "scan-000010"]
    scans = [DUE_IN_40_DAYS, scan(2, "precheck", on=2, passed=True), scan(3, "fill", on=2, net_kg=14.5)]
    written(city / "scans.jsonl", scans)
    (city / "pingliu.toml").write_text("[rules]\ndue_soon_days = 45\n")
    assert len(judge("--codes", "INSPECTION_DUE_SOON")[0]) == 2  # one prevented, one a violation
    dwells = judge("--codes", "FILLED_DWELL", "--until", "2026-12-31T00:00:00Z")[0]
    assert [json.loads(line)["type"] for line in dwells] == ["timer"]


def test_unknown_codes_are_named(judge: Judge) -> None:
    lines, told = judge("--codes", "OVERFILL,OVERFULL,X", code=2)
    assert lines == []
    assert "OVERFULL, X" in told
    assert "OVERFILL," not in told


def test_the_summary_counts_each_scan_once(judge: Judge) -> None:
    lines, told = judge("--json")
    counts = json.loads(told)
    assert len(lines) == counts["scans"] == len(SCANS)
    assert counts["rejected"] == {"data.net_kg": 1}
    assert (counts["repeats"], counts["late"]) == (1, 0)
    assert sum(counts["decisions"].values()) == len(SCANS) - 2
    assert (counts["decisions"]["deny"], counts["violations"]["OVERFILL"]) == (2, 1)
    assert counts["alerts"]["OVERFILL"] == {"suspected": 1}
    assert counts["seconds"] > 0 < counts["scans_a_second"]
    lines, told = judge("--summary", "--json")
    assert told == ""
    assert json.loads(lines[0]) | {"seconds": 0, "scans_a_second": 0} == counts | {"seconds": 0, "scans_a_second": 0}


def test_the_summary_for_people(judge: Judge) -> None:
    lines, told = judge("--summary")
    assert told == ""
    table = [line.decode().split() for line in lines]
    assert ["scans", str(len(SCANS))] in table
    assert ["data.net_kg", "1"] in table
    assert ["OVERFILL", "1", "suspected"] in table
    assert judge("--quiet")[1] == ""
    assert "leave out" in judge("--summary", "--quiet", code=2)[1]


def against(city: Path, toml: str, scans: list[dict[str, Any]]) -> None:
    written(city / "scans.jsonl", scans)
    (city / "other.toml").write_text(toml)


def test_a_back_test_names_exactly_the_scans_that_change(judge: Judge, city: Path) -> None:
    scans = [bind(1), DUE_IN_40_DAYS | {"scan_id": "other-0001"}, *cycle(2), *cycle(2 + CYCLE, on=2)]
    scans += scans[-CYCLE:]  # repeats
    against(city, "[rules]\ndue_soon_days = 45\n", scans)
    lines, told = judge("--against", "other.toml", "--json")
    precheck, fill = (json.loads(line) for line in lines)
    plain = {"decision": "allow", "violations": [], "prevented": [], "late": False}
    assert precheck == {
        "scan_id": "scan-000008", "device": "D-st1", "label": label(2), "type": "precheck",
        "time": scan(8)["time"], "before": plain,
        "after": plain | {"decision": "warn", "prevented": ["INSPECTION_DUE_SOON"]},
    }  # fmt: skip
    assert (fill["type"], fill["before"]) == ("fill", plain)
    assert fill["after"] == plain | {"decision": "warn", "violations": ["INSPECTION_DUE_SOON"]}
    counts = json.loads(told)
    assert (counts["scans"], counts["changed"]) == (len(scans), 2)
    assert counts["decisions"] == {"allow to warn": 2}
    assert counts["violations"] == counts["prevented"] == {"INSPECTION_DUE_SOON": {"before": 0, "after": 1}}
    assert counts["alerts"] == {}
    assert judge("--against", "other.toml", "--codes", "OVERFILL")[0] == []
    assert "1 after" in b"".join(judge("--against", "other.toml", "--summary")[0]).decode()


def test_a_back_test_counts_only_the_codes_that_change(judge: Judge, city: Path) -> None:
    against(city, "[rules]\ndue_soon_days = 45\n", [DUE_IN_40_DAYS, scan(2, "fill", on=2, net_kg=16.0)])
    lines, told = judge("--against", "other.toml", "--json")
    sides = json.loads(lines[0])
    assert sides["before"]["violations"] == ["PREFILL_CHECK_MISSING", "OVERFILL"]
    assert sides["after"]["violations"] == ["INSPECTION_DUE_SOON", "PREFILL_CHECK_MISSING", "OVERFILL"]
    counts = json.loads(told)
    assert (counts["decisions"], counts["violations"]) == ({}, {"INSPECTION_DUE_SOON": {"before": 0, "after": 1}})


def test_a_back_test_names_a_verdict_that_one_side_alone_gives_again(judge: Judge, city: Path) -> None:
    # The check comes last, made two and a half hours before the fill.
    fill, check = scan(9000, "fill", net_kg=14.5), scan(10, "precheck", passed=True)
    late = check | {"received": scan(9060)["time"]}
    against(city, "[rules]\nprecheck_hours = 3\n", [bind(1), fill, late])
    (line,), told = judge("--against", "other.toml", "--json")
    denied = {"decision": "deny", "violations": ["PREFILL_CHECK_MISSING"], "prevented": [], "late": False}
    assert json.loads(line) == {
        "scan_id": "scan-009000", "device": "D-st1", "label": label(0), "type": "fill", "time": fill["time"],
        "before": denied, "after": denied | {"decision": "allow", "violations": []}, "revised": True,
    }  # fmt: skip
    counts = json.loads(told)
    assert (counts["changed"], counts["decisions"]) == (1, {"deny to allow": 1})
    assert counts["violations"] == {"PREFILL_CHECK_MISSING": {"before": 1, "after": 0}}


def test_a_back_test_counts_a_scan_once_that_differs_again_when_it_is_revised(judge: Judge, city: Path) -> None:
    # Over the maximum under one of them from the first; the check that comes late makes both judge again.
    fill, check = scan(600, "fill", net_kg=16.0), scan(10, "precheck", passed=True)
    late = check | {"received": scan(660)["time"]}
    scans = [DUE_IN_40_DAYS, *(one | {"label": label(2)} for one in (fill, late))]
    against(city, "[rules]\ndue_soon_days = 45\n", scans)
    lines, told = judge("--against", "other.toml", "--json")
    found = [(one["type"], one.get("revised", False), one["after"]["violations"]) for one in map(json.loads, lines)]
    assert found == [
        ("fill", False, ["INSPECTION_DUE_SOON", "PREFILL_CHECK_MISSING", "OVERFILL"]),
        ("precheck", False, []),
        ("fill", True, ["INSPECTION_DUE_SOON", "OVERFILL"]),
    ]
    counts = json.loads(told)
    assert (counts["changed"], counts["violations"]) == (2, {"INSPECTION_DUE_SOON": {"before": 0, "after": 1}})


def test_what_both_sides_judge_again_alike_is_no_difference(judge: Judge, city: Path) -> None:
    fill, check = scan(600, "fill", net_kg=14.5), scan(10, "precheck", passed=True)
    against(city, "[rules]\ndue_soon_days = 45\n", [bind(1), fill, check | {"received": scan(660)["time"]}])
    assert judge("--against", "other.toml")[0] == []


def test_a_back_test_under_the_same_settings_changes_nothing(judge: Judge, city: Path) -> None:
    against(city, "", SCANS)
    assert judge("--against", "other.toml", "--until", "2027-11-21T00:00:00Z")[0] == []


def test_a_back_test_tells_alerts_of_one_side_only(judge: Judge, city: Path) -> None:
    # One stays on the vehicle for 25 hours, the other for good: only of the first does one side alone hear.
    first, second = [bind(1), *cycle(2)[:4]], [bind(10, on=1), *cycle(11, on=1)[:4]]
    off = scan(20, "unload", vehicle="V1") | dict.fromkeys(("time", "received"), "2026-11-21T09:00:30+08:00")
    against(city, "[rules]\nvehicle_hours = 30\n", [*first, *second, off])
    (line,) = judge("--against", "other.toml", "--until", "2026-11-23T00:00:00+08:00")[0]
    told = json.loads(line)
    assert (told["only"], told["code"], told["label"]) == ("before", "FILLED_DWELL", label(0))
    assert (told["scan_id"], told["status"]) == ("scan-000005", "resolved")
    alerts = [alert for line in judge()[0] for alert in json.loads(line).get("alerts", ())]
    assert told["alert_id"] in {alert["alert_id"] for alert in alerts}


class Scripted:
    def __init__(self, *told: FellDue | None) -> None:
        self._told = list(told)

    def advance(self, clock: int) -> FellDue | None:
        return self._told.pop(0)


def test_an_alert_that_both_sides_told_stays_no_difference() -> None:
    replay = Replay(rows(), DEFAULT)
    list(replay.answers(json.dumps(one).encode() for one in (bind(1), *cycle(2)[:4])))
    dwell = replay.advance(moment("2026-11-23T00:00:00Z"))
    assert dwell is not None
    comparing = Comparing(Scripted(dwell, dwell, None), Scripted(None, dwell, dwell), None)
    assert [len(comparing.end(clock)) for clock in (1, 2, 3)] == [1, 0, 0]


def test_a_back_test_shows_a_scan_that_only_one_side_takes(judge: Judge, city: Path) -> None:
    ahead = scan(3) | {"received": scan(3, second=-360 % 3600)["time"].replace("T08", "T07")}
    against(city, "[rules]\nahead_minutes = 10\n", [bind(1), ahead])
    (line,) = judge("--against", "other.toml")[0]
    told = json.loads(line)
    assert told["before"]["rejected"]["field"] == "time"
    assert (told["scan_id"], told["device"], told["after"]["decision"]) == ("scan-000003", "D-st1", "allow")


def test_a_back_test_takes_only_the_file_it_is_given(judge: Judge, city: Path) -> None:
    (city / "pingliu.toml").write_text("[rules]\ndue_soon_days = 45\n")
    against(city, "[rules]\nprecheck_hours = 3\n", [DUE_IN_40_DAYS, scan(2, "precheck", on=2, passed=True)])
    (line,) = judge("--against", "other.toml")[0]
    assert json.loads(line)["after"]["prevented"] == []


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ("[rules]\ndue_soon = 1\n", "rules.due_soon: no such parameter"),
        ("[rules]\ndue_soon_days = -1\n", "rules.due_soon_days"),
        ("[[rules.changes]]\nfrom = 'soon'\n", "rules.changes[0].from: wanted a date"),
        ("brokr = 1\n", "brokr: no such setting"),
        ("rules = \n", "line 1"),
    ],
)
def test_what_is_wrong_in_the_other_settings_is_named(judge: Judge, city: Path, toml: str, named: str) -> None:
    against(city, toml, SCANS)
    lines, told = judge("--against", "other.toml", code=2)
    assert (lines, told.count("\n")) == ([], 1)
    assert "other.toml: " in told
    assert named in told


@pytest.mark.parametrize("arguments", [["nowhere.jsonl"], ["."], ["--against", "nowhere.toml", "scans.jsonl"]])
def test_a_file_that_cannot_be_read_is_one_line(judge: Judge, arguments: list[str]) -> None:
    lines, told = judge(*arguments[:-1], scans=arguments[-1], code=2)
    assert (lines, told.count("\n")) == ([], 1)
    assert (arguments[1] if len(arguments) > 1 else arguments[0]) in told


def test_of_a_gzip_file_cut_short_what_was_there_is_judged(judge: Judge, city: Path) -> None:
    scans = [scan(number, on=number) for number in range(3000)]
    whole = written(city / "scans.jsonl.gz", scans).read_bytes()
    (city / "scans.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    lines, told = judge(scans="scans.jsonl.gz", code=2)
    assert 0 < len(lines) < 3000
    assert lines == replayed(scans)[: len(lines)]
    assert told.startswith("pingliu: scans.jsonl.gz: ")
    assert told.count("\n") == 1
    (city / "scans.jsonl.gz").write_text("no gzip")
    assert "scans.jsonl.gz: Not a gzipped file" in judge(scans="scans.jsonl.gz", code=2)[1]


def test_a_reader_that_goes_away_is_no_error(city: Path) -> None:
    written(city / "scans.jsonl", [scan(number, on=number) for number in range(9000)])
    with process("scans.jsonl") as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline()
        running.stdout.close()
        assert (running.wait(30), running.stderr.read()) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("option", ["--json", "--summary"])
def test_a_full_disk_is_one_line(city: Path, option: str) -> None:
    with Path("/dev/full").open("wb") as full, process(option, "scans.jsonl", stdout=full) as running:
        assert running.stderr is not None
        told = running.stderr.read()
        assert (running.wait(30), told.count(b"\n")) == (2, 1)


def test_a_bar_is_on_a_terminal_only(city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    expected = b"".join(line + b"\n" for line in replayed(SCANS))

    def on_terminal(*arguments: str) -> str:
        ours, theirs = pty.openpty()
        with process(*arguments, "scans.jsonl", stderr=theirs) as running:
            os.close(theirs)
            assert running.stdout is not None
            told = b""
            while piece := _read(ours):
                told += piece
            assert running.stdout.read() == expected
            assert running.wait(30) == 0
        os.close(ours)
        return told.decode()

    told = on_terminal()
    assert "judging" in told
    assert "OVERFILL" in told
    assert on_terminal("--quiet") == ""
    with process("scans.jsonl") as running:
        _, piped = running.communicate()
    assert b"judging" not in piped


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux: nobody has the other end open any more
        return b""


def test_the_help_says_how_it_ends(judge: Judge) -> None:
    told = b"\n".join(judge("--help")[0]).decode()
    for part in ("Exit code 0", "2:", "--against", "pingliu judge --registry city.jsonl scans.jsonl > verdicts.jsonl"):
        assert part in told
