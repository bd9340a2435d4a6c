"""The rows of the worker: scans a second and CPU a scan beside each peer and beside the bare loop, over one log.

Measured as `run.py` says, in rounds: in each round every program runs once, Pingliu first (what it writes is the bare loop's
tape), and a ratio is of two runs of one round. Pingliu does everything in every row: all rules, the second key, timers,
waiting, late insertion. A peer looks its count up by label, adds one, and writes one verdict a scan; in a second row
its verdicts are switched off (Pingliu's never are), so that the difference cannot be laid to them. Beside the bare loop
run two for the account: a loop that reads each scan too, and Pingliu's worker with the judging taken out of it.

- *speed*: Pingliu's scans a second over the peer's.
- *CPU*: CPU a scan of Pingliu's process over that of the peer's; the broker's is apart.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from load_tests.bench.city_log import make_log
from load_tests.bench.outputs import Expected
from load_tests.bench.programs import PEERS, bare_loop, judging_nothing, left_out, peer, pingliu, shorter
from load_tests.bench.results import Figures, Report, Target
from load_tests.bench.run import Measured, Program
from load_tests.bench.setting import PARTITIONS, Asked, Setting, broker

BARE, READING, NOTHING = "bare", "reading", "nothing"
_LOOPS = {BARE: "bare loop, same bytes", READING: "bare loop, reading", NOTHING: "worker, judging nothing"}
# (floor, aim) of the speed, then of the CPU where one is set (issue: Faster than Kafka Streams, in Python)
SPEED = {
    "faust": (50, 90),
    "quixstreams": (4, 7),
    "bytewax": (1.5, 3),
    "kafka-streams": (0.8, 1.5),
    BARE: (0.3, 0.5),
}
CPU = {"kafka-streams": (0.7, 0.45)}


class _Runs:
    """What each program took, round by round."""

    def __init__(self) -> None:
        self.figures: dict[str, Figures] = {}
        self.speed: dict[tuple[str, bool], list[float]] = {}
        self.cpu: dict[tuple[str, bool], list[float]] = {}

    def take(self, name: str, measured: Measured) -> Measured:
        figures = self.figures.setdefault(name, Figures(name, count=measured.scans))
        figures.rates.append(measured.rate)
        figures.cpu.append(measured.cpu_us)
        figures.broker_cpu.append(measured.broker_cpu_us)
        return measured

    def compare(self, kind: str, output: bool, ours: Measured, theirs: Measured) -> None:
        self.speed.setdefault((kind, output), []).append(ours.rate / theirs.rate)
        self.cpu.setdefault((kind, output), []).append(ours.cpu_us / theirs.cpu_us)


def measure(asked: Asked, kinds: Sequence[str]) -> Report:
    """All rounds. Raises RunError: a program's outputs were wrong, or it broke."""
    report, able = Report(), []
    asked.say("seeing to what the peers need: the first time it is fetched")
    for kind in kinds:
        if kind != BARE and (why := left_out(kind, asked.home)):
            report.left_out[PEERS[kind].name] = why
        else:
            able += list(_LOOPS) if kind == BARE else [kind]
    asked.say("making the log, and judging it for what should come of it")
    whole = Expected(make_log(asked.scans, PARTITIONS))
    logs = {kind: whole if kind in _LOOPS else shorter(whole, kind) for kind in able}
    assert whole.verdicts
    runs = _Runs()
    with broker(asked, "workers") as setting:
        for number in range(1, asked.rounds + 1):
            _round(setting, asked, runs, whole, logs, f"round {number} of {asked.rounds}")
    report.figures = list(runs.figures.values())
    for (kind, output), values in runs.speed.items():
        name = _name(kind, output)
        floor, aim = SPEED.get(kind, (None, None)) if output else (None, None)
        report.targets.append(Target(name, "speed", values, floor, aim))
        floor, aim = CPU.get(kind, (None, None)) if output else (None, None)
        report.targets.append(Target(name, "CPU a scan", runs.cpu[kind, output], floor, aim, more=False))
    return report


def _round(setting: Setting, asked: Asked, runs: _Runs, whole: Expected, logs: dict[str, Expected], which: str) -> None:
    asked.say(f"{which}: Pingliu")
    ours = runs.take("Pingliu", setting.run(lambda: pingliu(whole, setting.settings)))
    for kind, expected in logs.items():
        for output in (True,) if kind in (READING, NOTHING) else (True, False):
            name = _name(kind, output)
            asked.say(f"{which}: {name}")

            make = partial(_program, kind, expected, setting, ours, asked.home, output)
            runs.compare(kind, output, ours, runs.take(name, setting.run(make)))


def _name(kind: str, output: bool) -> str:
    return (_LOOPS.get(kind) or PEERS[kind].name) + ("" if output else ", output off")


def _program(kind: str, expected: Expected, setting: Setting, ours: Measured, home: Path, output: bool) -> Program:
    if kind == NOTHING:
        return judging_nothing(expected, setting.settings)
    if kind in _LOOPS:
        return bare_loop(expected, setting.settings, ours, output=output, reading=kind == READING)
    return peer(kind, expected, setting.settings, home, output=output)
