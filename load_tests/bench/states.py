"""A changelog of as many cylinders as are wanted: states that the real worker wrote, under labels of their own.

The worker is run over a small log, and what its changelog holds of each cylinder in the end, after a whole round, is written
again and again under new labels. The record that says how far the changelog goes is left out: what the states say of their
own offsets is enough for what is asked here.
"""

from collections.abc import Iterator, Sequence
from functools import cache

from load_tests.bench.city_log import Record, make_log, partition_of
from load_tests.bench.outputs import Expected
from load_tests.bench.programs import pingliu
from load_tests.bench.setting import PARTITIONS, Setting
from load_tests.city.world import YSP35
from processors import labels
from stream import topics

CHANGELOG = topics.CYLINDERS_CHANGELOG.name
_SCANS = 7_000  # of a thousand cylinders


@cache
def town() -> Expected:
    """The small log, and what should come of it."""
    return Expected(make_log(_SCANS, PARTITIONS))


def templates(setting: Setting) -> list[bytes]:
    """States of cylinders as the worker packs them."""
    written = setting.run(lambda: pingliu(town(), setting.settings)).written[CHANGELOG]
    latest = {record.key: record.value for record in written}
    found = [latest.get(record.key) for record in town().log.records if record.key is not None and record.key in latest]
    return sorted({value for value in found if value})


def label_of(number: int) -> bytes:
    """The label of one of them."""
    return labels.make(YSP35.asset_type, f"9{number:07d}").encode()


def changelog(states: Sequence[bytes], cylinders: int) -> Iterator[Record]:
    """A record a cylinder."""
    for number in range(cylinders):
        label = label_of(number)
        yield Record(partition_of(label, PARTITIONS), label, states[number % len(states)])
