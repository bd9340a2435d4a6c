"""One run of one program over a preloaded log, timed from outside, alike for every program and whatever it is made of.

1. Topics are made anew, the registry and the log's warm-up are written, the program is started with a new group, no state
   and no files, and works the warm-up off.
2. It is stopped in its tracks (SIGSTOP). All the rest of the log is written. Its CPU time and the broker's are read.
3. It is let go on (SIGCONT): the clock starts. Nothing of the measured scans was fetched before (but for one answer of the
   broker's that may have been on its way).
4. It has committed all inputs to their ends: its CPU time and the broker's are read again. The clock stops at the broker's
   stamp of the last record that the program wrote to any topic (LogAppendTime, 1 ms): that every output is acknowledged
   and committed is waited for and is a condition, but the pause until a timer commits is nobody's time. `committed` is
   the time with that pause.
5. What it wrote is compared with what it should have written (outputs.py). A run whose outputs are wrong has no time.

CPU seconds: user and system, of the process with its threads and children (/proc/PID/stat, 10 ms).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from load_tests.bench.bus import Bus
from load_tests.bench.outputs import Expected, Written, WrongError
from load_tests.bench.process import EndedError, Process, cpu_seconds
from stream import registry_load, topics

PATIENCE_S = 90.0
"""Seconds without progress after which a run has failed. A program takes up to 15 to start."""
_POLL_S = 0.05
_INPUTS = frozenset({topics.SCANS.name, topics.REGISTRY.name})

Beside = Callable[[Sequence[Process]], Callable[[], None]]


class RunError(Exception):
    """A program ended, stood still or wrote other than it should; the message says which, and shows its log's end."""


@dataclass(frozen=True)
class Program:
    """What is run: `argv` a process each; `group` commits all of `inputs`; `reads` are the topics its check wants.

    `beside` is called with the processes once the clock runs, and what it returns when all is committed: for a profiler.
    """

    name: str
    expected: Expected
    processes: Sequence[tuple[Sequence[str], Mapping[str, str]]]
    group: str
    check: Callable[[Expected, Mapping[str, Sequence[Written]]], None]
    inputs: Sequence[str] = (topics.SCANS.name,)
    reads: Sequence[str] = (topics.VERDICTS.name,)
    makes: Sequence[str] = ()
    needs_registry: bool = False
    beside: Beside | None = None


@dataclass(frozen=True)
class Measured:
    """Of one run. `scans` are those that were measured, without warm-up and ticks."""

    scans: int
    began: float
    seconds: float
    committed: float
    cpu_seconds: float
    broker_cpu_seconds: float
    written: Mapping[str, Sequence[Written]] = field(default_factory=dict, repr=False)

    @property
    def rate(self) -> float:
        """Scans a second."""
        return self.scans / self.seconds

    @property
    def cpu_us(self) -> float:
        """CPU µs a scan, which is CPU seconds per million scans."""
        return self.cpu_seconds / self.scans * 1e6

    @property
    def broker_cpu_us(self) -> float:
        return self.broker_cpu_seconds / self.scans * 1e6


def run(program: Program, bus: Bus, broker_pid: int, folder: Path) -> Measured:
    """Raises RunError. The broker is left without topics; `folder` is for the logs of the processes."""
    log, started = program.expected.log, []
    try:
        bus.make_topics(program.makes)
        if program.needs_registry:
            rows = folder / "registry.jsonl"
            rows.write_bytes(b"\n".join(log.registry))
            registry_load.load(bus.settings, rows)
        bus.write(log.records[: log.warm])
        with ExitStack() as stack:
            started = [
                stack.enter_context(Process(argv, env, folder / f"{program.name}-{number}.log"))
                for number, (argv, env) in enumerate(program.processes)
            ]
            _until_committed(program, bus, started, log.ends(log.warm))
            _until_shared(program, bus)
            return _measure(program, bus, broker_pid, started)
    except (EndedError, WrongError) as error:
        raise RunError(f"{program.name}: {error}") from error
    finally:
        bus.delete_topics()


def _measure(program: Program, bus: Bus, broker_pid: int, started: Sequence[Process]) -> Measured:
    log = program.expected.log
    bus.stamp_by_broker()
    for process in started:
        process.freeze()
    bus.write(log.records[log.warm :])
    cpu, broker_cpu = sum(process.cpu for process in started), cpu_seconds(broker_pid)
    began = time.time()
    for process in started:
        process.thaw()
    end_beside = program.beside(started) if program.beside else None
    _until_committed(program, bus, started, log.ends())
    committed = time.time() - began
    cpu, broker_cpu = sum(process.cpu for process in started) - cpu, cpu_seconds(broker_pid) - broker_cpu
    if end_beside:
        end_beside()
    written = bus.read(program.reads)
    program.check(program.expected, written)
    outputs = [name for name in bus.topic_names() if name not in _INPUTS]
    last = bus.latest_stamp(outputs)
    seconds = last / 1000 - began if last is not None and last / 1000 > began else committed
    return Measured(log.scans, began, seconds, committed, cpu, broker_cpu, written)


def _until_committed(program: Program, bus: Bus, started: Sequence[Process], scans: Sequence[int]) -> None:
    """Wait until the group has committed `scans` to these offsets and its other inputs to their ends."""
    seen: list[list[int]] = []
    heard = time.monotonic()
    while True:
        now = [bus.committed(program.group, topic) for topic in program.inputs]
        if _reached(now[0], scans) and all(
            _reached(have, bus.ends(topic)) for have, topic in zip(now[1:], program.inputs[1:], strict=True)
        ):
            return
        if now != seen:
            seen, heard = now, time.monotonic()
        for process in started:
            process.must_run()
        if time.monotonic() - heard > PATIENCE_S:
            said = "\n".join(process.log_tail for process in started)
            raise RunError(f"{program.name}: stood still for {PATIENCE_S:.0f} s at {now}, wanted {list(scans)}\n{said}")
        time.sleep(_POLL_S)


def _until_shared(program: Program, bus: Bus) -> None:
    """Of several processes each must have its share before the clock starts."""
    deadline = time.monotonic() + PATIENCE_S
    while len(program.processes) > 1 and bus.members_with_work(program.group) < len(program.processes):
        if time.monotonic() > deadline:
            raise RunError(f"{program.name}: not every process was given partitions in {PATIENCE_S:.0f} s")
        time.sleep(_POLL_S)


def _reached(have: Sequence[int], want: Sequence[int]) -> bool:
    return all(one >= other for one, other in zip(have, want, strict=True))
