"""What is configured beyond this machine: Kafka and its topics, ClickHouse, how far their clocks are from ours, settings."""

import logging
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from clickhouse_connect.driver.exceptions import Error as ClickHouseError
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ClusterMetadata, OffsetSpec

from stream import kafka, topics
from stream.doctor.finding import Finding, first_line, note, ok, root_of, trouble
from stream.settings import Settings

Connect = Callable[[str], Any]

_ANSWER_SECONDS: Final = 5.0
_FAR_SECONDS: Final = 60.0  # well below the five minutes after which scans are rejected


def broker(settings: Settings) -> list[Finding]:
    """Kafka answers, has our topics, and its newest scans are not from the future."""
    client = AdminClient(kafka.common(settings) | {"log_level": 0, "error_cb": lambda _: None})
    try:
        found = client.list_topics(timeout=_ANSWER_SECONDS)
    except KafkaException:
        return [_no_broker(settings)]
    findings = [_cluster(settings, found), _topics(settings, found)]
    if topics.SCANS.name in found.topics:
        findings += _ahead(client, settings)
    return findings


def _no_broker(settings: Settings) -> Finding:
    taken = [server for server in settings.broker.split(",") if _listens(server)]
    if taken:
        says = f"{', '.join(taken)} takes connections and does not answer as Kafka"
        return trouble("broker", says, "name the port of its PLAINTEXT listener: --broker HOST:PORT")
    if "broker" not in settings.model_fields_set:
        return note(
            "broker", f"no Kafka at {settings.broker}", "pingliu up starts one; or name yours: --broker HOST:PORT"
        )
    return trouble(
        "broker", f"Kafka at {settings.broker} does not answer", "start it, or name another: --broker HOST:PORT"
    )


def _listens(server: str) -> bool:
    host, _, port = server.strip().rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=_ANSWER_SECONDS):
            return True
    except (OSError, ValueError):
        return False


def _cluster(settings: Settings, found: ClusterMetadata) -> Finding:
    leaderless = [
        f"{name}/{partition.id}"
        for name, topic in found.topics.items()
        for partition in topic.partitions.values()
        if partition.leader == -1
    ]
    if leaderless:
        says = f"{len(leaderless)} partitions have no leader: {', '.join(leaderless[:3])}"
        return trouble("broker", says, "bring the brokers that hold them back")
    count = len(found.brokers)
    return ok("broker", f"Kafka at {settings.broker}, {count} broker{'s' if count > 1 else ''}")


def _topics(settings: Settings, found: ClusterMetadata) -> Finding:
    missing = [topic.name for topic in topics.ALL if topic.name not in found.topics]
    if missing:
        says = f"{len(missing)} of {len(topics.ALL)} topics are missing: {', '.join(missing[:3])}"
        return trouble("topics", says, f"pingliu topics --broker {settings.broker}")
    scans = found.topics[topics.SCANS.name].partitions.values()
    copies = min(len(partition.replicas) for partition in scans)
    if copies == 1 and len(found.brokers) > 1:
        return note(
            "topics",
            "one copy of each record: a lost disk loses scans",
            "pingliu topics --replication 3, on new topics",
        )
    return ok(
        "topics",
        f"all {len(topics.ALL)}, scans in {len(scans)} partitions, {copies} {'copy' if copies == 1 else 'copies'}",
    )


def _ahead(client: AdminClient, settings: Settings) -> list[Finding]:
    """The gateway's clock by the newest record of `scans`: it writes two ticks a second."""
    asked = {TopicPartition(topics.SCANS.name, 0): OffsetSpec.max_timestamp()}
    try:
        newest = client.list_offsets(asked, request_timeout=_ANSWER_SECONDS)
        stamp = next(iter(newest.values())).result(_ANSWER_SECONDS).timestamp
    except (KafkaException, TimeoutError):
        return []
    ahead = stamp / 1000 - time.time()
    if stamp > 0 and ahead > _FAR_SECONDS:
        says = f"the newest scan in Kafka at {settings.broker} is {ahead:.0f} s ahead of the clock of this machine"
        return [trouble("clock of scans", says, "set both clocks by NTP: a scan over 5 minutes ahead is rejected")]
    return []


def archive(settings: Settings, connect: Connect) -> list[Finding]:
    """ClickHouse answers and its clock is ours, or chDB is installed: it has one owner, and is not opened here."""
    if settings.clickhouse.startswith("chdb:"):
        return [_embedded()]
    try:
        server = _named(settings.clickhouse)
    except ValueError as error:
        return [
            trouble(
                "clickhouse", f"that is no address: {error}", "see --clickhouse: clickhouse://USER:PASS@HOST:PORT/DB"
            )
        ]
    logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)  # what it logs is said below
    try:
        began = time.time()
        client = connect(settings.clickhouse)
        try:
            ((version, now, tables),) = client.query(
                "SELECT version(), toUnixTimestamp64Milli(now64(3)) / 1000, (SELECT count() FROM system.tables "
                "WHERE database = currentDatabase() AND name IN ('scans', 'alerts', 'positions'))"
            ).result_rows
        finally:
            client.close()
    except (ClickHouseError, OSError, ValueError) as error:
        says = f"{server} does not answer: {root_of(error)}"
        return [trouble("clickhouse", says, "start it, or see host, port, user and password of --clickhouse")]
    findings = [
        ok("clickhouse", f"{version} at {server}, our tables are there")
        if tables == 3
        else note(
            "clickhouse", f"{version} at {server}, no tables of ours yet", "pingliu sink makes them when it starts"
        )
    ]
    away = now - (began + time.time()) / 2
    if abs(away) > _FAR_SECONDS:
        says = f"{server} is {abs(away):.0f} s {'ahead of' if away > 0 else 'behind'} this machine"
        findings.append(trouble("clock of clickhouse", says, "set both clocks by NTP"))
    return findings


def _embedded() -> Finding:
    try:
        import chdb  # noqa: PLC0415 - takes half a second
    except ImportError as error:
        return trouble("clickhouse", f"chDB cannot be loaded: {first_line(error)}", "rm -rf .venv && make setup")
    return ok("clickhouse", f"chDB {'.'.join(map(str, chdb.chdb_version))}, embedded in the sink: for one machine")


def _named(dsn: str) -> str:
    """A DSN without its user and password."""
    parts = urlsplit(dsn)
    return f"{parts.hostname}:{parts.port or '(default port)'}{parts.path}"


def settings_in_force(settings: Settings, file: Path) -> Finding:
    """Which settings are still those of a trial."""
    trial = [
        name
        for name, found in (
            ("token_key", "token_key" not in settings.model_fields_set),
            ("label_host", settings.label_host.endswith(".example")),
            ("hotline", "hotline" not in settings.model_fields_set),
            ("public_device", not settings.public_device),
            ("insecure_devices", settings.insecure_devices),
            ("simulated_time", settings.simulated_time),
        )
        if found
    ]
    where = f"{file} and the environment" if file.exists() else f"the environment (there is no {file} here)"
    if trial:
        return note("settings", f"as in a trial: {', '.join(trial)}", "set your own (docs/settings.md)")
    return ok("settings", f"from {where}")
