"""`pingliu judge`: the rules over a file of scans, and the back-test of other parameters on the same file.

What is judged stands in processors/replay.py; here is what stands around it: files, lines, the summary, the bar. Where
the input breaks off (a gzip file cut short) or the reader goes away, what was judged by then is written and no summary
is. Memory grows with the cylinders and, in a back-test (back_test.py), with what differs and the alerts; not with the scans.
"""

import gzip
import io
import os
import stat
import sys
import time
import tomllib
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from rich.progress import DownloadColumn, Progress

from processors.model import Instant, Reject, Verdict, encode
from processors.parameters import Schedule
from processors.replay import Answer, FellDue, Printed, Replay, Revision
from processors.rules import BY_CODE
from processors.times import instant
from stream.back_test import Comparing, in_order
from stream.registry_load import read as read_registry
from stream.settings import SettingsError, checked_rules, load
from stream.terminal import bar

STDIN = "-"
_PIECE = 1 << 18  # bytes written at once: a line is some 300
_BAR_EVERY = 256  # scans between two looks at how far we are


@dataclass(frozen=True)
class Asked:
    """What the command line asks for. Of `codes`: None is every line, and no code no line at all."""

    scans: str
    registry: Path
    until: int | None = None
    codes: frozenset[str] | None = None
    summary: bool = False
    as_json: bool = False
    quiet: bool = False


def run(asked: Asked, schedule: Schedule, other: Schedule | None = None) -> None:
    """Judge the file; with another schedule print what it would change. Raises OSError and RegistryFileError."""
    rows = read_registry(asked.registry)
    work: Judging | Comparing
    if other is None:
        work = Judging(Replay(rows, schedule), asked.codes)
    else:
        work = Comparing(Replay(rows, schedule), Replay(rows, other), asked.codes)
    at_once = asked.scans == STDIN or sys.stdout.isatty()
    try:
        # A buffer of our own: what it cannot write is gone with it, where sys.stdout would try, and complain, once more.
        with open(sys.stdout.fileno(), "wb", _PIECE, closefd=False) as out:
            summary = _judge(work, asked, out, at_once=at_once)
            if asked.summary:
                out.write(summary.encode())
    except BrokenPipeError:
        raise SystemExit(0) from None  # typer would make a 1 of it
    if not (asked.summary or asked.quiet):
        sys.stderr.write(summary)


def _judge(work: "Judging | Comparing", asked: Asked, out: BinaryIO, *, at_once: bool) -> str:
    """Write the lines of all scans; the summary of them."""
    scans, began = 0, time.perf_counter()
    with _reading(asked) as lines:
        for line in lines:
            if line.isspace():
                continue
            scans += 1
            out.writelines(told + b"\n" for told in work.take(line))
            if at_once:
                out.flush()
        out.writelines(told + b"\n" for told in work.end(asked.until))
    seconds = time.perf_counter() - began
    rate = {"seconds": round(seconds, 3), "scans_a_second": round(scans / seconds)}
    summary = {"scans": scans} | work.summary() | rate
    return encode(summary).decode() + "\n" if asked.as_json else as_text(summary)


class Judging:
    """One schedule: the lines of the contract, and what they come to. A repeat counts as that and nothing else."""

    def __init__(self, replay: Replay, codes: frozenset[str] | None) -> None:
        self._replay = replay
        self._codes = codes
        self._repeats = self._late = self._revised = 0
        self._rejected: Counter[str] = Counter()
        self._decisions: Counter[str] = Counter()
        self._violations: Counter[str] = Counter()
        self._prevented: Counter[str] = Counter()
        self._alerts: Counter[tuple[str, str]] = Counter()

    def take(self, line: bytes) -> list[bytes]:
        """The lines one arrival comes to."""
        return self._lines(self._replay.take(line))

    def end(self, until: int | None) -> list[bytes]:
        """The lines that time passing until then comes to."""
        fell_due = self._replay.advance(until) if until is not None else None
        return self._lines([fell_due] if fell_due else [])

    def summary(self) -> dict[str, Any]:
        """Counts, by name."""
        alerts: dict[str, dict[str, int]] = {}
        for (code, status), number in sorted(self._alerts.items()):
            alerts.setdefault(code, {})[status] = number
        return {
            "rejected": in_order(self._rejected),
            "repeats": self._repeats,
            "late": self._late,
            "revised": self._revised,
            "decisions": in_order(self._decisions),
            "violations": in_order(self._violations),
            "prevented": in_order(self._prevented),
            "alerts": alerts,
        }

    def _lines(self, told: Iterable[Printed]) -> list[bytes]:
        lines = []
        for one in told:
            if isinstance(one, Answer):
                self._count(one.verdict)
            elif isinstance(one, Revision):
                self._revised += 1
            for alert in one.alerts:
                self._alerts[alert.code, alert.status] += 1
            if self._codes is None or not self._codes.isdisjoint(_codes_of(one)):
                lines.append(one.line())
        return lines

    def _count(self, verdict: Verdict | Reject) -> None:
        if isinstance(verdict, Reject):
            self._rejected[verdict.field] += 1
        elif verdict.duplicate is True:
            self._repeats += 1
        else:
            self._late += verdict.late
            self._decisions[verdict.decision] += 1
            for violation in verdict.violations:
                self._violations[violation.code] += 1
            for code in verdict.prevented:
                self._prevented[code] += 1


def _codes_of(told: Printed) -> Iterator[str]:
    yield from (alert.code for alert in told.alerts)
    if not isinstance(told, FellDue) and isinstance(told.verdict, Verdict):
        yield from (violation.code for violation in told.verdict.violations)
        yield from told.verdict.prevented


def as_text(summary: Mapping[str, Any]) -> str:
    """A summary as people read it."""
    lines = []
    for name, value in summary.items():
        if not isinstance(value, Mapping):
            lines.append(_row(name.replace("_", " "), value))
            continue
        lines.append(name if value else _row(name, 0))
        for code, count in value.items():
            lines.append(_row(f"  {code or 'the line'}", count))
    return "".join(f"{line}\n" for line in lines)


def _row(name: str, value: float | Mapping[str, int]) -> str:
    if isinstance(value, Mapping):
        return f"{name:<30}  {', '.join(f'{number:,} {which}' for which, number in value.items() if number)}"
    return f"{name:<30}  {value:>12,}"


@contextmanager
def _reading(asked: Asked) -> Iterator[Iterable[bytes]]:
    """The lines of the scans. A bar on stderr says how far they are read, where that is a terminal without them."""
    if asked.scans == STDIN:
        yield sys.stdin.buffer
        return
    with Path(asked.scans).open("rb") as file:
        status = os.fstat(file.fileno())
        lines: Iterable[bytes] = file
        if asked.scans.endswith(".gz"):
            lines = io.BufferedReader(gzip.GzipFile(fileobj=file), _PIECE)
        lines_told_there = sys.stdout.isatty() and not asked.summary
        try:
            with bar(
                "judging",
                DownloadColumn(),
                shown=not (asked.quiet or lines_told_there) and stat.S_ISREG(status.st_mode),
            ) as progress:
                yield lines if progress.disable else _shown(lines, file, progress, status.st_size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise OSError(f"{asked.scans}: {error}") from None


def _shown(lines: Iterable[bytes], file: BinaryIO, progress: Progress, size: int) -> Iterator[bytes]:
    task = progress.add_task("", total=size)
    for number, line in enumerate(lines):
        if number % _BAR_EVERY == 0:
            progress.update(task, completed=file.tell())
        yield line


def moment(text: str) -> int:
    """The instant of `--until`. Raises SettingsError."""
    try:
        return instant(msgspec.convert(text, Instant))
    except msgspec.ValidationError:
        raise SettingsError(f"--until {text}: wanted a time with offset, such as 2026-11-30T00:00:00+08:00") from None


def codes(text: str) -> frozenset[str]:
    """The codes of `--codes`. Raises SettingsError."""
    asked = {code.strip().upper() for code in text.split(",")}
    if wrong := sorted(asked - BY_CODE.keys()):
        raise SettingsError(f"--codes {', '.join(wrong)}: no such rule; `pingliu rules` lists them")
    return frozenset(asked)


def schedule_in(file: Path) -> Schedule:
    """The parameters in another `pingliu.toml`, by that file alone. Raises SettingsError and OSError."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        rules = checked_rules(table.pop("rules", {}))
        load(**table)  # the other settings change no judging, but a misspelt name must not pass for a default
    except (SettingsError, ValueError) as error:  # a parameter, TOML or UTF-8 that is wrong is a ValueError
        raise SettingsError("\n".join(f"{file}: {line}" for line in str(error).splitlines())) from None
    return Schedule.of(rules)
