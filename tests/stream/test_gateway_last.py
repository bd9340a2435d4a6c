"""`GET /v1/devices/{id}/last` on a real gateway: what Kafka acknowledged, after a restart too, and nothing else."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from confluent_kafka import Message

from processors.aliases import Aliases
from stream import topics
from stream.gateway import last
from stream.gateway.admission import Admission
from stream.gateway.answers import Answers
from stream.gateway.last import LastScans
from stream.gateway.log import Log, NotTakenError, Record
from stream.gateway.own import OwnPlaces
from stream.gateway.posted import Posted, take_apart
from stream.gateway.scans import ScanPost
from stream.gateway.tokens import Tokens
from stream.registry_feed import RegistryFeed
from stream.settings import Settings
from stream.up import Stack
from tests.kafka import harness
from tests.stream.scans import PARAMETERS, ROWS, bind, label, registry, scan

pytestmark = pytest.mark.kafka

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OTHERS = [{"kind": "device", "id": f"D-last{n}", "enterprise": "E1", "device_kind": "courier"} for n in range(8)]


@pytest.fixture(scope="module")
def up(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with harness.stack(kafka, tmp_path_factory.mktemp("last"), [*ROWS, *OTHERS]) as running:
        yield running


def ask(up: Stack, device: str) -> httpx.Response:
    return httpx.get(f"{up.gateway}/v1/devices/{device}/last", timeout=10)


def post(up: Stack, *scans: dict[str, Any]) -> None:
    assert httpx.post(f"{up.gateway}/v1/scans", json=list(scans), timeout=20).status_code == 202


def told(one: dict[str, Any]) -> dict[str, Any]:
    """What is told of a scan."""
    return {name: one.get(name) for name in ("device", "scan_id", "time", "received", "label", "type")}


def collect(number: int, device: str, on: int = 1) -> dict[str, Any]:
    return scan(number, "collect", on=on, device=device, customer="C1")


def posted(scans: list[dict[str, Any]]) -> Posted:
    found = take_apart(json.dumps(scans).encode(), "application/json")
    assert isinstance(found, Posted)
    return found


def read_to_end(settings: Settings) -> LastScans:
    """Another gateway's memory, which has acknowledged nothing itself."""
    other = LastScans(settings)
    other.start()
    harness.until("the log to be read", lambda: other.reply("D-none").status == 404)
    return other


@pytest.mark.parametrize("device", ["D-co1", "D-none", "D-%E9%83%A8/1"])
def test_a_device_that_sent_nothing_is_a_404_problem(up: Stack, device: str) -> None:
    harness.until("the log to be read", lambda: ask(up, device).status_code != 503)
    reply = ask(up, device)
    assert (reply.status_code, reply.headers["content-type"]) == (404, "application/problem+json")
    assert "no scan of this device" in reply.json()["detail"]


def test_it_is_the_last_in_order_of_posting_and_says_no_more_than_it_must(up: Stack) -> None:
    scans = [collect(number, "D-last0", on=number) for number in (3, 5, 4)]
    bad = collect(6, "D-last0") | {"type": "no such type"}
    post(up, *scans, collect(7, "D-last1"), bad)
    reply = ask(up, "D-last0")
    assert (reply.status_code, reply.json()) == (200, told(scans[-1]))
    assert ask(up, "D-last1").json()["scan_id"] == "scan-000007"
    post(up, scans[0])
    assert ask(up, "D-last0").json() == told(scans[0]), "a repeat is acknowledged too"


def test_a_label_is_told_as_it_entered_and_a_home_check_has_none(up: Stack) -> None:
    linked = collect(10, "D-last2") | {"label": f"https://id.example/8003/{label(2)}"}
    post(up, linked)
    assert ask(up, "D-last2").json()["label"] == label(2)
    check = scan(11, "home_check", device="D-last2", customer="C1", result="ok")
    check.pop("label")
    post(up, check)
    assert ask(up, "D-last2").json() == told(check)


def test_it_survives_the_gateway_and_another_gateway_knows_it(up: Stack) -> None:
    check = scan(21, "home_check", device="D-last4", customer="C1", result="ok")
    check.pop("label")
    night = [collect(number, "D-last3", on=number) for number in range(2000, 2900)]
    post(up, bind(20), *night, check)
    other = read_to_end(up.settings)
    restarts = up.services.restarts("gateway")
    os.kill(up.services.pid("gateway"), signal.SIGKILL)
    harness.until("the gateway to be started again", lambda: up.services.restarts("gateway") > restarts)

    def answered() -> bool:
        try:
            return ask(up, "D-none").status_code == 404
        except httpx.TransportError:
            return False

    harness.until("the gateway to have read the log back", answered)
    assert [ask(up, device).json() for device in ("D-last3", "D-last4")] == [told(night[-1]), told(check)]
    assert [json.loads(other.reply(device).body) for device in ("D-last3", "D-last4")] == [told(night[-1]), told(check)]
    later = collect(30, "D-last3")
    post(up, later)
    harness.until("the other to hear of it", lambda: json.loads(other.reply("D-last3").body) == told(later))
    other.close()


def test_before_the_log_is_read_it_is_unknown_and_not_absent(up: Stack) -> None:
    post(up, collect(35, "D-last5"))
    starting = LastScans(up.settings)
    for record in harness.read_topic(up.settings.broker, topics.SCANS.name):
        starting._hear([record])  # not read to the end: there may be a later one
    reply = starting.reply("D-last5")
    starting.close()
    assert (reply.status, dict(reply.headers)[b"retry-after"]) == (503, b"1")


def test_what_lies_further_back_is_not_read(up: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    post(up, collect(40, "D-last6"))
    monkeypatch.setattr(last, "READ_BACK", 0)
    other = read_to_end(up.settings)
    assert other.reply("D-last6").status == 404
    other.close()


def test_what_kafka_has_not_acknowledged_is_not_told() -> None:
    nowhere = Settings(broker="127.0.0.1:1", ack_seconds=0.3, insecure_devices=True)
    log, memory = Log(nowhere), LastScans(nowhere)
    admission = Admission(registry(), Aliases(), Tokens("k"), PARAMETERS, trial=True)
    feed, answers = RegistryFeed(nowhere, "test"), Answers(nowhere)
    body = json.dumps(collect(50, "D-co1")).encode()
    reply = asyncio.run(ScanPost(admission, log, answers, feed, memory).handle(body, "application/json", ""))
    assert (reply.status, memory.reply("D-co1").status) == (503, 503)
    for each in (memory, answers, feed, log):
        each.close()


class Written:
    """A record as it is read back; `later` than now, in milliseconds."""

    def __init__(self, offset: int, value: bytes, later: int) -> None:
        self._offset, self._value, self._created = offset, value, time.time_ns() // 1_000_000 + later

    def topic(self) -> str:
        return topics.SCANS.name

    def partition(self) -> int:
        return 3

    def offset(self) -> int:
        return self._offset

    def value(self) -> bytes:
        return self._value

    def timestamp(self) -> tuple[int, int]:
        return 1, self._created

    def key(self) -> bytes:
        return b"a label"

    def error(self) -> None:
        return None


def test_what_comes_back_is_not_taken_for_anothers_and_anothers_is_heard() -> None:
    places = OwnPlaces()
    memory = LastScans(Settings(broker="127.0.0.1:1", insecure_devices=True), places=places)
    gate = Admission(registry(), Aliases(), Tokens("k"), PARAMETERS, trial=True)
    first, second = (gate.admit(posted([collect(number, "D-co1")]), NOW) for number in (60, 61))
    (own,), (others,) = (one.values for one in (first, second))

    def hear(offset: int, value: bytes, later: int) -> str:
        memory._hear([Written(offset, value, later)])  # type: ignore[list-item]
        return str(json.loads(memory.reply("D-co1").body)["scan_id"])

    memory._caught_up.set()
    assert hear(0, own, -5) == "scan-000060", "read before it was acknowledged"
    memory.acknowledged(first)
    assert hear(1, others, -9) == "scan-000060", "another gateway's, from before"
    assert hear(2, others, 1000) == "scan-000061"
    places.add([((topics.SCANS.name, 3), 3)])
    places.learn([(topics.SCANS.name, 3)])
    assert hear(3, own, 1500) == "scan-000061", "its own says nothing new, whenever it was made"
    assert hear(4, own, 2000) == "scan-000060", "the same again, from another gateway and later"
    memory.close()


class Busy(LastScans):
    """The memory of a busy gateway: `meanwhile` is done while the log is not read.

    `read` is what it read, and `taken` what of that it took for others'.
    """

    def __init__(self, settings: Settings, places: OwnPlaces, meanwhile: Callable[[], None]) -> None:
        super().__init__(settings, places=places)
        self.read: list[str] = []
        self.taken: list[str] = []
        self._meanwhile = meanwhile

    def _let_come_together(self) -> None:
        self._meanwhile()

    def _hear(self, messages: list[Message]) -> None:
        self.read += [message.value().decode() for message in messages if message.error() is None]
        super()._hear(messages)

    def _take(self, message: Message) -> None:
        self.taken.append(message.value().decode())
        super()._take(message)


def test_a_busy_gateway_passes_over_its_own_and_hears_every_other(up: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last, "_BUSY_RECORDS", 1)
    places, wanted, rounds = OwnPlaces(), set[str](), list[int]()
    own, others = Log(up.settings, places), Log(up.settings)

    def write(log: Log, name: str) -> set[str]:
        """Home checks, since no gateway's ticks stand between those."""
        checks = [scan(n, "home_check", device=f"D-{name}", customer="C1", result="ok") for n in range(300)]
        values = [json.dumps(check | {"received": check["time"]}) for check in checks]
        asyncio.run(log.append([Record(topics.HOME_CHECKS.name, b"C1", value.encode()) for value in values]))
        return {*values}

    def meanwhile() -> None:
        """Its own, others' behind them, and its own again; once in each of three rounds, however often it looks away."""
        if len(wanted) < 300 * len(rounds):
            write(own, "own")
            wanted.update(write(others, f"other{len(wanted)}"))
            write(own, "own")

    memory = Busy(up.settings, places, meanwhile)
    memory.start()
    harness.until("the log to be read back", memory._caught_up.is_set)
    for number in range(3):
        rounds.append(number)
        write(own, "first")
        harness.until("others to write while it looks away", lambda: len(wanted) == 300 * len(rounds))
        harness.until("it to hear them", lambda: wanted <= {*memory.taken})
    for each in (memory, own, others):
        each.close()
    assert sum('"D-other' in value for value in memory.taken) == len(wanted), "each once"
    assert not [value for value in memory.taken if '"D-own' in value]
    assert sum('"D-own' in value for value in memory.read) <= 900, (
        "those behind the others; those before are passed over"
    )


def test_of_a_request_that_kafka_took_in_part_that_part_is_read(up: Stack) -> None:
    places = OwnPlaces()
    log, memory = Log(up.settings, places), LastScans(up.settings, places=places)
    memory.start()
    record = json.dumps(collect(70, "D-last7") | {"received": "2026-11-20T12:00:00+08:00"}).encode()
    taken, not_taken = (
        Record(topics.SCANS.name, label(1).encode(), record),
        Record(topics.SCANS.name, None, b"{}", partition=99),
    )
    with pytest.raises(NotTakenError):
        asyncio.run(log.append([taken, not_taken]))
    harness.until("it to be heard", lambda: memory.reply("D-last7").status == 200)
    for each in (memory, log):
        each.close()


def test_it_is_asked_with_get_alone(up: Stack) -> None:
    reply = httpx.post(f"{up.gateway}/v1/devices/D-co1/last")
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET")
