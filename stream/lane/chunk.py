"""A chunk of scans in, everything it causes out. Sans-IO: it takes inputs and returns what to do.

Replay: what the changelog's position includes is passed over, and so is a scan whose label's state already includes its
offset (a crash cut the changelog's group short); the run of verdicts is cut there, since what was told stands. A
record that cannot be read is told as rejected, goes to `scans.rejected` as it is but for identity numbers, and the
partition goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from processors import due
from processors.arrival import Judgement, Moved, Replaced
from processors.findings import is_late
from processors.holder import encode_change
from processors.in_order import PLAIN_SCANS, in_order
from processors.intake import read_all
from processors.judge import CONFLICT, judge, refused
from processors.late import replace_label
from processors.ledger import Ledger
from processors.model import Reject, Retired, Scan, Tick, Verdict, encode
from processors.parameters import Schedule
from processors.registry import Registry
from processors.second_key import changes
from processors.times import day_of, instant, rfc3339
from stream.lane.effects import Effects
from stream.lane.runs import Runs
from stream.tables.partition import Partition


class ChunkJudge:
    """Judges chunks of `scans`."""

    def __init__(self, registry: Registry, schedule: Schedule) -> None:
        self._registry = registry
        self._schedule = schedule

    def judge(self, number: int, state: Partition[Ledger], records: Sequence[Any], judged_at: str) -> Effects:
        """Judge records of one partition in order of offset; `state` is what it has, and is changed.

        `judged_at` is the wall clock, told and not used.
        """
        chunk = _Chunk(Effects(number), Runs(judged_at), state)
        self._ring(chunk)  # what a crash left over: forgotten already, and not yet deleted
        new = records
        if records and records[0].offset <= state.position.upto:
            new = [record for record in records if record.offset > state.position.upto]
            chunk.runs.cut()
        read = read_all([record.value or b"" for record in new])
        state.wake(one.label for one in read if isinstance(one, Scan))
        for record, found in zip(new, read, strict=True):
            if type(found) not in PLAIN_SCANS or not self._judge_in_order(record, found, chunk):
                self._take(record, found, chunk)
        if new:
            state.position.upto = new[-1].offset
        return chunk.close()

    def _take(self, record: Any, found: Scan | Tick | Retired | Reject, chunk: "_Chunk") -> None:
        if isinstance(found, Scan | Retired) and (record.key or b"").decode(errors="replace") != found.label:
            found = Reject("label", "is not the record's key", found.scan_id if isinstance(found, Scan) else None)
        match found:
            case Reject():
                chunk.reject(record, found)
            case Tick():
                self._advance(instant(found.received), chunk)
                chunk.ticked = True
                chunk.runs.cover(record.offset)
            case Retired():
                self._advance(instant(found.received), chunk)
                chunk.runs.cover(record.offset)
                self._replace(record, found, chunk)
            case _:
                self._judge(record, found, chunk)

    def _advance(self, received: int, chunk: "_Chunk") -> None:
        """Let the arrival clock go on, and tell what falls due by that."""
        if received > chunk.state.position.clock:
            chunk.state.position.clock = received
            self._ring(chunk)

    def _ring(self, chunk: "_Chunk") -> None:
        """Tell what is due by the arrival clock."""
        state, clock = chunk.state, chunk.state.position.clock
        for label, ledger in state.past(clock):
            chunk.effects.alerts += due.fall_due(label, ledger, clock, self._registry, self._schedule)
            if ledger.is_forgotten:
                chunk.touched[label] = False
                chunk.forgotten[label.encode()] = state.forget(label)
            else:
                state.keep(label, ledger, 0)
                chunk.touched[label] = True

    def _judge_in_order(self, record: Any, scan: Any, chunk: "_Chunk") -> bool:
        """The short way of nearly every plain scan; False where it must go the long one, and nothing has changed."""
        state, label, offset = chunk.state, scan.label, record.offset
        position = state.position
        if record.key != label.encode():
            return False
        ledger = state.live.get(label) or state.get(label)
        if ledger is None or offset <= ledger.offset:
            return False
        at = instant(scan.time)
        clock, late = position.clock, False
        if scan.received is not None:
            received = instant(scan.received)
            late = received - at > self._schedule.late_after and is_late(scan, at, self._schedule.on(day_of(at)))
            clock = max(clock, received)
        if state.is_past(clock):
            return False
        before = ledger.alarm
        judgement = in_order(ledger, scan, at, offset, clock, self._registry, self._schedule, late=late)
        if judgement is None:
            return False
        position.clock = clock
        chunk.tell(offset, judgement.verdict)
        ledger.offset = offset
        if ledger.alarm != before:
            state.rings(label, before, ledger.alarm)
        chunk.touched[label] = True
        if judgement.moved:
            chunk.hand_on(label, offset, ledger, judgement.moved)
        return True

    def _judge(self, record: Any, scan: Scan, chunk: "_Chunk") -> None:
        state, clock = chunk.state, chunk.state.position.clock
        received = instant(scan.received) if scan.received else clock
        known = state.get(scan.label)
        wrong = refused(known, scan, self._registry)
        if known is not None and record.offset <= known.offset:
            if wrong is None:
                self._advance(received, chunk)  # its time has passed, in this life too
            chunk.runs.cut()
            return
        if wrong is not None:
            chunk.reject(record, wrong)
            return
        self._advance(received, chunk)
        ledger = state.get(scan.label)
        if ledger is None:  # never seen, or just forgotten
            ledger = Ledger()
        before, clock = ledger.alarm, chunk.state.position.clock
        judgement = judge(ledger, scan, record.offset, clock, self._registry, self._schedule)
        chunk.tell(record.offset, judgement.verdict)
        chunk.take(record.offset, scan.label, ledger, judgement, before)

    def _replace(self, record: Any, retired: Retired, chunk: "_Chunk") -> None:
        ledger = chunk.state.get(retired.label) or Ledger()
        if record.offset <= ledger.offset:
            return
        before, clock = ledger.alarm, chunk.state.position.clock
        replaced = Replaced(retired.label, instant(retired.time), retired.by, retired.undone)
        judgement = replace_label(replaced, ledger, clock, self._registry, self._schedule)
        chunk.take(record.offset, retired.label, ledger, judgement, before)


@dataclass
class _Chunk:
    """A chunk while it is judged."""

    effects: Effects
    runs: Runs
    state: Partition[Ledger]
    touched: dict[str, bool] = field(default_factory=dict)  # by label: whether anything is kept of it
    forgotten: dict[bytes, bytes] = field(default_factory=dict)  # as they were last
    ticked: bool = False

    def tell(self, offset: int, verdict: Verdict | Reject | None) -> None:
        if verdict is None:
            self.runs.cover(offset)
            decisions = self.effects.decisions
            decisions["allow"] = decisions.get("allow", 0) + 1
        elif isinstance(verdict, Verdict):
            self.runs.tell(offset, verdict)
            self._count("duplicate" if verdict.duplicate is True else verdict.decision)

    def reject(self, record: Any, reject: Reject) -> None:
        self.effects.rejected.append((record, reject))
        self.runs.tell(record.offset, reject)
        self._count("conflict" if reject.reason == CONFLICT else "unreadable")

    def take(self, offset: int, label: str, ledger: Ledger, judgement: Judgement, alarm_before: int) -> None:
        """Keep what an arrival changed, and hand on what others must hear of it."""
        effects, clock = self.effects, self.state.position.clock
        effects.alerts += judgement.alerts
        if not judgement.changed:
            return
        for revised in judgement.revisions:
            self.runs.revise(revised.offset, revised.revision, revised.verdict)
        ledger.offset = offset
        self.state.keep(label, ledger, alarm_before)
        self.touched[label] = True
        self.hand_on(label, offset, ledger, judgement.moved)
        effects.aliases += [(code, label) for code in judgement.aliases]
        for replaced in judgement.replaced:
            time, received = (datetime.fromisoformat(rfc3339(at)) for at in (replaced.at, clock))
            retired = Retired(replaced.label, replaced.by, time, received, replaced.undone)
            effects.retired.append((replaced.label, encode(retired)))
        if judgement.is_history:
            self._count("history")

    def hand_on(self, label: str, offset: int, ledger: Ledger, news: tuple[Moved, ...]) -> None:
        """Tell the second keys what left and what came."""
        effects, clock = self.effects, self.state.position.clock
        for key, change in changes(label, effects.partition, offset, clock, ledger, news):
            effects.handed_on.append((key, encode_change(change)))

    def close(self) -> Effects:
        """The effects; state is packed now, since it goes on to change before this chunk is out."""
        self.runs.cut()
        effects = self.effects
        effects.verdicts = self.runs.records
        effects.named, touched = self.state.put_away(label for label, kept in self.touched.items() if kept)
        effects.touched = self.forgotten | touched
        effects.forgotten = [label for label, kept in self.touched.items() if not kept]
        effects.position = self.state.packed_position()
        if self.ticked:
            now = rfc3339(self.state.position.clock)
            effects.tick = encode({"type": "tick", "partition": effects.partition, "received": now})
        return effects

    def _count(self, decision: str) -> None:
        self.effects.decisions[decision] = self.effects.decisions.get(decision, 0) + 1
