"""One run of one peer, timed from outside alone; a peer is a program that reads `scans` and writes `verdicts`.

Measured of a run, alike for every peer and without its start-up:

- *Seconds*: from the first record of `verdicts` to the last, by the broker's clock (LogAppendTime, 1 ms).
- *Scans*: those whose verdicts came after that first stamp.
- *CPU seconds*: user and system, of the process with its threads and children (/proc/PID/stat, 10 ms), from when the
  first verdict was seen here to when the last was; divided by the scans seen answered between the two.

In a peer's favour: what it had fetched but not answered when its first verdict came (of Pingliu 32,000 scans at most,
not decoded yet), and what it does after its last verdict. What was written is checked before its time counts.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from confluent_kafka import Consumer, TopicPartition

from stream import kafka, topics
from stream.local.processes import Supervisor, tail
from stream.settings import Settings

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE_S = 60.0
"""Seconds without a verdict after which a run has failed. A peer takes up to 10 to start."""


class RunError(Exception):
    """A peer ended, stood still, or wrote other than it should; the message says which, and shows the end of its log."""


@dataclass(frozen=True)
class Backlog:
    """Scans as they stand in `scans`, (key, value); and the scan_ids of those that break a rule."""

    records: Sequence[tuple[bytes, bytes]]
    violating: frozenset[str]


@dataclass(frozen=True)
class Record:
    """One record of `verdicts`; `stamp` is the broker's, in ms."""

    partition: int
    stamp: int
    value: bytes


@dataclass(frozen=True)
class Peer:
    """A program, the scans it gets, how many of them a record of its verdicts answers, and whether all are right."""

    name: str
    backlog: Backlog
    argv: Sequence[str]
    environment: Mapping[str, str]
    answers: Callable[[bytes], int]
    check: Callable[[Sequence[Record], Backlog], None]


@dataclass(frozen=True)
class Timing:
    scans_a_second: float
    cpu_us_a_scan: float


def run(peer: Peer, settings: Settings, log_dir: Path) -> Timing:
    """Start a peer, wait until it has answered all its scans, and end it. Raises RunError."""
    with Supervisor(log_dir) as supervisor:
        supervisor.add(peer.name, peer.argv, env=peer.environment)
        supervisor.start()
        try:
            records, cpu_us_a_scan = _watch(peer, settings, supervisor)
            peer.check(records, peer.backlog)
            return Timing(_rate(peer, records), cpu_us_a_scan)
        except RunError as error:
            raise RunError(f"{peer.name}: {error}\n{tail(log_dir / f'{peer.name}.log')}") from None


def _watch(peer: Peer, settings: Settings, supervisor: Supervisor) -> tuple[list[Record], float]:
    """What the peer wrote, and its CPU µs a scan."""
    pid, wanted = supervisor.pid(peer.name), len(peer.backlog.records)
    consumer = kafka.follower(settings, "throughput")
    partitions = kafka.partitions_of(consumer, topics.VERDICTS.name)
    consumer.assign([TopicPartition(topics.VERDICTS.name, partition, 0) for partition in partitions])
    records: list[Record] = []
    answered = first_answered = 0
    first_cpu = 0.0
    heard = time.monotonic()
    try:
        while answered < wanted:
            if arrived := _arrived(consumer):
                heard = time.monotonic()
                answered += sum(peer.answers(record.value) for record in arrived)
                if not records:
                    first_answered, first_cpu = answered, cpu_seconds(pid)
                records += arrived
            elif supervisor.restarts(peer.name):
                raise RunError(f"ended after {answered} of {wanted} scans")
            elif time.monotonic() - heard > PATIENCE_S:
                raise RunError(f"stood still for {PATIENCE_S:.0f} s after {answered} of {wanted} scans")
        used = cpu_seconds(pid) - first_cpu
    finally:
        consumer.close()
    if answered == first_answered:
        raise RunError(f"{wanted} scans are too few to measure")
    return records, used * 1e6 / (answered - first_answered)


def _arrived(consumer: Consumer) -> list[Record]:
    return [
        Record(message.partition() or 0, message.timestamp()[1], message.value() or b"")
        for message in kafka.arrived(consumer, 0.1)
        if not kafka.at_end(message) and message.error() is None
    ]


def _rate(peer: Peer, records: Sequence[Record]) -> float:
    start, end = min(record.stamp for record in records), max(record.stamp for record in records)
    after = sum(peer.answers(record.value) for record in records if record.stamp > start)
    if after == 0:
        raise RunError(f"{len(peer.backlog.records)} scans are too few to measure")
    return after * 1000 / (end - start)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with its threads and children, ended ones included. Linux only."""
    # The second field is the program's name in parentheses, and may hold anything.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(int(ticks) for ticks in fields[11:15]) / CLOCK_TICKS  # utime, stime, cutime, cstime
    children = (child for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split())
    return own + sum(cpu_seconds(int(child)) for child in children)


class _Told(msgspec.Struct):
    scan_id: str
    violations: list[Any] = []


class _Run(msgspec.Struct, rename={"first": "from"}):
    first: int
    to: int


class _RunInFull(_Run):
    verdicts: list[_Told]


_run = msgspec.json.Decoder(_Run).decode
_run_in_full = msgspec.json.Decoder(_RunInFull).decode
_told = msgspec.json.Decoder(_Told).decode


def answered_by_run(value: bytes) -> int:
    """Pingliu writes runs of offsets."""
    found = _run(value)
    return found.to - found.first + 1


def answered_by_one(_: bytes) -> int:
    """Others write a record a scan."""
    return 1


def check_runs(records: Sequence[Record], backlog: Backlog) -> None:
    """Every offset in one run and in order; told as violations those that are, and no other. Raises RunError."""
    violating = set()
    next_offset: dict[int, int] = {}
    for record in records:
        found = _run_in_full(record.value)
        if found.first != next_offset.get(record.partition, 0):
            raise RunError(f"a run of partition {record.partition} begins at {found.first}")
        next_offset[record.partition] = found.to + 1
        violating |= {told.scan_id for told in found.verdicts if told.violations}
    if sum(next_offset.values()) != len(backlog.records):
        raise RunError(f"{sum(next_offset.values())} scans answered, {len(backlog.records)} written")
    if violating != backlog.violating:
        raise RunError(f"{len(violating ^ backlog.violating)} scans judged other than they should be")


def check_one_each(records: Sequence[Record], backlog: Backlog) -> None:
    """One verdict a scan. Raises RunError."""
    answered = {_told(record.value).scan_id for record in records}
    if not len(answered) == len(records) == len(backlog.records):
        raise RunError(f"{len(records)} verdicts on {len(answered)} of {len(backlog.records)} scans")
