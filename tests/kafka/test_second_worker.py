"""A second worker joins and leaves, over and over, under load: partitions change hands, nothing is lost, nothing doubled."""

from itertools import chain
from pathlib import Path

import pytest

from tests.kafka import harness
from tests.kafka.faults import another_worker, assert_state_as_never_interrupted
from tests.kafka.test_crashes import assert_whole, history

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

TIMES = 10


@pytest.mark.timeout(900)
def test_a_second_worker_joins_and_leaves_ten_times(kafka: str, tmp_path: Path) -> None:
    with harness.stack(kafka, tmp_path) as up:
        batches = chain(history(1_000), history(10_000))
        for _ in range(TIMES):
            harness.post_until_taken(up, next(batches))
            with another_worker(up) as second:
                second.wait_ready(harness.DEADLINE)  # it has partitions, and their state
                harness.post_until_taken(up, next(batches))
                assert second.restarts("worker-1") == 0
        for batch in batches:
            harness.post_until_taken(up, batch)
        assert_whole(up)
        assert up.services.restarts("worker") == 0
        assert_state_as_never_interrupted(kafka, harness.ROWS)
