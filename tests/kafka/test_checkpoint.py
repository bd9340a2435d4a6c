"""A worker started again reads its checkpoints and the changelogs' tails, and has what the whole changelogs say."""

import contextlib
import time
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from stream import kafka as broker_of
from stream import topics
from stream.settings import Settings
from stream.tables import checkpoint
from stream.tables.restore import Source, restore
from tests.kafka import harness
from tests.kafka.day import CITY, Day, kill
from tests.kafka.kept import TABLES, assert_warm_is_cold, contents, live_a_day, read, restored, until_written
from tests.stream.scans import label

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@pytest.fixture(scope="module")
def lived(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A worker that was killed and came back by its checkpoints; now all of the stack is stopped but for the broker."""
    with harness.stack(kafka, tmp_path_factory.mktemp("lived"), CITY, checkpoint_records=1) as up:
        day = Day(up)
        live_a_day(day, 100)
        until_written(up)
        kill(up, "worker")
        for table in TABLES:
            harness.until(
                f"all {table} to be restored from checkpoints",
                lambda table=table: restored(up.settings, table, "checkpoint") == up.settings.partitions,
            )
            assert restored(up.settings, table, "changelog") == 0
        live_a_day(day, 200)
        day.after(days=400)  # codes that nobody bound are forgotten: deletions
        until_written(up)
        assert harness.assert_as_judge_says(kafka, CITY) > 80
    return up.settings


def test_after_kill_9_a_worker_goes_on_from_its_checkpoints(lived: Settings) -> None:
    deleted = [record for record in harness.read_topic(lived.broker, TABLES["cylinders"][0]) if not record.value()]
    assert {record.key() for record in deleted} >= {label(109).encode(), label(209).encode()}
    assert_warm_is_cold(lived)


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ("cut short", "cut short"),
        ("damaged", "a checksum is wrong"),
        ("of another version", "this version reads"),
        ("of another topic", "it is of pingliu"),
        ("ahead", "and the changelog ends at"),
        ("too old", "may lack deletions"),
        ("a folder", "Is a directory"),
    ],
)
def test_what_is_no_checkpoint_is_ignored_with_a_line(
    lived: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture, why: str, reason: str
) -> None:
    settings = lived.model_copy(update={"data_dir": tmp_path})
    changelog, packing, _ = TABLES["cylinders"]
    source, path = Source(settings, changelog, packing), checkpoint.place(settings, changelog, 1)
    path.parent.mkdir()
    content = bytearray(checkpoint.place(lived, changelog, 2 if why == "of another topic" else 1).read_bytes())
    described = broker_of.describe(settings, changelog)
    match why:
        case "cut short":
            del content[-10:]
        case "damaged":
            content[len(content) // 2] ^= 1
        case "of another version":
            content[:21] = b"Pingliu checkpoint 0\n"
        case "too old":
            described = replace(described, delete_retention_seconds=0.001)
    if why == "a folder":
        path.mkdir()
    elif why == "ahead":
        _, cold = next(restore(source, [1]))
        draft = checkpoint.Draft(path, "me")
        draft.write(checkpoint.Head(changelog, described.id, 1, cold.end, time.time()), cold.state.frozen())
        draft.publish(cold.end + 1)
    else:
        path.write_bytes(content)
    (_, found), (_, cold) = next(restore(source, [1], described)), next(restore(source, [1]))
    assert not found.warm
    assert contents({1: found}) == contents({1: cold})
    (line,) = [record.getMessage() for record in caplog.records if "is ignored" in record.getMessage()]
    assert str(path) in line
    assert reason in line


def test_of_a_topic_made_anew_no_checkpoint_is_read(lived: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings, changelog = lived, topics.CYLINDERS_CHANGELOG.name
    records = harness.read_topic(settings.broker, changelog)
    admin = AdminClient(broker_of.common(settings))
    before = broker_of.describe(settings, changelog)
    admin.delete_topics([changelog], operation_timeout=30)[changelog].result(30)

    def is_made() -> bool:
        with contextlib.suppress(Exception):  # it is still being deleted
            wanted = NewTopic(changelog, settings.partitions, 1, config={"cleanup.policy": "compact"})
            admin.create_topics([wanted])[changelog].result(30)
            return True
        return False

    harness.until("the topic to be made anew", is_made)
    producer = broker_of.producer(settings)
    for record in [*records, *records[:1]]:
        producer.produce(changelog, record.value(), record.key(), record.partition())
    assert producer.flush(30) == 0
    assert broker_of.describe(settings, changelog).id != before.id
    warm, cold = (read(settings, topics.CYLINDERS_TABLE, warm=warm) for warm in (True, False))
    assert not any(one.warm for one in warm.values())
    assert contents(warm) == contents(cold)
    assert sum("with id" in record.getMessage() for record in caplog.records) == settings.partitions
