"""What a chunk causes, in the order in which it must become durable."""

from dataclasses import dataclass, field
from typing import Any

from processors.model import Alert, Reject
from stream import topics
from stream.tables.partition import POSITION


@dataclass
class Effects:
    """First what others hear, then the state (`changelog`, by key; None deletes), which says that they have heard."""

    partition: int
    changelog_topic: str = topics.CYLINDERS_CHANGELOG.name
    verdicts: list[bytes] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    rejected: list[tuple[Any, Reject]] = field(default_factory=list)  # the record, and why
    handed_on: list[tuple[str, bytes]] = field(default_factory=list)  # by second key: what came or left
    tick: bytes | None = None  # time passed: for every partition of the second key
    aliases: list[tuple[str, str]] = field(default_factory=list)  # code, label
    retired: list[tuple[str, bytes]] = field(default_factory=list)  # old label, the record for its partition of `scans`
    named: dict[bytes, bytes] = field(default_factory=dict)  # what the states below name by number, and is new
    touched: dict[bytes, bytes] = field(default_factory=dict)  # by key: the packed state this chunk left it in
    position: bytes = b""  # how far that goes
    forgotten: list[str] = field(default_factory=list)  # keys of which nothing is kept
    decisions: dict[str, int] = field(default_factory=dict)

    def changelog(self) -> list[tuple[bytes, bytes | None]]:
        """The records of the changelog: what states name before them, the position after all that it speaks of.

        Deletions come after it: before it, a crash would leave a key without its memory to be judged again. So the last
        state of what is deleted comes before it too: after a crash in between, that rings again and is deleted then.
        """
        return [
            *self.named.items(),
            *self.touched.items(),
            (POSITION, self.position),
            *((key.encode(), None) for key in self.forgotten),
        ]

    @property
    def records(self) -> int:
        """How many that is."""
        return len(self.named) + len(self.touched) + 1 + len(self.forgotten)
