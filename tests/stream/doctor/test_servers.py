"""The doctor and what is configured: a real Kafka without topics and with them, an archive that is not there."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from sinks.connection import connect_reader
from stream import kafka, topics
from stream.doctor import servers
from stream.doctor.finding import Finding
from stream.settings import Settings
from stream.terminal import Exit

ROOT = Path(__file__).parents[3]


def one(findings: list[Finding]) -> Finding:
    (found,) = findings
    return found


def test_no_broker_is_a_trouble_where_one_was_named_and_else_a_note() -> None:
    named = one(servers.broker(Settings(broker="127.0.0.1:1")))
    assert (named.state, "127.0.0.1:1" in named.says, "--broker" in named.do) == ("trouble", True, True)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        found = one(servers.broker(Settings(broker=address)))
    assert found.state == "trouble"
    assert "does not answer as Kafka" in found.says


def test_nobody_listening_at_the_default_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", 9092)) == 0:
            pytest.skip("a Kafka runs at the default address of this machine")
    found = one(servers.broker(Settings()))
    assert (found.state, "pingliu up" in found.do) == ("note", True)


@pytest.mark.kafka
def test_topics_that_are_missing_are_counted_and_made(kafka: str) -> None:
    settings = Settings(broker=kafka, partitions=2)
    answers, missing = servers.broker(settings)
    assert answers.state == "ok"
    assert (missing.state, missing.do) == ("trouble", f"pingliu topics --broker {kafka}")
    assert f"{len(topics.ALL)} of {len(topics.ALL)}" in missing.says
    _make(settings)
    answers, there = servers.broker(settings)
    assert there.says == f"all {len(topics.ALL)}, scans in 2 partitions, 1 copy"


@pytest.mark.kafka
def test_a_scan_from_the_future_tells_of_a_wrong_clock(kafka: str) -> None:
    settings = Settings(broker=kafka, partitions=2)
    _make(settings)
    _write(settings, time.time() - 3600)
    assert [found.state for found in servers.broker(settings)] == ["ok", "ok"]
    _write(settings, time.time() + 3600)
    *_, ahead = servers.broker(settings)
    assert (ahead.check, ahead.state) == ("clock of scans", "trouble")
    assert 3500 < int(ahead.says.split(" s ahead")[0].rsplit(" ", 1)[1]) <= 3600


def _make(settings: Settings) -> None:
    kafka.make_topics(settings)
    admin = AdminClient(kafka.common(settings))
    while len(admin.list_topics(timeout=10).topics.keys() & {topic.name for topic in topics.ALL}) < len(topics.ALL):
        pass  # a broker answers before it knows all that it made


def _write(settings: Settings, stamp: float) -> None:
    producer = kafka.producer(settings)
    producer.produce(topics.SCANS.name, value=b"{}", partition=0, timestamp=int(stamp * 1000))
    assert producer.flush(30) == 0


def test_an_archive_that_is_not_there_is_named_without_its_password() -> None:
    found = one(servers.archive(Settings(clickhouse="clickhouse://city:secret@127.0.0.1:1/gas"), connect_reader))
    assert found.state == "trouble"
    assert found.says == "127.0.0.1:1/gas does not answer: Connection refused"
    assert "secret" not in found.says + found.do


def test_an_archive_whose_address_is_none_is_a_trouble_and_no_traceback() -> None:
    found = one(servers.archive(Settings(clickhouse="clickhouse://city:secret@127.0.0.1:port/gas"), connect_reader))
    assert (found.state, "'port'" in found.says, "secret" in found.says) == ("trouble", True, False)


def test_the_embedded_archive_is_there_and_not_opened(tmp_path: Path) -> None:
    found = one(servers.archive(Settings(clickhouse=f"chdb:///{tmp_path}/archive"), connect_reader))
    assert (found.state, "chDB 4." in found.says) == ("ok", True)
    assert not (tmp_path / "archive").exists()


def test_settings_of_a_trial_are_noted_by_name(tmp_path: Path) -> None:
    trial = servers.settings_in_force(Settings(), tmp_path / "pingliu.toml")
    assert trial.says == "as in a trial: token_key, label_host, hotline, public_device"
    own = Settings(token_key="k", label_host="id.gas.test", hotline="12345678", public_device="D-1")  # type: ignore[arg-type]
    assert servers.settings_in_force(own, tmp_path / "pingliu.toml").state == "ok"


@pytest.mark.parametrize("as_json", [False, True])
def test_the_round_is_told_a_line_each_and_a_trouble_is_an_exit_code(as_json: bool, tmp_path: Path) -> None:
    # In a process of its own, whose every word is the doctor's: clients of other tests have something to say in ours.
    free = {f"PINGLIU_{name}_PORT": "0" for name in ("GATEWAY", "QUERY", "WORKER", "SINK")}
    environment = os.environ | free | {"PYTHONPATH": str(ROOT)}
    command = [
        sys.executable,
        "-m",
        "stream.cli",
        "doctor",
        "--broker",
        "127.0.0.1:1",
        *(["--json"] if as_json else []),
    ]
    told = subprocess.run(command, capture_output=True, check=False, timeout=120, cwd=tmp_path, env=environment)
    assert (told.returncode, told.stderr) == (Exit.NO, b"")
    lines = told.stdout.splitlines()
    if as_json:
        found = {line["check"]: line for line in map(json.loads, lines)}
        assert found["broker"]["state"] == "trouble"
        assert found["java"] == {"check": "java", "state": "ok", "says": found["java"]["says"], "do": ""}
    else:
        assert [line[:3] for line in lines if line[5:].startswith(b"broker")] == [b"BAD"]
        assert lines[-1] == b"1 trouble"
