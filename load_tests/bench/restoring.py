"""The rows of the restore: the real worker, cold and warm, beside a bare loop that consumes the same changelog.

- *cold*: `pingliu worker` with no file of its own and a changelog of N cylinders: what it says itself that the restore of
  their table took (`pingliu_worker_restore_seconds`), from before it asks the broker of anything until all is in memory.
- *warm*: the same worker, stopped when it has written its checkpoints and started again.
- *bare*: a process that consumes every partition of the changelog to its end with confluent-kafka and takes key and value
  of each record, from before its consumer is made. Its end is known to it by the broker's word, as to the worker.
- Each ratio is of two times of one round. CPU of the worker is that of its process until /readyz answers 200, less that
  with an empty changelog. Starting Python and joining the group are in none of them.

Checked: the bare loop took N records; the worker, cold and warm, knows the cylinders: scans with an offset that their states
already include are passed over, one of an unknown label is not; and that its partitions came from where they should.

`resident` in the note is the growth of the worker's memory by what it restored, with whatever the restore left lying about.
"""

import http.client
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from load_tests.bench.city_log import Record, partition_of
from load_tests.bench.process import Process
from load_tests.bench.programs import SESSION_SECONDS, paths
from load_tests.bench.results import Figures, Report, Target, spread
from load_tests.bench.run import PATIENCE_S, RunError
from load_tests.bench.services import until_ready
from load_tests.bench.setting import PARTITIONS, Asked, Setting, broker
from load_tests.bench.states import CHANGELOG, changelog, city_mix, label_of, town
from stream import registry_load, topics

_TRIED = 50  # cylinders that the worker must know
_NEVER_BOUND = 99_000_000
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Taken:
    """Of one restore: seconds, CPU seconds, and resident bytes afterwards."""

    seconds: float
    cpu: float
    resident: int = 0


@dataclass(frozen=True)
class Round:
    """Of one changelog; `bare` consumed it only."""

    bare: Taken
    cold: Taken
    warm: Taken


def measure(asked: Asked) -> Report:
    """All rounds. Raises RunError."""
    count, rounds = asked.cylinders, []
    with broker(asked, "restore") as setting:
        for number in range(1, asked.rounds + 1):
            asked.say(f"restore, round {number} of {asked.rounds}")
            rounds.append(one_round(setting, count))
    memory = [[one.resident / count for one in (of.cold, of.warm)] for of in rounds]
    notes = [f"resident {spread(values, '.0f')} B a cylinder" for values in zip(*memory, strict=True)]
    return Report(
        [
            _figures("cold restore", count, [of.cold for of in rounds], notes[0]),
            _figures("warm restart", count, [of.warm for of in rounds], notes[1]),
            _figures("bare consume of the changelog", count, [of.bare for of in rounds]),
        ],
        [
            Target(
                f"cold restore of {count:,}", "time over bare consume",
                [of.cold.seconds / of.bare.seconds for of in rounds], 3, 2, more=False,
            ),
            Target(
                f"warm restart of {count:,}", "time over cold restore",
                [of.warm.seconds / of.cold.seconds for of in rounds], 0.25, 0.1, more=False,
            ),
        ],
    )  # fmt: skip


def _figures(name: str, count: int, taken: Sequence[Taken], note: str = "") -> Figures:
    rates = [count / one.seconds for one in taken]
    return Figures(name, "cylinders", count, rates, [one.cpu / count * 1e6 for one in taken], [], note)


def one_round(setting: Setting, count: int) -> Round:
    """Each of the three once. Raises RunError."""
    setting.empty()
    try:
        setting.bus.make_topics()
        rows = setting.folder / "registry.jsonl"
        rows.write_bytes(b"\n".join(town().log.registry))
        registry_load.load(setting.settings, rows)
        with _worker(setting, count) as worker:
            empty = _taken(setting, worker, "changelog")
        setting.bus.write(changelog(city_mix(), count), CHANGELOG)
        bare = _bare(setting, count)  # first: the worker is tried afterwards, and writes to the changelog then
        with _worker(setting, count, checkpoint_records=1) as worker:
            cold = _taken(setting, worker, "changelog", empty)
            _try(setting, 0)
            _until_written(setting, worker)
        with _worker(setting, count) as worker:
            warm = _taken(setting, worker, "checkpoint", empty)
            _try(setting, 1)
        return Round(bare, cold, warm)
    finally:
        setting.bus.delete_topics()


@contextmanager
def _worker(setting: Setting, count: int, **changes: int) -> Iterator[Process]:
    """One that is ready."""
    settings = setting.settings.model_copy(update={"session_seconds": SESSION_SECONDS, **changes})
    command = (sys.executable, "-m", "stream.cli", "worker")
    with Process(command, settings.environment() | paths(), setting.folder / "worker.log") as worker:
        until_ready(worker, settings.host, settings.worker_port, PATIENCE_S + count / 10_000)
        yield worker


def _taken(setting: Setting, worker: Process, source: str, empty: Taken | None = None) -> Taken:
    cpu, resident = worker.cpu, int(Path(f"/proc/{worker.pid}/statm").read_text().split()[1]) * _PAGE
    table = f'table="{topics.CYLINDERS_TABLE}"'
    told = _metrics(setting)
    if (came := told.get(f'pingliu_worker_restored_partitions_total{{source="{source}",{table}}}')) != PARTITIONS:
        raise RunError(f"{came} partitions came from the {source}\n{worker.log_tail}")
    seconds = told[f"pingliu_worker_restore_seconds{{{table}}}"]
    return Taken(seconds, cpu - (empty.cpu if empty else 0), resident - (empty.resident if empty else 0))


def _metrics(setting: Setting) -> dict[str, float]:
    connection = http.client.HTTPConnection(setting.settings.host, setting.settings.worker_port, timeout=10.0)
    try:
        connection.request("GET", "/metrics")
        said = connection.getresponse().read().decode()
    finally:
        connection.close()
    return {name: float(value) for name, value in re.findall(r"^(pingliu_worker_\S+) (\S+)$", said, re.MULTILINE)}


def _until_written(setting: Setting, worker: Process) -> None:
    """Wait for the checkpoints of both partitions."""
    deadline = time.monotonic() + PATIENCE_S
    while len(list((setting.folder / "checkpoints").glob(f"{CHANGELOG}-?"))) < PARTITIONS:
        worker.must_run()
        if time.monotonic() > deadline:
            raise RunError(f"no checkpoints in {PATIENCE_S:.0f} s\n{worker.log_tail}")
        time.sleep(0.05)


def _try(setting: Setting, turn: int) -> None:
    """The worker must know the labels restored: it passes over scans whose offset their states include, and no other."""
    before = setting.bus.ends(topics.SCANS.name)
    known, scans = before[:], [_like(number) for number in range(_TRIED)]
    for scan in scans:
        known[scan.partition] += 1
    first = _NEVER_BOUND + 100 * turn  # some in each partition
    scans += map(_like, range(first, first + 100))
    setting.bus.write(scans)
    deadline, told = time.monotonic() + PATIENCE_S, 0
    while told < len(scans) - _TRIED:
        if time.monotonic() > deadline:
            raise RunError(f"after a restore {told} of {len(scans) - _TRIED} scans are judged")
        told = 0
        for record in setting.bus.read([topics.VERDICTS.name])[topics.VERDICTS.name]:
            run = json.loads(record.value or b"")
            if run["from"] < before[record.partition]:
                continue
            told += run["to"] - run["from"] + 1
            if run["from"] < known[record.partition]:
                raise RunError(f"the worker does not know a cylinder it restored: {run}")


def _like(number: int) -> Record:
    """A scan of that cylinder."""
    like = next(record for record in town().log.records if record.key and b'"receive"' in record.value)
    assert like.key
    label = label_of(number)
    return Record(partition_of(label, PARTITIONS), label, like.value.replace(like.key, label))


def _bare(setting: Setting, count: int) -> Taken:
    told = setting.folder / "bare.json"
    arguments = (setting.settings.broker, CHANGELOG, str(PARTITIONS), str(told))
    command = (sys.executable, "-m", "load_tests.peers.bare_consume", *arguments)
    with Process(command, paths(), setting.folder / "bare.log") as loop:
        code = loop.wait(PATIENCE_S + count / 10_000)
    taken = json.loads(told.read_bytes()) if code == 0 else {}
    records = count + sum(map(len, city_mix().named))
    if taken.get("records") != records:
        raise RunError(f"the bare loop took {taken.get('records')} records of {records}\n{loop.log_tail}")
    return Taken(taken["seconds"], taken["cpu"])
