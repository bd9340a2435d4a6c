"""What a worker says of partitions that it holds no more: nothing."""

from types import SimpleNamespace

import faust
import pytest
from prometheus_client import REGISTRY

from stream import metrics, topics
from stream.worker import _forget_lost

SCANS, HOLDERS = topics.SCANS.name, topics.HOLDERS.name


class Completed:
    def __init__(self, *, yet: bool) -> None:
        self.is_set = lambda: yet


def app(*held: tuple[str, int], restored: bool = True) -> SimpleNamespace:
    """As much of Faust's app as is asked; before it has restored there is no consumer."""
    consumer = SimpleNamespace(assignment=lambda: {faust.types.TP(*one) for one in held}) if restored else None
    recovery = SimpleNamespace(completed=Completed(yet=restored))
    return SimpleNamespace(consumer=consumer, tables=SimpleNamespace(recovery=recovery))


def said() -> set[tuple[str, str]]:
    return {
        (sample.labels["topic"], sample.labels["partition"])
        for metric in metrics.LAST_CHUNK.collect()
        for sample in metric.samples
    }


@pytest.fixture(autouse=True)
def some_partitions() -> None:
    metrics.LAST_CHUNK.clear()
    metrics.LAG.clear()
    for topic, partition in ((SCANS, 0), (SCANS, 1), (HOLDERS, 1)):
        metrics.LAST_CHUNK.labels(topic, partition).set(1)
    for partition in (0, 1):
        metrics.LAG.labels(partition).set(7)


def test_what_another_worker_holds_now_is_forgotten() -> None:
    _forget_lost(app((SCANS, 0), (HOLDERS, 1)))
    assert said() == {(SCANS, "0"), (HOLDERS, "1")}
    assert REGISTRY.get_sample_value("pingliu_worker_lag_records", {"partition": "0"}) == 7
    assert REGISTRY.get_sample_value("pingliu_worker_lag_records", {"partition": "1"}) is None


def test_before_the_state_is_back_nothing_is_asked() -> None:
    _forget_lost(app(restored=False))
    assert len(said()) == 3
