"""Rows into ClickHouse, each once, though they may be brought twice.

On exception: nothing is known of the insert it interrupted (it may have come in whole), so everything is in doubt again
and the next call asks. On kill -9: the next process starts in doubt. On a revoked partition: so does the next owner.
In doubt means: rows up to the highest offset that the archive holds of their log and partition are compared, offset by
offset, with what is there. An insert of the old owner that comes in after the new one has asked would leave a row
twice: the tables are ReplacingMergeTree by position, so that merges drop it, and queries take one row a position.
The batch's positions are written last: they never say more than the rows, and a crash before them costs a second reading.
"""

import logging
from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import replace

from sinks.batch import Batch, by_source
from sinks.connection import Client
from sinks.join import Revision
from sinks.positions import write_positions
from sinks.rows import SCAN_COLUMNS, Row, ScanRow, columns, scan_rows
from sinks.scan_rows import judged, row_of_verdict

_LOG = logging.getLogger(__name__)
_OF_SOURCE: Final = "log = {log:String} AND partition = {partition:UInt32}"


class Writer:
    """One client, one thread."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._contexts: dict[str, Any] = {}
        self._doubt: dict[tuple[str, str, int], int] = {}

    def doubt(self) -> None:
        """Forget what is known of the archive: another sink may have written since."""
        self._doubt.clear()

    def insert(self, batch: Batch) -> dict[str, int]:
        """Insert what of the batch is not there yet, then its positions; returns rows by table. Raises the client's error."""
        inserted = {}
        try:
            revised = self._revised(batch)
            for table, rows in batch.rows.items():
                fresh = [row for group in by_source(rows) for row in self._fresh(table, *group)]
                if fresh:
                    self._insert(table, fresh)
                    inserted[table] = len(fresh)
            if revised:
                self._insert(ScanRow.table, revised)
                inserted[ScanRow.table] = inserted.get(ScanRow.table, 0) + len(revised)
            write_positions(self._client, batch)
        except Exception:  # whatever it was, the answer to an insert may be lost: nothing is known any more
            self._doubt.clear()
            raise
        return inserted

    def _fresh(self, table: str, log: str, partition: int, rows: list[Row]) -> list[Row]:
        offsets = [row.offset for row in rows]
        first = min(offsets)
        source = {"log": log, "partition": partition, "first": first, "last": max(offsets)}
        until = self._doubt.get((table, log, partition))
        if until is None:
            until = self._highest(table, source)
            self._doubt[table, log, partition] = until
        if first > until:
            return rows
        present = {
            offset
            for (offset,) in self._client.query(
                f"SELECT offset FROM {table} WHERE {_OF_SOURCE} AND offset BETWEEN {{first:UInt64}} AND {{last:UInt64}}",  # noqa: S608 - our own table names
                parameters=source,
            ).result_rows
        }
        fresh = [row for row in rows if row.offset not in present]
        _LOG.info(
            "%s: %d of %d rows were there already (%s[%d])", table, len(rows) - len(fresh), len(rows), log, partition
        )
        return fresh

    def _highest(self, table: str, source: dict[str, Any]) -> int:
        rows = self._client.query(
            f"SELECT count(), max(offset) FROM {table} WHERE {_OF_SOURCE} AND offset >= {{first:UInt64}}",  # noqa: S608 - our own table names
            parameters=source,
        ).result_rows
        count, highest = rows[0]
        return int(highest) if count else -1

    def _revised(self, batch: Batch) -> list[ScanRow]:
        """Rows of the revisions that are new: the scan's columns from this batch or the archive, the verdict theirs."""
        if not batch.revisions:
            return []
        scans = {_place(row): row for row in batch.rows.get(ScanRow.table, []) if isinstance(row, ScanRow)}
        kept = self._kept(batch.revisions)
        known = {(*_place(row), row.revision) for row in kept}
        scans.update((_place(row), row) for row in kept)
        revised = []
        for revision in batch.revisions:
            entry = revision.entry
            place = (revision.log, revision.partition, entry.offset)
            if not entry.leaves_a_row or (*place, entry.revision) in known:
                continue
            known.add((*place, entry.revision))
            scan = scans.get(place)
            if scan is None:
                scan = row_of_verdict(
                    entry, log=revision.log, partition=revision.partition, verdict_offset=revision.verdict_offset
                )
                _LOG.error("revision of scans[%d] offset %d: its scan is not in the archive", *place[1:])
            revised.append(judged(replace(scan, verdict_offset=revision.verdict_offset), revision.run, entry))
        return revised

    def _kept(self, revisions: Sequence[Revision]) -> list[ScanRow]:
        rows = self._client.query(
            f"SELECT {SCAN_COLUMNS} FROM scans WHERE label IN {{labels:Array(String)}} "  # noqa: S608 - our own columns
            "AND log IN {logs:Array(String)} AND offset IN {offsets:Array(UInt64)}",
            parameters={
                "labels": sorted({revision.entry.label for revision in revisions}),
                "logs": sorted({revision.log for revision in revisions}),
                "offsets": sorted({revision.entry.offset for revision in revisions}),
            },
        ).result_rows
        return scan_rows(rows)

    def _insert(self, table: str, rows: Sequence[Row]) -> None:
        names, values = columns(rows)
        context = self._contexts.get(table)
        if context is None:
            context = self._contexts[table] = self._client.create_insert_context(
                table, column_names=names, column_oriented=True
            )
        context.data = values
        self._client.insert(context=context)
        context.data = None


def _place(row: ScanRow) -> tuple[str, int, int]:
    return row.log, row.partition, row.offset
