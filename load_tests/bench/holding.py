"""The rows of memory: resident bytes a cylinder and a customer at city mix, all counted.

Each is measured in a process of its own, as the growth of its resident memory (/proc/self/statm) by what it holds, after
what was needed to get there is given back (`gc.collect`, `malloc_trim`); every index counts.

- *cylinder*: a changelog of N cylinders, at city mix (states.py), restored by the product's own
  restore into the worker's own structures. Checked: it holds N labels.
- *customer*: N customers as `pingliu registry load` writes them, put into the product's own registry: as
  load_tests/registry_load.py measures them.

A floor is the most that is allowed: 400 B and 250 B.
"""

import ctypes
import gc
import multiprocessing
import os
from pathlib import Path

from load_tests.bench.results import Report, Target
from load_tests.bench.run import RunError
from load_tests.bench.setting import PARTITIONS, Asked, broker
from load_tests.bench.states import CHANGELOG, changelog, city_mix, label_of
from load_tests.registry_load import bytes_a_customer
from processors.packed import LedgerPacking
from stream.settings import Settings
from stream.tables.restore import Source, restore


def measure(asked: Asked) -> Report:
    """Raises RunError. Once and not in rounds: memory does not vary as time does."""
    asked.say("memory a cylinder")
    with broker(asked, "memory") as setting:
        setting.bus.make_topics()
        setting.bus.write(changelog(city_mix(), asked.cylinders), CHANGELOG)
        with multiprocessing.get_context("spawn").Pool(1) as alone:
            cylinder = alone.apply(_restored, (setting.settings, asked.cylinders)) / asked.cylinders
    asked.say("memory a customer")
    customer = bytes_a_customer(asked.customers)
    return Report(
        targets=[
            Target("memory", f"B a cylinder, of {asked.cylinders:,}", [cylinder], 400, 350, more=False),
            Target("memory", f"B a customer, of {asked.customers:,}", [customer], 250, 180, more=False),
        ]
    )


def _restored(settings: Settings, cylinders: int) -> int:
    """Bytes by which this process grew."""
    before = _resident()
    source = Source(settings, CHANGELOG, LedgerPacking)
    held = [restored.state for _, restored in restore(source, range(PARTITIONS))]
    grown = _resident() - before
    labels = sum(map(len, held))
    if labels != cylinders or not any(partition.get(label_of(0).decode()) for partition in held):
        raise RunError(f"{labels} cylinders restored, {cylinders} written")
    return grown


def _resident() -> int:
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
