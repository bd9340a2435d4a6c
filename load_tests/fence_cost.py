"""What fencing costs (stream/tables/fence.py): threads, memory, time to take a worker's partitions, CPU a transaction.

    python -m load_tests.fence_cost --seconds 60

Twelve partitions, each with a transaction a second that holds two records of either changelog, as at rest. CPU is the whole
process's and the broker's, from /proc: what they take without any transactions is measured first and subtracted.
"""

import argparse
import asyncio
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from stream import kafka, topics
from stream.local.kafka import LocalKafka
from stream.settings import load
from stream.tables.fence import Fences

_PARTITIONS = 12


def _cpu(pid: int | str) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


async def _one_a_second(fences: Fences, partition: int, seconds: int, took: list[float]) -> None:
    fence = fences.get(partition)
    assert fence is not None
    for _ in range(seconds):
        began = time.monotonic()
        async with fence.lock:
            for _ in range(2):
                fence.write(topics.CYLINDERS_CHANGELOG.name, [(b"@position", b"x" * 40)])
                fence.write(topics.HOLDERS_CHANGELOG.name, [(b"@position", b"x" * 60)])
            committing = time.monotonic()
            await fences.apart(fence.commit)
            took.append(time.monotonic() - committing)
        await asyncio.sleep(max(0.0, 1 - (time.monotonic() - began)))


async def measure(broker: LocalKafka, seconds: int, console: Console) -> None:
    """Print each figure as it is known."""
    settings = load(broker=broker.bootstrap, partitions=_PARTITIONS)
    kafka.make_topics(settings)
    threads, memory = _status("Threads"), _status("VmRSS")
    fences = Fences(settings)
    await fences.hold(set(range(_PARTITIONS)), 1)  # the broker makes its own topic for it, once in its life
    console.print(f"{_status('Threads') - threads} threads, {(_status('VmRSS') - memory) / 1000:.1f} MB more")
    again, began = Fences(settings), time.monotonic()
    await again.hold(set(range(_PARTITIONS)), 1)
    taken, began = time.monotonic() - began, time.monotonic()
    await again.hold(set(range(_PARTITIONS)), 2)
    console.print(f"taken in {taken:.2f} s, proved in {time.monotonic() - began:.2f} s")

    async def cpu(pause: float) -> tuple[float, float]:
        ours, theirs, at = _cpu("self"), _cpu(broker.pid or 0), time.monotonic()
        await asyncio.sleep(pause)
        passed = time.monotonic() - at
        return (_cpu("self") - ours) / passed, (_cpu(broker.pid or 0) - theirs) / passed

    took: list[float] = []
    idle = await cpu(10)
    work = [asyncio.create_task(_one_a_second(again, number, seconds + 20, took)) for number in range(_PARTITIONS)]
    await asyncio.sleep(20)  # the broker's compiler warms up
    before = len(took)
    busy = await cpu(seconds - 1)
    rate = (len(took) - before) / (seconds - 1)
    await asyncio.gather(*work)
    for who, rest, taken in (("worker", idle[0], busy[0]), ("broker", idle[1], busy[1])):
        console.print(f"{who}: {1000 * (taken - rest) / rate:.2f} ms CPU a transaction, {taken - rest:.1%} of a core")
    console.print(f"commit: median {1000 * statistics.median(took):.0f} ms, {rate:.1f} a second")


def main() -> None:
    """Measure once, and print it."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.fence_cost", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60)
    with (
        TemporaryDirectory(prefix="pingliu-fences-") as folder,
        LocalKafka(Path(folder) / "kafka", progress=False) as broker,
    ):
        asyncio.run(measure(broker, parser.parse_args().seconds, Console()))


if __name__ == "__main__":
    main()
