"""The engine as `pingliu judge` runs it: rows and lines in, answers as they are printed."""

import json
from collections.abc import Iterable

from processors.parameters import DEFAULT
from processors.registry import parse_row
from processors.replay import Replay


def judged(rows: list[dict], lines: Iterable[bytes]) -> list[dict]:
    """One answer a line, in order."""
    parsed = [parse_row(json.dumps(row).encode()) for row in rows]
    return [json.loads(answer) for answer in Replay(parsed, DEFAULT).answers(lines)]
