"""The row of a second worker: one process on all partitions, then two with half of them each, over the same log.

Measured as `run.py` says; the clock starts when both have their partitions. A broker of its own for each round: a worker
that ended keeps its place in the group for a while.

- *CPU*: CPU a scan of both processes together over that of the one alone; it should not grow (a tenth is allowed for noise).
- *speed*: scans a second of two over one. It can grow only where there are cores for two workers, the broker and whoever
  reads: on two cores it cannot, and the aim is not held against it there.
"""

import os

from load_tests.bench.city_log import make_log
from load_tests.bench.outputs import Expected
from load_tests.bench.programs import pingliu
from load_tests.bench.results import Figures, Report, Target
from load_tests.bench.setting import PARTITIONS, Asked, broker

_CORES_FOR_TWO = 4


def measure(asked: Asked) -> Report:
    """All rounds. Raises RunError."""
    expected = Expected(make_log(asked.scans, PARTITIONS))
    figures = [Figures("one worker", count=expected.log.scans), Figures("two workers", count=expected.log.scans)]
    speed, cpu = [], []
    for number in range(1, asked.rounds + 1):
        taken = []
        with broker(asked, "second") as setting:
            for workers, found in enumerate(figures, start=1):
                asked.say(f"second worker, round {number} of {asked.rounds}: {found.name}")
                measured = setting.run(lambda workers=workers: pingliu(expected, setting.settings, workers))  # type: ignore[misc]
                found.rates.append(measured.rate)
                found.cpu.append(measured.cpu_us)
                found.broker_cpu.append(measured.broker_cpu_us)
                taken.append(measured)
        one, two = taken
        speed.append(two.rate / one.rate)
        cpu.append(two.cpu_us / one.cpu_us)
    aim = 1.8 if (os.cpu_count() or 1) >= _CORES_FOR_TWO else None
    return Report(
        figures,
        [
            Target("a second worker", "CPU a scan over one", cpu, 1.1, 1.0, more=False),
            Target("a second worker", "speed over one", speed, aim, aim),
        ],
    )
