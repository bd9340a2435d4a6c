"""A chunk of records in, everything it causes out. Sans-IO: it takes inputs and returns what to do.

Replay: a scan whose label's state already includes its offset was judged, told and kept before a crash; it is passed over
and the run of verdicts is cut there, since what was told stands. A record that cannot be read is told as rejected, goes to
`scans.rejected` as it is but for identity numbers, and the partition goes on.
"""

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from processors.cylinder import Cylinder, pack
from processors.intake import read
from processors.judge import CONFLICT, judge
from processors.model import Alert, Reject, Scan, Tick, Verdict
from processors.parameters import Parameters
from processors.registry import Registry
from processors.times import instant
from stream.lane.runs import Runs


@dataclass
class Effects:
    """What one chunk causes, in the order in which it must become durable."""

    partition: int
    verdicts: list[bytes] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    rejected: list[tuple[Any, Reject]] = field(default_factory=list)  # the record, and why
    touched: dict[str, bytes] = field(default_factory=dict)  # by label: the packed state this chunk left it in
    decisions: dict[str, int] = field(default_factory=dict)


class ChunkJudge:
    """Judges the chunks of the partitions it is given; `cylinders` is the live state, by label."""

    def __init__(self, cylinders: MutableMapping[str, Cylinder], registry: Registry, parameters: Parameters) -> None:
        self._cylinders = cylinders
        self._registry = registry
        self._parameters = parameters
        self._clocks: dict[int, int] = {}

    def judge(self, partition: int, records: Iterable[Any], judged_at: str) -> Effects:
        """Judge records of one partition in order of offset. `judged_at` is the wall clock, told and not used."""
        effects = Effects(partition)
        runs = Runs(judged_at)
        touched: dict[str, Cylinder] = {}
        for record in records:
            self._take(record, effects, runs, touched)
        runs.cut()
        effects.verdicts = runs.records
        # Packed now: the live state goes on to change before this chunk is out, and the changelog must not run ahead.
        effects.touched = {label: pack(cylinder) for label, cylinder in touched.items()}
        return effects

    def _take(self, record: Any, effects: Effects, runs: Runs, touched: dict[str, Cylinder]) -> None:
        found = read(record.value or b"")
        if isinstance(found, Tick):
            self._advance(effects.partition, instant(found.received))
            runs.cover(record.offset)
            return
        if isinstance(found, Scan) and (record.key or b"").decode(errors="replace") != found.label:
            found = Reject("label", "is not the record's key", found.scan_id)
        if isinstance(found, Reject):
            self._reject(record, found, effects, runs)
            return
        self._judge(record, found, effects, runs, touched)

    def _judge(self, record: Any, scan: Scan, effects: Effects, runs: Runs, touched: dict[str, Cylinder]) -> None:
        cylinder = self._cylinders.get(scan.label)
        if cylinder is None:
            cylinder = Cylinder()
        elif record.offset <= cylinder.offset:
            runs.cut()
            return
        clock = self._clocks.get(effects.partition, 0)
        received = instant(scan.received) if scan.received else clock
        judgement = judge(cylinder, scan, max(clock, received), self._registry, self._parameters)
        verdict = judgement.verdict
        if isinstance(verdict, Reject):
            self._reject(record, verdict, effects, runs)
            return
        self._advance(effects.partition, received)
        if judgement.changed:
            cylinder.offset = record.offset
            self._cylinders[scan.label] = touched[scan.label] = cylinder
        if judgement.plain:
            runs.cover(record.offset)
        else:
            runs.tell(record.offset, verdict)
        effects.alerts.extend(judgement.alerts)
        _count(effects, _decision(verdict))

    def _reject(self, record: Any, reject: Reject, effects: Effects, runs: Runs) -> None:
        effects.rejected.append((record, reject))
        runs.tell(record.offset, reject)
        _count(effects, "conflict" if reject.reason == CONFLICT else "unreadable")

    def _advance(self, partition: int, received: int) -> None:
        self._clocks[partition] = max(self._clocks.get(partition, 0), received)


def _decision(verdict: Verdict) -> str:
    return "duplicate" if verdict.duplicate is True else verdict.decision


def _count(effects: Effects, decision: str) -> None:
    effects.decisions[decision] = effects.decisions.get(decision, 0) + 1
