"""The real stack under test: started as `pingliu up` starts it, read back from Kafka and ClickHouse as others would."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from confluent_kafka import TopicPartition

from processors.intake import read
from processors.model import Reject, Retired, Tick
from processors.registry import parse_row
from processors.replay import Replay
from processors.times import instant
from stream import kafka, registry_load, topics
from stream.local.processes import free_port
from stream.settings import Settings
from stream.up import Stack, running
from tests.stream.scans import PARAMETERS, ROWS

DEADLINE = 60.0  # seconds: how long a condition may take before the test says what it waited for
Rows = list[dict[str, Any]]


def settings(broker: str, home: Path, **changes: Any) -> Settings:
    """Settings of a stack of its own: free ports, its own directory, four partitions."""
    ports = {name: free_port() for name in ("gateway_port", "query_port", "worker_port", "sink_port")}
    return Settings(
        broker=broker, data_dir=home, clickhouse=f"chdb:///{home / 'archive'}", insecure_devices=True, partitions=4,
        **(ports | changes),
    )  # fmt: skip


@contextmanager
def stack(broker: str, home: Path, rows: Rows = ROWS, **changes: Any) -> Iterator[Stack]:
    """The whole stack with the test city's registry loaded, or another."""
    home.mkdir(parents=True, exist_ok=True)
    lines = home / "registry.jsonl"
    lines.write_text("\n".join(json.dumps(row) for row in rows))
    with running(settings(broker, home, **changes), _quiet, lambda own: _quiet(registry_load.load(own, lines))) as up:
        yield up


def until(what: str, condition: Callable[[], Any], seconds: float = DEADLINE) -> Any:
    """Wait for a condition and return what it gave; fails naming it when it does not come true."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        pause.wait(0.05)
    return found


def post(up: Stack, scans: Any, wait: int = 20) -> list[dict[str, Any]]:
    """Post and get the verdicts."""
    reply = httpx.post(f"{up.gateway}/v1/scans", json=scans, headers={"Prefer": f"wait={wait}"}, timeout=wait + 10)
    assert reply.status_code == 200, reply.text
    verdicts: list[dict[str, Any]] = reply.json()["verdicts"]
    return verdicts


def post_until_taken(up: Stack, scans: list[dict[str, Any]]) -> None:
    """Post as a device does: again and again until it is acknowledged."""

    def taken() -> bool:
        try:
            reply = httpx.post(f"{up.gateway}/v1/scans", json=scans, timeout=15)
        except httpx.TransportError:
            return False
        assert reply.status_code in (202, 503), reply.text
        return reply.status_code == 202

    until(f"scan {scans[0]['scan_id']} to be taken", taken)


def read_topic(broker: str, topic: str) -> list[Any]:
    """Every record of a topic, in order of partition and offset."""
    consumer = kafka.follower(Settings(broker=broker), "test")
    try:
        partitions = kafka.partitions_of(consumer, topic)
        consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
        records, ended = [], set()
        while len(ended) < len(partitions):
            for message in kafka.arrived(consumer, 1.0):
                if kafka.at_end(message):
                    ended.add(message.partition())
                elif message.error() is None:
                    records.append(message)
        return sorted(records, key=lambda record: (record.partition(), record.offset()))
    finally:
        consumer.close()


def verdicts(broker: str) -> dict[tuple[int, int], Any]:
    """What the bus says of each (partition, offset) of `scans`; a run told again must say the same."""
    learnt: dict[tuple[int, int], Any] = {}
    for record in read_topic(broker, topics.VERDICTS.name):
        run = json.loads(record.value())
        listed = {one["offset"]: one for one in run["verdicts"] if "revision" not in one}
        for offset in range(run["from"], run["to"] + 1):
            said = {name: value for name, value in listed.get(offset, {}).items() if name != "offset"}
            place = (record.partition(), offset)
            assert learnt.setdefault(place, said) == said, f"{place} was told twice and differently"
    return learnt


def revisions(broker: str) -> dict[tuple[str, int], Any]:
    """What the bus says anew, by scan_id and number of the revision; one told again must say the same."""
    learnt: dict[tuple[str, int], Any] = {}
    for record in read_topic(broker, topics.VERDICTS.name):
        for one in json.loads(record.value())["verdicts"]:
            if "revision" in one:
                said = {name: value for name, value in one.items() if name not in ("offset", "revision", "judged_at")}
                place = one["scan_id"], one["revision"]
                assert learnt.setdefault(place, said) == said, f"{place} was told twice and differently"
    return learnt


def alerts(broker: str) -> list[dict[str, Any]]:
    """Every alert record of every authority, as often as it was told."""
    return [json.loads(record.value()) for topic in topics.ALERTS.values() for record in read_topic(broker, topic.name)]


def standing_alerts(broker: str) -> dict[str, Any]:
    """By alert_id the last record, of all authorities together."""
    return {alert["alert_id"]: alert for alert in alerts(broker)}


def assert_as_judge_says(broker: str, rows: Rows = ROWS) -> int:
    """Every scan has the verdict, and every alert stands, that one run of `judge` over the log gives; how many scans.

    So does every revision of a verdict.

    The log is read in order of arrival and its ticks are the clock. A `retired` record is what the replay does by itself.
    """
    told, count, wanted, revised = verdicts(broker), 0, {}, {}
    replay = Replay([parse_row(json.dumps(row).encode()) for row in rows], PARAMETERS)  # type: ignore[misc] # they are right
    for record in _by_arrival(read_topic(broker, topics.SCANS.name)):
        found = read(record.value())
        assert not isinstance(found, Reject), found
        if isinstance(found, Retired):
            continue
        if isinstance(found, Tick):
            fell_due = replay.advance(instant(found.received))
            answers = [json.loads(fell_due.line())] if fell_due else []
        else:
            answers = [json.loads(one.line()) for one in replay.take(record.value())]
            count += 1
            for answer in answers:
                if answer.get("type") == "revision":
                    verdict = answer["verdict"]
                    revised[verdict["scan_id"], answer["revision"]] = verdict | {"judged_at": ""}
                elif answer.get("type") != "timer":
                    _assert_same(told[record.partition(), record.offset()], answer)
        wanted |= {alert["alert_id"]: alert for answer in answers for alert in answer.get("alerts", [])}
    assert {key: one | {"judged_at": ""} for key, one in revisions(broker).items()} == revised
    standing = standing_alerts(broker)
    assert {key: one | {"raised_at": ""} for key, one in standing.items()} == {
        key: one | {"raised_at": ""} for key, one in wanted.items()
    }
    return count


def _by_arrival(log: list[Any]) -> list[Any]:
    """All partitions in one order: that of their records' own times, but never against the order of a partition.

    Two gateways stamp their records each for itself, so that within a partition the times may run back a little.
    """
    latest: dict[int, int] = {}
    placed = []
    for record in log:  # by partition and offset
        partition = record.partition()
        latest[partition] = max(latest.get(partition, 0), record.timestamp()[1])
        placed.append(((latest[partition], partition, record.offset()), record))
    return [record for _, record in sorted(placed, key=lambda one: one[0])]


def _assert_same(said: dict[str, Any], answer: dict[str, Any]) -> None:
    """The bus says of a scan what `judge` answers: to the letter, or nothing where there is nothing to say."""
    if said:
        wanted = {name: one for name, one in answer.items() if name not in ("alerts", "judged_at")}
        assert json.dumps(said) == json.dumps(wanted)  # the order of fields too
    else:
        assert (answer["decision"], answer["violations"], answer["late"]) == ("allow", [], False), answer
        assert "duplicate" not in answer


def archived(up: Stack, label: str) -> list[dict[str, Any]]:
    """The rows ClickHouse has of one label, as the query service gives them."""
    found: list[dict[str, Any]] = []
    reply = httpx.get(f"{up.query}/v1/cylinders/{label}/history", params={"limit": 1000}, timeout=10)
    if reply.status_code == 200:
        found = reply.json()["scans"]
    return found


def _quiet(_: object) -> None:
    """The progress of a start, which no test wants to read."""
