"""Where the worker's microseconds go, line by line: `make profile`, or `python -m load_tests.bench.profile [--scans N]`.

The real worker over a preloaded log, run as in a row of the benchmark, with py-spy looking at it a hundred times a second.
Each sample of the thread that has the interpreter belongs to the line of the table whose files or functions stand innermost
in its stack; the shares are of the CPU time that the system counts for the threads that run Python. The threads that run
none (librdkafka's) are counted by the system alone. The sum is the CPU time of the process.

The second table has the same samples by the part of the work that they were in, whatever ran there.
"""

import argparse
import faulthandler
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from load_tests.bench.city_log import make_log
from load_tests.bench.outputs import Expected
from load_tests.bench.process import Process, cpu_by_thread
from load_tests.bench.programs import pingliu
from load_tests.bench.run import RunError, run
from load_tests.bench.setting import PARTITIONS, Asked, broker

_RATE = 100  # samples a second
_LIBRDKAFKA = "rdk:"

# A line of the table, and what a frame "function (file:line)" holds that belongs to it; the first that fits is taken.
LINES: Sequence[tuple[str, str]] = (
    ("decode", "processors/intake.py processors/written.py decode_scan processors/reject.py"),
    ("registry look-ups", "processors/registry processors/customers.py processors/parameters.py"),
    (
        "rules",
        "processors/rules/ processors/findings.py processors/routing.py processors/alerts.py processors/places.py",
    ),
    ("late insertion, what falls due", "processors/late.py processors/walk.py processors/due.py processors/alarms.py"),
    ("telling: what changed", "processors/telling.py"),
    (
        "ledger: window and state",
        "processors/ledger.py processors/cylinder.py processors/arrival.py processors/judge.py",
    ),
    (
        "a scan in order: look, take, join",
        "processors/in_order.py processors/ground.py processors/effects.py processors/scene.py processors/repeats.py",
    ),
    ("times: to and from text", "processors/times.py"),
    ("second key", "processors/second_key.py processors/holder.py stream/lane/holders.py"),
    ("pack and unpack", "processors/pack processors/origins.py"),
    ("verdicts: encode and runs", "stream/lane/runs.py processors/model.py"),
    (
        "outbox: produce, flush and commit",
        "stream/lane/outbox.py stream/lane/keeping.py stream/tables/fence.py",
    ),
    ("chunk: state look-up and book-keeping", "stream/lane/chunk.py stream/lane/effects.py stream/tables/"),
    ("metrics", "stream/metrics.py prometheus_client _told _counted"),
    ("consume: librdkafka's records, and the lane's driver", "stream/lane/fetching.py stream/lane/driver.py aiokafka/"),
    ("Faust", "faust/ mode/"),
    ("worker.py", "stream/worker.py stream/registry_feed.py"),
    ("event loop", "asyncio/ selectors.py concurrent/ threading.py"),
)


# A part of the work, and what stands in a frame of it, wherever in the stack; the first that fits is taken.
PARTS: Sequence[tuple[str, Sequence[str]]] = (
    ("the second key", ["stream/lane/holders.py"]),
    ("scans read", ["read_all ("]),
    ("states woken", ["Partition.wake ("]),
    ("the long way", ["ChunkJudge._take ("]),
    ("the short way", ["ChunkJudge._judge_in_order ("]),
    ("states put away", ["Partition.put_away ("]),
    ("else of a chunk", ["stream/lane/chunk.py"]),
    ("outbox, fence, commit", ["stream/lane/outbox.py", "stream/lane/keeping.py", "stream/tables/fence.py"]),
)


def line_of(frames: Sequence[str]) -> str:
    """The line of the table for a stack, outermost frame first."""
    for frame in reversed(frames):
        for name, parts in LINES:
            if any(part in frame for part in parts.split()):
                return name
    return "other"


def part_of(frames: Sequence[str]) -> str:
    """The part of the work for a stack."""
    for name, parts in PARTS:
        if any(part in frame for part in parts for frame in frames):
            return name
    return "Faust, fetching, loop, the rest"


def shares(stacks: Iterable[str], of: Callable[[Sequence[str]], str] = line_of) -> dict[str, float]:
    """By line of the table its share of all samples; stacks as py-spy writes them: `a;b;c 12`."""
    found: Counter[str] = Counter()
    for stack in stacks:
        frames, _, count = stack.rpartition(" ")
        found[of(frames.split(";"))] += int(count)
    return {name: count / found.total() for name, count in found.most_common()}


class Sampler:
    """py-spy beside a worker; started once the clock runs, ended when all is committed."""

    def __init__(self, into: Path) -> None:
        self.into = into
        self.cpu: dict[str, float] = {}

    def beside(self, started: Sequence[Process]) -> Callable[[], None]:
        pid = started[0].pid
        before = cpu_by_thread(pid)
        command = ["--gil", "--format", "raw", "--rate", str(_RATE), "--full-filenames", "--output", str(self.into)]
        py_spy = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or "py-spy"
        try:
            spying = subprocess.Popen(
                [py_spy, "record", "--pid", str(pid), "--duration", "86400", *command],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise RunError("py-spy is not installed: it is in the extra `bench`") from error

        def end() -> None:
            self.cpu = {name: taken - before.get(name, 0.0) for name, taken in cpu_by_thread(pid).items()}
            spying.send_signal(2)  # as Ctrl-C: it writes what it has
            said, _ = spying.communicate(timeout=60)
            if not self.into.exists():
                raise RunError(f"py-spy wrote nothing: {said[-300:]}")

        return end


def measure(asked: Asked) -> Sequence[Table]:
    """By line, and by part of the work. Raises RunError."""
    expected = Expected(make_log(asked.scans, PARTITIONS))
    with broker(asked, "profile") as setting:
        setting.empty()
        sampler = Sampler(asked.folder / "stacks.txt")
        program = pingliu(expected, setting.settings, beside=sampler.beside)
        asked.say("judging the log, and the worker over it with py-spy beside")
        measured = run(program, setting.bus, setting.broker_pid, setting.folder)
    client = sum(taken for name, taken in sampler.cpu.items() if name.startswith(_LIBRDKAFKA))
    python = sum(sampler.cpu.values()) - client
    scale = 1e6 / measured.scans
    stacks = sampler.into.read_text().splitlines()
    title = f"{measured.scans:,} scans, {measured.rate:,.0f} a second with py-spy beside"
    return [
        _table(title, {**_scaled(shares(stacks, of), python * scale), "librdkafka's own threads": client * scale})
        for of in (line_of, part_of)
    ]


def _scaled(shares: dict[str, float], whole: float) -> dict[str, float]:
    return {name: share * whole for name, share in shares.items()}


def _table(title: str, lines: dict[str, float]) -> Table:
    table, whole = Table("line", "CPU µs a scan", "share", title=title), sum(lines.values())
    for name, taken in sorted(lines.items(), key=lambda line: -line[1]):
        table.add_row(name, f"{taken:.1f}", f"{taken / whole:.1%}")
    table.add_row("all", f"{whole:.1f}", "", style="bold")
    return table


def main() -> None:
    """Print the tables."""
    faulthandler.enable()
    parser = argparse.ArgumentParser(prog="python -m load_tests.bench.profile", description=__doc__.splitlines()[0])
    parser.add_argument("--scans", type=int, default=100_000, help="measured scans (100,000)")
    given = parser.parse_args()
    with (
        TemporaryDirectory(prefix="pingliu-profile-") as folder,
        Console(stderr=True).status("making scans") as progress,
    ):
        asked = Asked(given.scans, 1, 0, 0, Path(), Path(folder), progress.update)
        tables = measure(asked)
    Console().print(*tables)


if __name__ == "__main__":
    try:
        main()
    except RunError as error:
        sys.exit(str(error))
