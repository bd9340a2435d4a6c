"""A changelog that lost its end, as an unclean election or a disk leaves it: what the state lacks is judged again."""

from pathlib import Path

import pytest

from stream import topics
from stream.local.kafka import LocalKafka
from tests.kafka import harness
from tests.kafka.day import states
from tests.kafka.faults import assert_state_as_never_interrupted
from tests.kafka.test_crashes import all_judged, assert_whole, history

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@pytest.mark.parametrize("share", [0.5, 0.0], ids=["half of it", "all of it"])
def test_a_changelog_cut_off_is_made_up_for(tmp_path: Path, share: float) -> None:
    with LocalKafka(tmp_path / "kafka") as broker:
        batches = history(1_000)
        with harness.stack(broker.bootstrap, tmp_path) as up:
            for _ in range(6):
                harness.post_until_taken(up, next(batches))
            harness.until("all to be judged", lambda: all_judged(up))
        had = kept_upto(broker.bootstrap)  # now that the worker has ended: what is told is kept a moment later
        broker.kill()
        for segment in (tmp_path / "kafka" / "log").glob(f"{topics.CYLINDERS_CHANGELOG.name}-*/*.log"):
            cut(segment, share)
        broker.start()
        left = kept_upto(broker.bootstrap)
        assert all(left.get(partition, -1) < upto for partition, upto in had.items()), "it was cut"
        with harness.stack(broker.bootstrap, tmp_path) as up:
            for batch in batches:
                harness.post_until_taken(up, batch)
            assert_whole(up)
            assert_state_as_never_interrupted(broker.bootstrap, harness.ROWS)
        assert "the changelog lost its end" in (tmp_path / "logs" / "worker.log").read_text()


def kept_upto(broker: str) -> dict[int, int]:
    """How far the state of each partition goes that the changelog has."""
    return {number: state.position.upto for number, state in states(broker, topics.CYLINDERS_CHANGELOG.name).items()}


def cut(segment: Path, share: float) -> None:
    """Leave so much of a file, in the middle of a record as it may be."""
    with segment.open("r+b") as file:
        file.truncate(int(segment.stat().st_size * share))
