"""A log that repeats itself is cut short, and nothing else is."""

import logging

import pytest

from stream.quiet import OncePerPause


def test_the_same_place_speaks_once_in_a_pause(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("test.quiet")
    log.addFilter(OncePerPause(pause_seconds=3600))
    for number in range(5):
        log.error("node %d is away", number)
    log.error("another trouble")
    assert [record.getMessage() for record in caplog.records] == ["node 0 is away", "another trouble"]
