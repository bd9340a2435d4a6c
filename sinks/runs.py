"""A record of `verdicts`: one run of offsets of `scans`, judged, and what is told of them (contract.md, Kafka topics)."""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from processors.model import Answer, Condition, Verdict, Violation


class Entry(Struct, frozen=True, kw_only=True):
    """What a run tells of one offset: a verdict, a repeat or a reject."""

    offset: int
    revision: int = 0
    duplicate: bool = False
    rejected: msgspec.Raw | UnsetType = UNSET
    scan_id: str | None = None
    label: str = ""
    type: str = ""
    decision: Answer = "allow"
    violations: tuple[Violation, ...] = ()
    prevented: tuple[str, ...] = ()
    late: bool = False
    dry_run: bool = False
    time: str = ""
    judged_at: str | UnsetType = UNSET
    condition: Condition | UnsetType = UNSET

    @property
    def leaves_a_row(self) -> bool:
        """A repeat is no second scan, and what was rejected is none."""
        return not self.duplicate and self.rejected is UNSET

    def verdict(self, judged_at: str) -> Verdict:
        """The verdict as the contract words it; `judged_at` is the run's, for an entry that names none."""
        return Verdict(
            scan_id=self.scan_id or "",
            label=self.label,
            type=self.type,
            decision=self.decision,
            violations=self.violations,
            prevented=self.prevented,
            late=self.late,
            dry_run=self.dry_run,
            time=self.time,
            judged_at=judged_at if self.judged_at is UNSET else self.judged_at,
            condition=self.condition,
        )


class Run(Struct, frozen=True, kw_only=True):
    """The scans at offsets `first` to `last`, both included, are judged; those without an entry are plain."""

    first: int = field(name="from")
    last: int = field(name="to")
    judged_at: str
    verdicts: list[Entry] = []


_decode = msgspec.json.Decoder(Run).decode


def parse_run(value: Any) -> Run:
    """A run from its record. Raises `msgspec.MsgspecError`: a worker that writes anything else is broken."""
    return _decode(value)
