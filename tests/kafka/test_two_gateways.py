"""Two gateways before one log: the same scan counts once, and another body under its ids is refused, whoever hears of it."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from stream import kafka as kafka_clients
from stream import topics
from stream.local.processes import free_port
from stream.up import Stack, command
from tests.kafka import harness
from tests.kafka.day import kill
from tests.stream.scans import bind, label, scan

pytestmark = pytest.mark.kafka

LIMIT = 20  # seconds


@pytest.fixture(scope="module")
def up(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with harness.stack(kafka, tmp_path_factory.mktemp("gateways")) as running:
        yield running


@pytest.fixture(scope="module")
def both(up: Stack) -> list[str]:
    """Where to post."""
    own = up.settings.model_copy(update={"gateway_port": free_port()})
    url = f"http://{own.host}:{own.gateway_port}"
    up.services.add("gateway2", command("gateway"), env=own.environment(), ready_url=f"{url}/readyz")
    up.services.start()
    up.services.wait_ready(harness.DEADLINE)
    return [up.gateway, url]


def post(gateway: str, one: dict[str, Any]) -> int:
    return httpx.post(f"{gateway}/v1/scans", json=one, timeout=LIMIT).status_code


def last_of(gateway: str, device: str) -> Any:
    return httpx.get(f"{gateway}/v1/devices/{device}/last", timeout=LIMIT).json().get("scan_id")


def at_once(gateways: list[str], *bodies: Any) -> list[httpx.Response]:
    """Each body to its gateway, all at the same time, waiting for the verdicts."""

    async def everyone() -> list[httpx.Response]:
        async with httpx.AsyncClient(timeout=LIMIT + 10, headers={"Prefer": f"wait={LIMIT}"}) as client:
            posts = (client.post(f"{url}/v1/scans", json=body) for url, body in zip(gateways, bodies, strict=True))
            return await asyncio.gather(*posts)

    return asyncio.run(everyone())


def conflicts(broker: str) -> list[str]:
    """The scans that were refused for their history, and who refused them."""
    records = harness.read_topic(broker, topics.REJECTED.name)
    headers = [dict(record.headers()) for record in records]
    why = [json.loads(one["why"]) | {"from": one["from"].decode()} for one in headers]
    return [f"{one['scan_id']} {one['from']}" for one in why if one.get("code") == "HISTORY_CONFLICT"]


def test_the_same_scans_through_both_at_once_count_once(up: Stack, both: list[str]) -> None:
    harness.post(up, [bind(100 + on, on=on) for on in range(10)])
    over = [scan(200 + on, "fill", on=on, net_kg=16.0) for on in range(10)]
    answers = at_once(both * 3, *[over] * 6)
    told = [answer.json()["verdicts"] for answer in answers]
    for on in range(10):
        verdicts = [verdict[on] for verdict in told]
        assert [one["decision"] for one in verdicts] == ["deny"] * 6
        assert sum("duplicate" not in one for one in verdicts) == 1
    alerts = [one for one in harness.alerts(up.settings.broker) if one["code"] == "OVERFILL"]
    assert sorted(one["label"] for one in alerts) == sorted(label(on) for on in range(10)), "each told once"
    assert harness.assert_as_judge_says(up.settings.broker) == 70


@pytest.mark.parametrize("change", [{"operator": "another"}, {"label": label(21)}], ids=["body", "label"])
def test_another_body_is_a_409_from_the_other_gateway_too(up: Stack, both: list[str], change: dict[str, Any]) -> None:
    first = scan(300 if "operator" in change else 400, on=20)
    assert post(both[0], first) == 202
    harness.until("the other to hear of it", lambda: last_of(both[1], first["device"]) == first["scan_id"])
    assert post(both[1], first | change) == 409
    assert post(both[1], first) == 202, "the scan itself is a repeat"
    assert f"{first['scan_id']} gateway" in conflicts(up.settings.broker)
    assert 'pingliu_gateway_rejected_scans_total{field="HISTORY_CONFLICT"}' in httpx.get(f"{both[1]}/metrics").text


def test_what_no_gateway_could_know_the_worker_refuses(up: Stack, both: list[str]) -> None:
    """Two bodies came to two gateways within a moment: both stand in the log."""
    first = scan(500, "missing", on=30, device="D-of1", kind="lost")
    assert post(both[0], first) == 202
    other = json.dumps(first | {"data": {"kind": "stolen"}}).encode()
    producer = kafka_clients.producer(up.settings)
    producer.produce(topics.SCANS.name, key=first["label"].encode(), value=other)
    producer.flush()
    harness.until("the worker to refuse it", lambda: "scan-000500 worker" in conflicts(up.settings.broker))
    alerts = [one for one in harness.alerts(up.settings.broker) if one["code"] == "REPORTED_MISSING"]
    assert {json.dumps(one["evidence"]) for one in alerts} == {'{"kind": "lost"}'}
    assert 'pingliu_worker_judged_scans_total{decision="conflict"} 1.0' in httpx.get(f"{up.worker}/metrics").text


def test_a_gateway_started_again_knows_what_it_took_before(up: Stack, both: list[str]) -> None:
    first = scan(600, on=40)
    check = scan(601, "home_check", device="D-co1", customer="C1", result="ok")
    check.pop("label")
    assert [post(both[0], one) for one in (first, check)] == [202, 202]
    kill(up, "gateway")

    def has_read_back() -> bool:
        try:
            return bool(last_of(both[0], "D-co1") == check["scan_id"])
        except httpx.TransportError:
            return False

    harness.until("it to have read the log back", has_read_back)
    for one, change in ((first, {"operator": "another"}), (check, {"data": check["data"] | {"result": "hazard"}})):
        assert post(both[0], one | change) == 409
        assert post(both[0], one) == 202
