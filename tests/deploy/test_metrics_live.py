"""What the running services expose: fit for Prometheus, and what the alert rules count on is there and moves."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from stream import topics
from stream.gateway.server import Gateway
from stream.settings import Settings
from stream.up import Stack
from tests.deploy.test_prometheus import promtool, with_promtool
from tests.kafka import harness
from tests.stream.scans import bind, scan


@pytest.fixture(scope="module")
def up(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with harness.stack(kafka, tmp_path_factory.mktemp("stack")) as running:
        harness.post(running, [bind(1), scan(2, "fill", net_kg=14.4), scan(3, "fill")])
        yield running


def shown(base: str) -> dict[str, dict[tuple[str, ...], float]]:
    """Every series with its samples, by the values of its labels."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(httpx.get(f"{base}/metrics", timeout=10).text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


@pytest.mark.kafka
@with_promtool
@pytest.mark.parametrize("service", ["gateway", "worker", "query"])
def test_what_a_service_exposes_passes_promtool(service: str, up: Stack) -> None:
    reply = httpx.get(f"{getattr(up, service)}/metrics", timeout=10)
    assert reply.headers["content-type"].startswith("text/plain; version=")
    checked = promtool("check", "metrics", given=reply.content)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@pytest.mark.kafka
def test_every_partition_says_when_it_was_last_judged_and_time_moves_it(up: Stack) -> None:
    wanted = {(str(one), name) for name in (topics.SCANS.name, topics.HOLDERS.name) for one in range(4)}

    def times() -> dict[tuple[str, ...], float]:
        return shown(up.worker).get("pingliu_worker_last_chunk_timestamp_seconds", {})

    first = harness.until("every partition to be judged", lambda: times() if wanted <= times().keys() else None)
    # Nothing is posted: the ticks alone move it.
    harness.until("ticks to be judged everywhere", lambda: all(times()[place] > first[place] for place in wanted))


@pytest.mark.kafka
def test_what_alerts_count_is_there_before_the_first_of_it(up: Stack) -> None:
    answers, judged = shown(up.gateway), shown(up.worker)
    # One post, and however many looks of whoever waited for it to be ready.
    told = {status: count for (status,), count in answers["pingliu_gateway_requests_total"].items()}
    assert told == {"200": 1, "202": 0, "400": 0, "500": 0, "503": 0}
    assert answers["pingliu_gateway_ticks_total"][()] > 0
    assert sum(answers["pingliu_gateway_rejected_scans_total"].values()) == 1
    assert judged["pingliu_worker_judged_scans_total"][("conflict",)] == 0
    assert judged["pingliu_worker_restoring"][()] == 0


@pytest.mark.kafka
def test_the_sink_says_when_all_it_had_read_was_archived(up: Stack) -> None:
    def when() -> float:
        return shown(up.query)["pingliu_sink_last_flush_timestamp_seconds"][()]

    first = harness.until("a first flush", when)
    harness.until("another", lambda: when() > first)
    assert shown(up.gateway)["pingliu_sink_last_flush_timestamp_seconds"][()] == 0


class Broken(Gateway):
    async def _route(self, scope: object, receive: object) -> None:  # type: ignore[override]
        raise RuntimeError("a bug")


def test_an_answer_that_breaks_is_counted_as_500() -> None:
    def fives() -> float:
        return REGISTRY.get_sample_value("pingliu_gateway_requests_total", {"status": "500"}) or 0.0

    before = fives()
    gateway = Broken(Settings(broker="127.0.0.1:1", insecure_devices=True))
    with pytest.raises(RuntimeError, match="a bug"):
        asyncio.run(gateway({"type": "http", "path": "/v1/scans"}, None, None))  # type: ignore[arg-type]
    assert fives() == before + 1
