"""The row of the cold restore: the real worker beside a bare loop that consumes the same changelog, key and value taken.

- *Pingliu*: from the start of the process `pingliu worker`, with no file of its own and a changelog of N cylinders, until
  its /readyz answers 200; less the same with an empty changelog, which is what starting costs.
- *bare*: from the start of a process that consumes every partition of the changelog to its end with confluent-kafka and
  takes key and value of each record, until it ends; less the same for an empty topic.
- The ratio is of the two times of one round. Checked before: the bare loop took N records; the worker knows the cylinders:
  scans with an offset that their states already include are passed over, one of an unknown label is not.

`resident` in the note is the growth of the worker's memory by what it restored, with whatever the restore left lying about.
"""

import json
import os
import sys
import time
from collections.abc import Sequence
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
_PAGE = os.sysconf("SC_PAGE_SIZE")


def measure(asked: Asked) -> Report:
    """All rounds. Raises RunError."""
    ratios, ours, theirs, memory = [], [], [], []
    count = asked.cylinders
    with broker(asked, "restore") as setting:
        for number in range(1, asked.rounds + 1):
            asked.say(f"cold restore, round {number} of {asked.rounds}")
            empty = one_round(setting, 0)
            full = one_round(setting, count)
            (our_start, _, start_memory), (bare_start, _) = empty
            (our_end, our_cpu, end_memory), (bare_end, bare_cpu) = full
            memory.append((end_memory - start_memory) / count)
            ours.append((our_end - our_start, our_cpu - empty[0][1]))
            theirs.append((bare_end - bare_start, bare_cpu - empty[1][1]))
            ratios.append(ours[-1][0] / theirs[-1][0])
    note = f"resident {spread(memory, '.0f')} B a cylinder"
    return Report(
        [_figures("cold restore", count, ours, note), _figures("bare consume of the changelog", count, theirs)],
        [Target(f"cold restore of {count:,}", "time over bare consume", ratios, 3, 2, more=False)],
        {"warm restart": "the local checkpoint is not built yet; its row comes here"},
    )


def _figures(name: str, count: int, taken: Sequence[tuple[float, float]], note: str = "") -> Figures:
    rates = [count / seconds for seconds, _ in taken]
    return Figures(name, "cylinders", count, rates, [cpu / count * 1e6 for _, cpu in taken], [], note)


def one_round(setting: Setting, count: int) -> tuple[tuple[float, float, int], tuple[float, float]]:
    """Seconds, CPU seconds and resident bytes of the worker; seconds and CPU seconds of the bare loop."""
    setting.empty()
    try:
        setting.bus.make_topics()
        rows = setting.folder / "registry.jsonl"
        rows.write_bytes(b"\n".join(town().log.registry))
        registry_load.load(setting.settings, rows)
        setting.bus.write(changelog(city_mix(), count), CHANGELOG)
        bare = _bare(setting, count)  # first: the worker is tried afterwards, and writes to the changelog then
        return _worker(setting, count), bare
    finally:
        setting.bus.delete_topics()


def _worker(setting: Setting, count: int) -> tuple[float, float, int]:
    settings = setting.settings.model_copy(update={"session_seconds": SESSION_SECONDS})
    began = time.monotonic()
    command = (sys.executable, "-m", "stream.cli", "worker")
    with Process(command, settings.environment() | paths(), setting.folder / "worker.log") as worker:
        until_ready(worker, settings.host, settings.worker_port, PATIENCE_S + count / 10_000)
        seconds, cpu = time.monotonic() - began, worker.cpu
        resident = int(Path(f"/proc/{worker.pid}/statm").read_text().split()[1]) * _PAGE
        if count:
            _try(setting)
    return seconds, cpu, resident


def _try(setting: Setting) -> None:
    """The worker must know the labels restored: it passes over scans whose offset their states include, and no other."""
    like = next(record for record in town().log.records if record.key and b'"receive"' in record.value)
    assert like.key
    known: list[int] = [0] * PARTITIONS
    scans = []
    for label in (label_of(number) for number in range(_TRIED)):
        scans.append(Record(partition_of(label, PARTITIONS), label, like.value.replace(like.key, label)))
        known[scans[-1].partition] += 1
    for number in range(99_000_000, 99_000_100):  # never bound, some in each partition
        label = label_of(number)
        scans.append(Record(partition_of(label, PARTITIONS), label, like.value.replace(like.key, label)))
    setting.bus.write(scans)
    deadline, told = time.monotonic() + PATIENCE_S, 0
    while told < len(scans) - sum(known):
        if time.monotonic() > deadline:
            raise RunError(f"after a restore {told} of {len(scans) - sum(known)} scans are judged")
        told = 0
        for record in setting.bus.read([topics.VERDICTS.name])[topics.VERDICTS.name]:
            run = json.loads(record.value or b"")
            told += run["to"] - run["from"] + 1
            if run["from"] < known[record.partition]:
                raise RunError(f"the worker does not know a cylinder it restored: {run}")


def _bare(setting: Setting, count: int) -> tuple[float, float]:
    told = setting.folder / "bare.json"
    arguments = (setting.settings.broker, CHANGELOG, str(PARTITIONS), str(told))
    before, began = os.times(), time.monotonic()
    command = (sys.executable, "-m", "load_tests.peers.bare_consume", *arguments)
    with Process(command, paths(), setting.folder / "bare.log") as loop:
        code = loop.wait(PATIENCE_S + count / 10_000)
        seconds = time.monotonic() - began
    after = os.times()
    taken = json.loads(told.read_bytes()) if code == 0 else None
    records = count + sum(map(len, city_mix().named))
    if taken != records:
        raise RunError(f"the bare loop took {taken} records of {records}\n{loop.log_tail}")
    return seconds, after.children_user - before.children_user + after.children_system - before.children_system
