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
    """Judges the chunks of the partitions it is given."""

    def __init__(self, registry: Registry, parameters: Parameters) -> None:
        self._registry = registry
        self._parameters = parameters
        self._clocks: dict[int, int] = {}

    def judge(
        self, partition: int, cylinders: MutableMapping[str, Cylinder], records: Iterable[Any], judged_at: str
    ) -> Effects:
        """Judge records of one partition in order of offset; `cylinders` is its live state, by label.

        `judged_at` is the wall clock, told and not used.
        """
        chunk = _Chunk(Effects(partition), Runs(judged_at), cylinders)
        for record in records:
            self._take(record, chunk)
        chunk.runs.cut()
        chunk.effects.verdicts = chunk.runs.records
        # Packed now: the live state goes on to change before this chunk is out, and the changelog must not run ahead.
        chunk.effects.touched = {label: pack(cylinder) for label, cylinder in chunk.touched.items()}
        return chunk.effects

    def _take(self, record: Any, chunk: "_Chunk") -> None:
        found = read(record.value or b"")
        if isinstance(found, Tick):
            self._advance(chunk.effects.partition, instant(found.received))
            chunk.runs.cover(record.offset)
            return
        if isinstance(found, Scan) and (record.key or b"").decode(errors="replace") != found.label:
            found = Reject("label", "is not the record's key", found.scan_id)
        if isinstance(found, Reject):
            chunk.reject(record, found)
        else:
            self._judge(record, found, chunk)

    def _judge(self, record: Any, scan: Scan, chunk: "_Chunk") -> None:
        partition = chunk.effects.partition
        clock = self._clocks.get(partition, 0)
        received = instant(scan.received) if scan.received else clock
        cylinder = chunk.cylinders.get(scan.label)
        if cylinder is None:
            cylinder = Cylinder()
        elif record.offset <= cylinder.offset:
            self._advance(partition, received)  # its time has passed, in this life too
            chunk.runs.cut()
            return
        judgement = judge(cylinder, scan, max(clock, received), self._registry, self._parameters)
        if isinstance(judgement.verdict, Reject):
            chunk.reject(record, judgement.verdict)
            return
        self._advance(partition, received)
        if judgement.changed:
            cylinder.offset = record.offset
            chunk.cylinders[scan.label] = chunk.touched[scan.label] = cylinder
        chunk.tell(record.offset, judgement.verdict, judgement.alerts)

    def _advance(self, partition: int, received: int) -> None:
        self._clocks[partition] = max(self._clocks.get(partition, 0), received)


@dataclass
class _Chunk:
    """A chunk while it is judged."""

    effects: Effects
    runs: Runs
    cylinders: MutableMapping[str, Cylinder]
    touched: dict[str, Cylinder] = field(default_factory=dict)

    def tell(self, offset: int, verdict: Verdict | None, alerts: tuple[Alert, ...]) -> None:
        if verdict is None:
            self.runs.cover(offset)
            self._count("allow")
        else:
            self.runs.tell(offset, verdict)
            self._count("duplicate" if verdict.duplicate is True else verdict.decision)
        self.effects.alerts.extend(alerts)

    def reject(self, record: Any, reject: Reject) -> None:
        self.effects.rejected.append((record, reject))
        self.runs.tell(record.offset, reject)
        self._count("conflict" if reject.reason == CONFLICT else "unreadable")

    def _count(self, decision: str) -> None:
        self.effects.decisions[decision] = self.effects.decisions.get(decision, 0) + 1
