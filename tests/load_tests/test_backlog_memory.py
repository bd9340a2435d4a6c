"""A worker's memory does not grow with the backlog it drains, nor while what it says is hardly taken."""

from pathlib import Path

import pytest

from load_tests.backlog import drain, refuse

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def test_memory_does_not_grow_with_the_backlog(tmp_path: Path) -> None:
    memory = drain(tmp_path, 200_000)
    # Ten million at that pace: it would show here as a tenth of a megabyte a thousand scans.
    assert memory.at(1.0) - memory.at(0.5) < 20, memory.looks[:: len(memory.looks) // 10]


def test_memory_comes_to_rest_while_verdicts_are_hardly_taken(tmp_path: Path) -> None:
    memory = refuse(tmp_path, 300_000)
    assert memory.looks[-1][1] < memory.scans / 2, "most of the backlog is still there"
    assert memory.looks[-1][2] - memory.looks[0][2] < 150, memory.looks[:: len(memory.looks) // 10]
