"""A checkpoint and the changelog's tail come to what the whole changelog comes to; one that is not whole is none."""

import resource
import signal
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from processors.ledger import Ledger
from processors.packed import LedgerPacking
from processors.packing import sealed
from stream.tables.checkpoint import CheckpointError, Draft, Head, Wanted, read
from stream.tables.partition import Frozen, Partition
from tests.stream.crashing import Changelog, Worker, kept, records
from tests.stream.scans import bind, cycle, label, scan

TOPIC, ID, NOW = "cylinders", "an-id", 1_800_000_000.0
HEAD = Head(TOPIC, ID, 3, 17, NOW - 60)
WANTED = Wanted(TOPIC, ID, 3, 40, NOW, 3600.0)
Group = list[tuple[bytes, bytes | None]]


def history() -> tuple[list[Group], list[Frozen]]:
    """Chunk by chunk the changelog and the state, with names that are new, alarms, and a label that is forgotten."""
    scans = [bind(1, on=1), bind(2, on=2), scan(3, "fill", on=2, net_kg=14.5), scan(4, "incident", kind="leak")]
    scans += [*cycle(10, on=1), bind(20, on=3), scan(21, "lookup", on=7, device="D-pub"), *cycle(30, on=3)]
    later = {"type": "tick", "received": "2028-01-01T00:00:00+08:00"}
    worker, groups, frozen = Worker({}), [], []
    log = records([*scans, later, *cycle(60, on=2)])
    for first in range(0, len(log), 3):
        groups.append(worker.take(log[first : first + 3]).changelog())
        frozen.append(worker.state.frozen())
    return groups, frozen


def through_a_file(path: Path, frozen: Frozen) -> Frozen:
    """Written and read back."""
    draft = Draft(path, "me")
    draft.write(HEAD, frozen)
    draft.publish(40)
    since, found = read(path, WANTED)
    assert since == HEAD.since
    return found


def everything(state: Partition[Ledger]) -> tuple[Any, ...]:
    """All that a partition says and does: its position, ledgers, and what rings when."""
    ledgers = {name: state.get(name) for name in state}
    for ledger in ledgers.values():
        assert ledger is not None
        ledger.open()
    moments = sorted({ledger.alarm for ledger in ledgers.values() if ledger and ledger.alarm})
    return state.position, ledgers, len(state), [[key for key, _ in state.past(at + 1)] for at in moments]


def test_at_any_moment_and_from_any_offset_before_it_warm_is_cold(tmp_path: Path) -> None:
    groups, frozen = history()
    assert any(value is None for group in groups for _, value in group), "something must be deleted"
    latest: Changelog = {key: value for group in groups for key, value in group}
    wanted = everything(Partition.restored(kept(latest), LedgerPacking()))
    assert len(wanted[1]) >= 3
    assert any(wanted[3])
    for frozen_at in range(len(groups)):
        through_a_file(tmp_path / "checkpoint", frozen[frozen_at])
        for since in range(frozen_at + 2):
            tail = {key: value for group in groups[since:] for key, value in group}
            _, found = read(tmp_path / "checkpoint", WANTED)
            assert everything(Partition.thawed(found, tail, LedgerPacking())) == wanted, (frozen_at, since)


def test_a_changelog_that_goes_back_behind_it_is_another(tmp_path: Path) -> None:
    groups, frozen = history()
    found = through_a_file(tmp_path / "checkpoint", frozen[-1])
    with pytest.raises(ValueError, match="the changelog to 2"):
        Partition.thawed(found, dict(groups[0]), LedgerPacking())


def whole(tmp_path: Path) -> Path:
    path = tmp_path / "checkpoint"
    through_a_file(path, history()[1][-1])
    return path


def test_cut_short_anywhere_it_is_none(tmp_path: Path) -> None:
    path = whole(tmp_path)
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(CheckpointError):
            read(path, WANTED)


def test_with_any_byte_changed_it_is_none(tmp_path: Path) -> None:
    path = whole(tmp_path)
    content = bytearray(path.read_bytes())
    for place in range(0, len(content), 7):
        content[place] ^= 0x20
        path.write_bytes(content)
        with pytest.raises(CheckpointError):
            read(path, WANTED)
        content[place] ^= 0x20


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"topic": "holders"}, "it is of cylinders"),
        ({"topic_id": "another"}, "id an-id"),
        ({"partition": 4}, r"it is of cylinders\[3\]"),
        ({"end": 39}, "goes to offset 40 and the changelog ends at 39"),
        ({"lasts": 59.0}, "it is 60 s old"),
        ({"now": NOW - 100}, "it is -40 s old"),
    ],
)
def test_of_something_else_it_is_none(tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    path = whole(tmp_path)
    with pytest.raises(CheckpointError, match=why):
        read(path, replace(WANTED, **changes))


def test_of_another_version_it_is_none(tmp_path: Path) -> None:
    path = whole(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"checkpoint 1", b"checkpoint 2", 1))
    with pytest.raises(CheckpointError, match="this version reads"):
        read(path, WANTED)


def test_its_states_are_of_the_version_that_is_judged_by(tmp_path: Path) -> None:
    frozen = Partition.restored({label(1).encode(): sealed(b"\xff", 5)}, _Anything()).frozen()
    with pytest.raises(ValueError, match="format"):
        Partition.thawed(through_a_file(tmp_path / "checkpoint", frozen), {}, LedgerPacking())


class _Anything(LedgerPacking):
    """Of a version to come."""

    def unpack(self, label: str, packed: bytes) -> Ledger:
        return Ledger()


def test_what_is_dropped_leaves_the_one_before(tmp_path: Path) -> None:
    path, frozen = whole(tmp_path), history()[1]
    before = path.read_bytes()
    draft = Draft(path, "me")
    draft.write(HEAD, frozen[0])
    draft.drop()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_on_a_full_disk_the_one_before_stays(tmp_path: Path) -> None:
    path, frozen = whole(tmp_path), history()[1]
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    draft = Draft(path, "me")
    # No file may grow beyond that: the kernel refuses a write as it does on a full disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:
        with pytest.raises(OSError, match="large"):
            draft.write(HEAD, frozen[-1])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        draft.drop()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


# Writes one checkpoint after the other, each of another number of keys, until it is killed.
_WRITER = """
import itertools, sys
from pathlib import Path
from tests.stream.test_checkpoint_file import HEAD, _Anything, sealed
from stream.tables.checkpoint import Draft
from stream.tables.partition import Partition
many = [Partition.restored({b"%d" % key: sealed(b"x", 0) + bytes(300) for key in range(count)}, _Anything()).frozen()
        for count in (20_000, 20_001)]
for turn in itertools.count():
    draft = Draft(Path(sys.argv[1]), "me")
    draft.write(HEAD, many[turn % 2])
    print("written", flush=True)
    draft.publish(40)
"""


def test_killed_at_any_moment_it_leaves_a_whole_one(tmp_path: Path) -> None:
    path, left = tmp_path / "checkpoint", 0
    for turn in range(8):
        with subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(2 + turn % 3):
                assert writer.stdout.readline() == b"written\n"
            zlib.crc32(bytes(turn * 3_000_000))  # so that it gets on, each time to somewhere else
            writer.send_signal(signal.SIGKILL)
        left += len(list(tmp_path.glob("checkpoint.*.new")))
        _, frozen = read(path, WANTED)
        assert len(frozen.store.records) in (20_000, 20_001)
    assert left, "it was never killed while it wrote"
