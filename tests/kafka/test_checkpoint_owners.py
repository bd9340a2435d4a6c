"""Checkpoints where partitions come and go, and where what was judged is not yet in the changelog."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from load_tests.bench.process import Process
from processors.packed import LedgerPacking
from stream import kafka as broker_of
from stream.local.processes import free_port
from stream.settings import Settings
from stream.tables import checkpoint
from stream.tables.checkpoints import Kept
from stream.tables.restore import Restored, Source, restore
from stream.up import command
from tests.kafka import harness
from tests.kafka.day import CITY, Day
from tests.kafka.kept import assert_warm_is_cold, live_a_day, restored, said, until_written
from tests.stream.crashing import Worker, records
from tests.stream.scans import bind, label

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def test_what_another_had_meanwhile_is_read_from_the_changelog(kafka: str, tmp_path: Path) -> None:
    with harness.stack(kafka, tmp_path / "one", CITY, checkpoint_records=1, session_seconds=12.0) as up:
        day, mine = Day(up), up.settings
        live_a_day(day, 100)
        until_written(up)
        other = {"member": "worker-1", "worker_port": free_port(), "data_dir": tmp_path / "other"}
        its = mine.model_copy(update=other)
        with Process(command("worker"), its.environment(), tmp_path / "other.log"):
            harness.until("the other to have partitions", lambda: restored(its, "cylinders", "changelog"))
            live_a_day(day, 200)
            assert said(its, 'pingliu_worker_judged_scans_total{decision="allow"}') > 0
        harness.until("partitions to come back", lambda: restored(mine, "cylinders", "checkpoint"))
        assert restored(mine, "cylinders", "changelog") <= mine.partitions, "those at the start, and none since"
        live_a_day(day, 300)
        until_written(up)
        assert harness.assert_as_judge_says(kafka, CITY) > 120
    assert_warm_is_cold(mine)


class Judged:
    """A partition's state, its changelog in a topic of its own, and its checkpoint."""

    def __init__(self, settings: Settings, changelog: str) -> None:
        admin = AdminClient(broker_of.common(settings))
        admin.create_topics([NewTopic(changelog, 1, 1)])[changelog].result(30)
        self.worker = Worker({})
        self.source = Source(settings, changelog, LedgerPacking)
        described = broker_of.describe(settings, changelog)
        self.kept = Kept(self.source, 0, Restored(self.worker.state, 0, 0, warm=False), described)
        self.path = checkpoint.place(settings, changelog, 0)
        self.beside = self.path.with_name(f"{self.path.name}.{settings.member}.new")

    def other(self, folder: Path) -> Kept:
        """The same, kept elsewhere and with all acknowledged."""
        settings = self.source.settings.model_copy(update={"data_dir": folder})
        restored = Restored(self.worker.state, 0, 0, warm=False)
        return Kept(replace(self.source, settings=settings), 0, restored, self.kept.described)

    def write(self, records: list[tuple[bytes, bytes | None]]) -> None:
        """To the changelog."""
        producer = broker_of.producer(self.source.settings)
        for key, value in records:
            producer.produce(self.source.changelog, value, key, 0)
        assert producer.flush(30) == 0

    def has_written(self, more_than: int) -> bool:
        return self.beside.exists() and self.beside.stat().st_size > more_than

    def restored(self) -> Restored:
        described = broker_of.describe(self.source.settings, self.source.changelog)
        return dict(restore(self.source, [0], described))[0]


@pytest.mark.parametrize("ends", ["acknowledged", "revoked"])
def test_what_is_not_in_the_changelog_is_in_no_checkpoint(kafka: str, tmp_path: Path, ends: str) -> None:
    judged = Judged(Settings(broker=kafka, data_dir=tmp_path), f"judged-and-{ends}")

    async def renew() -> None:
        first = judged.worker.judge(records([bind(1, on=1)]))
        judged.write(first.changelog())
        judged.kept.under_way(first.records)()
        await judged.kept.renew()
        size = judged.path.stat().st_size
        second = judged.worker.judge(records([bind(2, on=2)], first=1))
        acknowledged = judged.kept.under_way(second.records)
        writing = asyncio.create_task(judged.kept.renew())
        while not writing.done() and not judged.has_written(size):  # all but the end: of a cylinder more than before
            await asyncio.to_thread(judged.has_written, size)
        await judged.other(tmp_path / "other").renew()  # all steps of one, while that one would have had its last
        assert not writing.done()
        assert set(judged.restored().state) == {label(1)}, "the one before"
        if ends == "acknowledged":
            judged.write(second.changelog())
            acknowledged()
        else:
            judged.kept.drop()
        await writing
        assert not judged.beside.exists()

    asyncio.run(renew())
    found = judged.restored()
    assert found.warm
    assert set(found.state) == ({label(1), label(2)} if ends == "acknowledged" else {label(1)})


def test_what_is_half_judged_is_not_frozen(kafka: str, tmp_path: Path) -> None:
    judged = Judged(Settings(broker=kafka, data_dir=tmp_path), "half-judged")

    async def renew() -> None:
        first = judged.worker.judge(records([bind(1, on=1)]))
        judged.write(first.changelog())
        judged.kept.under_way(first.records)()
        judged.worker.state.is_between = True
        writing = asyncio.create_task(judged.kept.renew())
        for _ in range(6):  # as long as all of it takes
            await judged.kept._end()
        assert not judged.beside.exists()
        assert not judged.path.exists()
        second = judged.worker.judge(records([bind(2, on=2)], first=1))
        judged.write(second.changelog())
        judged.kept.under_way(second.records)()
        judged.worker.state.is_between = False
        await writing

    asyncio.run(renew())
    assert set(judged.restored().state) == {label(1), label(2)}
