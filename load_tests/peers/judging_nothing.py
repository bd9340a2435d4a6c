"""Pingliu's worker with nobody in it who judges: Faust, fetching, reading, outbox, changelog, commit. README.md beside.

It reads each scan as the worker does, allows all, and keeps of each label that a chunk touches as many bytes as a state has.
No second key hears of anything and nothing rings. What it costs is what judging, however fast, cannot take from the worker.

    python -m load_tests.peers.judging_nothing worker
"""

from collections.abc import Sequence
from typing import Any

from processors.intake import read_all
from processors.ledger import Ledger
from processors.model import Scan
from stream import cli
from stream.lane.chunk import ChunkJudge
from stream.lane.effects import Effects
from stream.lane.runs import Runs
from stream.tables.partition import Partition

_STATE_BYTES = 350  # of a label in the changelog: the mean over the bench's log


def _allow(_: ChunkJudge, number: int, state: Partition[Ledger], records: Sequence[Any], judged_at: str) -> Effects:
    effects, runs = Effects(number), Runs(judged_at)
    for record, found in zip(records, read_all([record.value or b"" for record in records]), strict=True):
        runs.cover(record.offset)
        if isinstance(found, Scan):
            effects.touched[record.key] = record.value.ljust(_STATE_BYTES)[:_STATE_BYTES]
    runs.cut()
    effects.verdicts = runs.records
    state.position.upto = records[-1].offset
    effects.position = state.packed_position()
    return effects


if __name__ == "__main__":
    ChunkJudge.judge = _allow  # type: ignore[assignment,method-assign]
    cli.main()
