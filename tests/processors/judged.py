"""The engine as `pingliu judge` runs it: rows and lines in, answers as they are printed."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from processors.parameters import DEFAULT
from processors.registry import parse_row
from processors.replay import Replay
from processors.times import instant
from tests.oracle.compare import line_differences
from tests.oracle.compare_alerts import of_ids


def everything(rows: list[dict], lines: Iterable[bytes], until: datetime | None = None) -> list[list[dict]]:
    """What is printed for each line: what fell due before it, if anything, and its answer. Last, what is due until then."""
    return printed_by(Replay([parse_row(json.dumps(row).encode()) for row in rows], DEFAULT), lines, until)


def printed_by(replay: Replay, lines: Iterable[bytes], until: datetime | None = None) -> list[list[dict]]:
    """The same, of a run that is at hand."""
    printed = [[json.loads(answer.line()) for answer in replay.take(line)] for line in lines]
    last = replay.advance(instant(until)) if until else None
    return [*printed, [json.loads(last.line())] if last else []]


def judged(rows: list[dict], lines: Iterable[bytes]) -> list[dict]:
    """One answer a line, in order; what falls due is left out."""
    return [printed[-1] for printed in everything(rows, lines) if printed]


def differences(rows: list[dict], lines: list[bytes], until: datetime, outputs: list[list[dict]]) -> Iterator[str]:
    """One sentence a difference between the engine and the oracle, whose `outputs` are those to each line and to the end."""
    printed = everything(rows, lines, until)
    yield from of_ids(each for some in printed for each in some)
    compared = zip([*lines, f"the end at {until}"], printed, outputs, strict=True)
    for number, (line, engine, oracle) in enumerate(compared):
        for difference in line_differences(engine, oracle):
            yield f"line {number}: {difference}\n    {line!r}"
