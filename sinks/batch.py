"""What goes into the archive at once: rows by table, revisions, and the Kafka positions that hold once they are in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sinks.join import Joined, Revision
from sinks.rows import Row

Source = tuple[str, int]  # topic, partition


@dataclass
class Batch:
    """Grows until it is inserted; then `positions` (the next offset of each source) hold. `logs`: topics' ids by name."""

    logs: Mapping[str, str] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    revisions: list[Revision] = field(default_factory=list)
    positions: dict[Source, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Rows, revisions included."""
        return sum(map(len, self.rows.values())) + len(self.revisions)

    def add(self, source: Source, next_offset: int, rows: Sequence[Row] = ()) -> None:
        """Rows of one table, and the position after the record they came of."""
        if rows:
            self.rows.setdefault(rows[0].table, []).extend(rows)
        self.positions[source] = next_offset

    def add_joined(self, source: Source, joined: Joined) -> None:
        self.add(source, joined.next_verdict, joined.rows)
        self.revisions.extend(joined.revisions)


def by_source(rows: Sequence[Row]) -> Iterator[tuple[str, int, list[Row]]]:
    """Rows of one table by where they came from: log, partition, rows."""
    groups: dict[tuple[str, int], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.log, row.partition), []).append(row)
    for (log, partition), group in groups.items():
        yield log, partition, group
