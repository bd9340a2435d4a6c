"""Scans and verdicts of one partition, side by side: scans wait here until a run of offsets says they are judged. Sans-IO.

Runs come in the order of their topic; some tell again what an earlier one told (a worker was restarted) and then add
nothing. Offsets without a scan (ticks, retired labels, markers, records that cannot be read) leave no row.
"""

import logging
from collections import deque

import msgspec
from msgspec import Struct

from processors.model import decode_scan
from sinks.rows import UNJUDGED, ScanRow
from sinks.runs import Entry, Run
from sinks.scan_rows import judged, row_of_verdict, scan_row

_LOG = logging.getLogger(__name__)
_NO_SCAN = frozenset({"tick", "retired"})


class Revision(Struct, frozen=True):
    """A new verdict of an earlier scan. `log` and `partition` are those of the scan."""

    log: str
    partition: int
    verdict_offset: int
    run: Run
    entry: Entry


class Joined(Struct):
    """What is ready for the archive: rows in order of offset, revisions, and where to go on in `verdicts`."""

    rows: list[ScanRow]
    revisions: list[Revision]
    next_verdict: int


class _Tag(Struct):
    type: str


_decode_tag = msgspec.json.Decoder(_Tag).decode


class PartitionJoin:
    """One partition's scans and runs. `log` is the id of the topic `scans`."""

    def __init__(self, log: str, partition: int) -> None:
        self.log = log
        self.partition = partition
        self.read_from: int | None = None  # where reading scans must begin; None until the first run has come
        self._scans: deque[tuple[int, int, bytes]] = deque()
        self._runs: deque[tuple[int, Run]] = deque()
        self._seen = 0  # every scan below this offset has come
        self._next = 0  # every scan below this offset has been given out

    @property
    def waiting_scans(self) -> int:
        return len(self._scans)

    @property
    def waiting_runs(self) -> int:
        return len(self._runs)

    @property
    def seen(self) -> int:
        """The offset up to which all scans have come: reading goes on there."""
        return self._seen

    def add_run(self, verdict_offset: int, run: Run) -> None:
        """Take the record of `verdicts` at that offset."""
        if self.read_from is None:
            self.read_from = self._seen = self._next = run.first
        self._runs.append((verdict_offset, run))

    def add_scan(self, offset: int, kafka_time: int, value: bytes | None) -> None:
        """Take the record of `scans` at that offset; `kafka_time` in milliseconds."""
        if offset < self._seen:
            return
        self._seen = offset + 1
        if value is not None:
            self._scans.append((offset, kafka_time, value))

    def reached(self, offset: int) -> None:
        """Learn that nothing more will come below that offset: the end of the partition, or of what is left of it."""
        self._seen = max(self._seen, offset)

    def take(self) -> Joined | None:
        """Give out all runs whose scans have come."""
        joined = Joined([], [], -1)
        while self._runs and self._runs[0][1].last < self._seen:
            verdict_offset, run = self._runs.popleft()
            self._take_run(verdict_offset, run, joined)
        return joined if joined.next_verdict >= 0 else None

    def _take_run(self, verdict_offset: int, run: Run, joined: Joined) -> None:
        told: dict[int, Entry] = {}
        for entry in run.verdicts:
            if entry.revision:
                joined.revisions.append(Revision(self.log, self.partition, verdict_offset, run, entry))
            elif entry.offset >= self._next:
                told[entry.offset] = entry
        while self._scans and self._scans[0][0] <= run.last:
            offset, kafka_time, value = self._scans.popleft()
            entry_of_scan = told.pop(offset, None)
            if entry_of_scan is not None and not entry_of_scan.leaves_a_row:
                continue
            row = self._row(offset, kafka_time, value, verdict_offset)
            if row is None:
                continue
            if offset >= run.first:
                row = judged(row, run, entry_of_scan)
            else:
                row.decision = UNJUDGED
                _LOG.error("scans[%d] offset %d lies between two runs: kept unjudged", self.partition, offset)
            joined.rows.append(row)
        for entry in told.values():  # its scan is gone from Kafka: what the verdict says of it is kept
            if entry.leaves_a_row:
                bare = row_of_verdict(entry, log=self.log, partition=self.partition, verdict_offset=verdict_offset)
                joined.rows.append(judged(bare, run, entry))
                _LOG.error("scans[%d] offset %d is gone: only its verdict is kept", self.partition, entry.offset)
        self._next = max(self._next, run.last + 1)
        joined.next_verdict = verdict_offset + 1

    def _row(self, offset: int, kafka_time: int, value: bytes, verdict_offset: int) -> ScanRow | None:
        try:
            scan = decode_scan(value)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            if not _is_no_scan(value):
                _LOG.warning("scans[%d] offset %d cannot be read: %s", self.partition, offset, error)
            return None
        return scan_row(
            scan,
            log=self.log,
            partition=self.partition,
            offset=offset,
            kafka_time=kafka_time,
            verdict_offset=verdict_offset,
        )


def _is_no_scan(value: bytes) -> bool:
    try:
        return _decode_tag(value).type in _NO_SCAN
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
