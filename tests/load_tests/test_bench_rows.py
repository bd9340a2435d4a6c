"""The other rows, each once and small, over a real broker; and their comparisons, which must see what is wrong."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from load_tests.bench import gateway, holding, latency, restoring
from load_tests.bench.city_log import Record
from load_tests.bench.run import RunError
from load_tests.bench.setting import PARTITIONS, Asked, Setting, broker
from load_tests.bench.states import changelog, city_mix, label_of
from stream import topics

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"), pytest.mark.kafka]
CYLINDERS = 300


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    return Asked(7_000, 1, CYLINDERS, 1_000, Path(".pingliu/peers"), tmp_path, lambda _: None)


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    asked = Asked(0, 1, 0, 0, Path(".pingliu/peers"), tmp_path_factory.mktemp("rows"), lambda _: None)
    with broker(asked, "test") as found:
        yield found


@pytest.mark.slow
def test_the_gateway_and_the_bare_loop_write_the_same_scans(asked: Asked) -> None:
    report = gateway.measure(asked)
    assert [figures.name for figures in report.figures] == ["gateway", "bare decode and produce"]
    assert all(ratio > 0 for target in report.targets for ratio in target.values)


def test_a_scan_lost_on_the_way_in_is_seen(setting: Setting) -> None:
    scans = [Record(number % PARTITIONS, b"key", b"%d" % number) for number in range(10)]
    wanted = Counter((scan.key, scan.value) for scan in scans)
    setting.bus.make_topics()
    try:
        setting.bus.write(scans[1:])
        with pytest.raises(RunError, match="1 scans are missing in the log and 0 too many"):
            gateway.compare(setting, wanted, "gateway")
        setting.bus.write([*scans[:1], Record(0, None, b"a tick")])
        gateway.compare(setting, wanted, "gateway")
        setting.bus.write(scans[:1])
        with pytest.raises(RunError, match="0 scans are missing in the log and 1 too many"):
            gateway.compare(setting, wanted, "gateway")
    finally:
        setting.bus.delete_topics()


@pytest.mark.slow
def test_states_are_restored_and_counted(asked: Asked) -> None:
    report = restoring.measure(asked)
    report.add(holding.measure(asked))
    rows = [f"cold restore of {CYLINDERS}", f"warm restart of {CYLINDERS}", "memory", "memory"]
    assert [target.row for target in report.targets] == rows
    assert all(target.values[0] > 0 for target in report.targets[:2])
    assert report.targets[2].values[0] > 100


@pytest.mark.slow
def test_a_worker_that_does_not_know_what_it_should_have_restored_is_seen(setting: Setting) -> None:
    mix = city_mix()
    assert sum(map(len, mix.states)) > 1_000
    records = [record for record in changelog(mix, CYLINDERS) if record.key and not record.key.startswith(b"@")]
    assert len({record.key for record in records}) == CYLINDERS
    assert {label_of(0), label_of(CYLINDERS - 1)} < {record.key for record in records}
    with pytest.raises(RunError, match="does not know a cylinder it restored"):
        restoring.one_round(setting, 1)  # of the fifty that are tried


@pytest.mark.slow
def test_posts_get_their_verdicts_and_batches_come_back(asked: Asked, setting: Setting) -> None:
    posts, log = latency.make_posts(14_000)
    assert sum(len(ids) for _, ids in posts) <= sum(record.key is not None for record in log.records)
    found = latency.one_round(setting, log, posts, search_seconds=0.5)
    assert found.rate > 0
    assert len(found.post_ms) == len(found.bare_ms) >= 100
    assert len(found.low_ms) == latency.LOW_POSTS
    assert list(found.busy) == ["worker", "gateway", "broker", "posting"]
    assert all(cores > 0 for cores in found.busy.values())
    assert latency.p99(range(1, 101)) == pytest.approx(100, abs=1)
    assert topics.SCANS.name not in setting.bus.topic_names()
