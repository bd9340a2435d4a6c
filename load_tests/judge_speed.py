"""Scans a second of `pingliu judge` on the simulated city, beside a bare loop that only reads, decodes and writes them.

Each run starts every program once, in turn, as a process of its own with its lines to /dev/null. Measured from outside,
from start to end, less what the same program took in the same run for an empty file (its start: Python, imports, the
registry): seconds by the clock, CPU seconds (user and system) by the system's account of the process.

The bare loop reads the same file, decodes each line with the same msgspec decoder and writes the line back: what any
Python program would take that checks a scan's shape and judges nothing. The inputs are cities side by side, which share
no cylinder, customer, vehicle or device:

- *clean*: without the cylinders on which a violation is planted;
- *city*: all scans; less than one in a hundred breaks a rule;
- *unlicensed*: all scans, with every enterprise's licences suspended: each fill and each delivery breaks a rule.

    python -m load_tests.judge_speed [--cities N] [--runs R]
"""

import argparse
import json
import os
import platform
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from load_tests.city import registry
from load_tests.city.plan import Plan, make_plan
from processors.labels import has_label_shape
from processors.model import decode_scan

CITIES_AT_MOST = 9  # the simulator numbers cylinders from one of nine beginnings
PIECE = 1 << 18  # bytes the bare loop writes at once, as `pingliu judge` does
# The ids of one city: devices, people, sites, vehicles, customers, enterprises.
_ID = re.compile(r'"(D-[^"]+|P\d{4}|S\d\d[AB]|SA1|V\d\d-\w+|C\d{6}|E\d\d|A\d\d)"')


@dataclass(frozen=True)
class Input:
    """Files to judge, and how many scans there are."""

    name: str
    registry: Path
    scans: Path
    count: int


@dataclass(frozen=True)
class Cost:
    """Of one process."""

    seconds: float
    cpu_seconds: float

    def less(self, start: "Cost") -> "Cost":
        return Cost(self.seconds - start.seconds, self.cpu_seconds - start.cpu_seconds)


def make_inputs(cities: int, folder: Path) -> list[Input]:
    """Write the files of every input."""
    rows: list[str] = []
    scans: list[tuple[str, str, bool]] = []
    for place, plan in enumerate(_plans(cities)):
        rows += (_of_city(json.dumps(row, ensure_ascii=False), place) for row in registry.rows(plan.world))
        planted = {scan.key for scan in plan.scans if scan.deed.alerts or scan.deed.prevented or scan.deed.told}
        for scan in plan.scans:
            line = _of_city(scan.body.decode(), place)
            scans += [(str(scan.received), line, scan.key in planted)] * (1 + scan.repeat)
    scans.sort(key=lambda scan: scan[0])
    licensed = _write(folder / "registry.jsonl", rows)
    suspended = _write(folder / "suspended.jsonl", (json.dumps(_suspended(json.loads(row))) for row in rows))
    whole = _write(folder / "city.jsonl", (line for _, line, _ in scans))
    clean = [line for _, line, is_planted in scans if not is_planted]
    return [
        Input("clean", licensed, _write(folder / "clean.jsonl", clean), len(clean)),
        Input("city", licensed, whole, len(scans)),
        Input("unlicensed", suspended, whole, len(scans)),
    ]


def _plans(cities: int) -> Iterator[Plan]:
    """Cities of which no two have a label in common."""
    seen: set[str] = set()
    for seed in count(1):
        plan = make_plan(seed)
        labels = {scan.deed.code for scan in plan.scans if has_label_shape(scan.deed.code)}
        if seen.isdisjoint(labels):
            seen |= labels
            yield plan
            cities -= 1
        if not cities:
            return


def _of_city(line: str, place: int) -> str:
    return _ID.sub(rf'"\1-{place}"', line)


def _suspended(row: dict[str, Any]) -> dict[str, Any]:
    licences = {name: licence | {"suspended": True} for name, licence in row.items() if name.endswith("_licence")}
    return row | licences


def _write(file: Path, lines: Iterable[str]) -> Path:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


def bare(scans: str) -> None:
    """The loop that judge is compared with."""
    held: list[bytes] = []
    size = 0
    with Path(scans).open("rb") as lines:
        for line in lines:
            decode_scan(line)
            held.append(line)
            size += len(line)
            if size >= PIECE:
                sys.stdout.buffer.write(b"".join(held))
                held, size = [], 0
    sys.stdout.buffer.write(b"".join(held))


def cost(arguments: Sequence[str]) -> tuple[Cost, bytes]:
    """What a process takes, and what it says on stderr; its lines go nowhere. Raises CalledProcessError."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Cost(seconds, cpu_seconds), done.stderr


def measure(inputs: Sequence[Input], empty: Path) -> Iterator[tuple[str, Cost, Cost, Mapping[str, Any]]]:
    """One run: for each input its name, what judging and the bare loop took, and the summary of the judging."""
    for one in inputs:
        costs = []
        for scans in (empty, one.scans):
            loop, _ = cost(["-c", "import sys; from load_tests.judge_speed import bare; bare(sys.argv[1])", str(scans)])
            judge = ["-m", "stream.cli", "judge", "--json", "--registry", str(one.registry), str(scans)]
            judging, told = cost(judge)
            costs.append((judging, loop))
        (judge_start, loop_start), (judging, loop) = costs
        yield one.name, judging.less(judge_start), loop.less(loop_start), json.loads(told)


def table(inputs: Sequence[Input], runs: Sequence[Sequence[tuple[str, Cost, Cost, Mapping[str, Any]]]]) -> Table:
    """Medians over the runs, with the least and the most; a ratio is of two processes one after the other."""
    title = f"median (min-max) of {len(runs)} runs; {os.cpu_count()} cores, {platform.python_version()}"
    shown = Table("", "scans", "violations", "scans/s", "CPU µs a scan", "bare loop, µs", "times the bare", title=title)
    for one, results in zip(inputs, zip(*runs, strict=True), strict=True):
        rates = [one.count / judging.seconds for _, judging, _, _ in results]
        costs = [judging.cpu_seconds / one.count * 1e6 for _, judging, _, _ in results]
        loops = [loop.cpu_seconds / one.count * 1e6 for _, _, loop, _ in results]
        ratios = [judging.cpu_seconds / loop.cpu_seconds for _, judging, loop, _ in results]
        found = sum(results[0][3]["violations"].values())
        figures = (_spread(rates, ",.0f"), _spread(costs, ".1f"), _spread(loops, ".1f"), _spread(ratios, ".1f"))
        shown.add_row(one.name, f"{one.count:,}", f"{found:,}", *figures)
    return shown


def _spread(values: Sequence[float], form: str) -> str:
    return f"{median(values):{form}} ({min(values):{form}}-{max(values):{form}})"


def main() -> None:
    """Print the table, and write nothing that stays."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.judge_speed", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--cities", type=int, default=6, choices=range(1, CITIES_AT_MOST + 1), help="of ten thousand scans each (6)"
    )
    parser.add_argument("--runs", type=int, default=5, help="runs of each (5)")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="pingliu-bench-") as folder, Console(stderr=True).status("making scans") as progress:
        inputs, empty = make_inputs(asked.cities, Path(folder)), _write(Path(folder) / "empty.jsonl", ())
        runs = []
        for number in range(1, asked.runs + 1):
            progress.update(f"run {number} of {asked.runs}")
            runs.append(list(measure(inputs, empty)))
    Console().print(table(inputs, runs))


if __name__ == "__main__":
    main()
