"""Legacy codes on the real stack: a post under an alias is one under the label, live and after a restart."""

import itertools
import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from stream import kafka as clients
from stream import topics
from stream.up import Stack
from tests.kafka import harness
from tests.stream.scans import bind, label, scan

pytestmark = pytest.mark.kafka

numbers = itertools.count(100)


@pytest.fixture(scope="module")
def up(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with harness.stack(kafka, tmp_path_factory.mktemp("aliases")) as running:
        yield running


def write(up: Stack, *records: tuple[str | bytes, bytes | None]) -> None:
    producer = clients.producer(up.settings)
    for key, value in records:
        producer.produce(topics.ALIASES.name, key=key, value=value)
    assert producer.flush(30) == 0


def named(on: int) -> bytes:
    return json.dumps({"label": label(on)}).encode()


def asked(up: Stack, code: str) -> dict[str, Any]:
    """The verdict of one new look-up of a code."""
    (verdict,) = harness.post(up, scan(next(numbers)) | {"label": code})
    return verdict


def until_known(up: Stack, code: str, on: int) -> dict[str, Any]:
    def verdict() -> dict[str, Any] | None:
        found = asked(up, code)
        return found if found["label"] == label(on) else None

    found: dict[str, Any] = harness.until(f"{code} to be known", verdict)
    return found


def restart_gateway(up: Stack) -> None:
    restarts = up.services.restarts("gateway")
    os.kill(up.services.pid("gateway"), signal.SIGKILL)
    harness.until("the gateway to be started again", lambda: up.services.restarts("gateway") > restarts)
    up.services.wait_ready(harness.DEADLINE)


def test_a_code_is_unknown_until_its_alias_comes_and_then_gets_the_labels_verdict(up: Stack) -> None:
    harness.post(up, bind(1, on=1))
    before = asked(up, "NB-0001")
    assert (before["label"], before["decision"], before["violations"][0]["code"]) == (
        "NB-0001", "deny", "UNKNOWN_LABEL",
    )  # fmt: skip
    write(up, ("NB-0001", named(1)))
    after = until_known(up, "NB-0001", on=1)
    assert (after["decision"], after["violations"]) == ("allow", [])
    assert after["condition"] == asked(up, label(1))["condition"]


def test_what_a_code_does_its_cylinder_did_and_kafka_has_one_key(up: Stack) -> None:
    harness.post(up, bind(2, on=2))
    write(up, ("NB-0002", named(2)))
    until_known(up, "NB-0002", on=2)
    over = scan(next(numbers), "fill", on=2, net_kg=16.0)
    (verdict,) = harness.post(up, over | {"label": "https://id.example/8003/NB-0002"})
    assert (verdict["label"], verdict["decision"]) == (label(2), "deny")
    (again,) = harness.post(up, over)
    assert again["duplicate"], "the same scan under the label itself"
    condition = asked(up, label(2))["condition"]
    assert (condition["state"], condition["full"]) == ("in_service", True)
    keys = {
        record.key()
        for record in harness.read_topic(up.settings.broker, topics.SCANS.name)
        if record.key() and json.loads(record.value())["scan_id"] == over["scan_id"]
    }
    assert keys == {label(2).encode()}


def test_a_second_record_for_a_code_changes_nothing_now_or_after_a_restart(up: Stack) -> None:
    write(up, ("NB-0003", named(3)), ("NB-0003", named(4)), ("NB-0004", named(4)))
    until_known(up, "NB-0004", on=4)  # what was written before it has been read by now
    assert asked(up, "NB-0003")["label"] == label(3)
    restart_gateway(up)
    assert asked(up, "NB-0003")["label"] == label(3)


def test_a_gateway_started_after_the_records_resolves_at_its_first_post(up: Stack) -> None:
    # So many that a gateway which were ready before it has read them would be asked too soon.
    for first in range(0, 300_000, 50_000):
        write(up, *((f"NB-M{number:06d}", named(5)) for number in range(first, first + 50_000)))
    write(up, ("NB-LAST", named(6)))
    restart_gateway(up)
    assert asked(up, "NB-LAST")["label"] == label(6)


def test_records_of_others_are_passed_over(up: Stack) -> None:
    write(up, ("NB-0007", b"not JSON"), (b"\xff\xff\xff\xff", named(7)), ("NB-0007", None), ("NB-0007", named(7)))
    until_known(up, "NB-0007", on=7)
    restart_gateway(up)
    assert asked(up, "NB-0007")["label"] == label(7)
    assert httpx.get(f"{up.gateway}/readyz").status_code == 200
