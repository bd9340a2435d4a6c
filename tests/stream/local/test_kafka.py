"""The broker of this machine: its jars against the lock, its records over restarts, its end with its starter."""

import fcntl
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from stream.local import kafka, leash
from stream.local.jars import COORDINATES, LOCK, BrokerUnavailableError, jars
from stream.local.kafka import LocalKafka
from stream.local.processes import free_port

COORDINATE = "cn.example:cylinder:1.0"
CONTENT = b"the bytes of a jar"


def until(condition: Callable[[], object], *, within: float = 30.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return state.strip() != "" and not state.startswith("Z")


def members(group: int) -> list[str]:
    """Processes of a process group that have not ended."""
    rows = subprocess.run(["ps", "-A", "-o", "pgid=,stat="], capture_output=True, text=True, check=True).stdout
    return [row for row in rows.splitlines() if row.split()[0] == str(group) and not row.split()[1].startswith("Z")]


def produce(bootstrap: str, topic: str, values: list[bytes]) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "log_level": 0})
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(30) == 0


def consume(bootstrap: str, topic: str, count: int) -> list[bytes | None]:
    reader = {"group.id": "reader", "auto.offset.reset": "earliest", "log_level": 0}
    consumer = Consumer({"bootstrap.servers": bootstrap, **reader})
    consumer.subscribe([topic])
    read: list[bytes | None] = []
    deadline = time.monotonic() + 30
    while len(read) < count:
        assert time.monotonic() < deadline, f"{len(read)} of {count} records in time"
        read.extend(message.value() for message in consumer.consume(count, 0.1))
    consumer.close()
    return read


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "kafka.lock"
    path.write_text(f"# a comment\n{COORDINATE} {len(CONTENT)} {hashlib.sha256(CONTENT).hexdigest()}\n")
    return path


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[bytes | Exception]:
    """What the repository of jars answers, one after the other, in place of the real one."""
    answers: list[bytes | Exception] = []

    def download(coordinate: str, into: Path) -> Path:
        assert coordinate == COORDINATE
        path = into / "some.jar"
        path.write_bytes(b"half of")
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        path.write_bytes(answer)
        return path

    monkeypatch.setattr("stream.local.jars._download", download)
    return answers


def test_jars_are_fetched_once(
    tmp_path: Path, lock: Path, served: list[bytes | Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    served.append(CONTENT)
    first = jars(tmp_path, lock=lock)
    assert [path.name for path in first] == ["cylinder-1.0.jar"]
    assert first[0].read_bytes() == CONTENT
    assert "Fetching Apache Kafka" in capsys.readouterr().err
    assert jars(tmp_path, lock=lock) == first  # nothing more is served: a second download would fail
    assert capsys.readouterr().err == ""
    assert list(first[0].parent.iterdir()) == first


def test_an_interrupted_download_is_tried_again(
    tmp_path: Path, lock: Path, served: list[bytes | Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    served += [ConnectionResetError(), RuntimeError("not found"), CONTENT]
    assert jars(tmp_path, lock=lock, progress=False)[0].read_bytes() == CONTENT
    assert capsys.readouterr().err == ""


def test_a_repository_out_of_reach_is_told_in_one_line(
    tmp_path: Path, lock: Path, served: list[bytes | Exception]
) -> None:
    served += [ConnectionError(f"attempt {number}\nof many lines") for number in range(3)]
    with pytest.raises(
        BrokerUnavailableError, match=r"^cn\.example:cylinder:1\.0 could not .* --broker HOST:PORT$"
    ) as told:
        jars(tmp_path, lock=lock)
    assert "\n" not in str(told.value)
    assert list((tmp_path / "kafka-4.3.1").iterdir()) == []


@pytest.mark.parametrize("forged", [b"the BYTES of a jar", b"", CONTENT + b" and more"])
def test_a_jar_that_is_not_the_one_in_the_lock_is_not_used(
    tmp_path: Path, lock: Path, served: list[bytes | Exception], forged: bytes
) -> None:
    served += [forged, CONTENT]
    with pytest.raises(BrokerUnavailableError, match=r"^what was fetched as cn\.example:cylinder:1\.0 is not"):
        jars(tmp_path, lock=lock)
    (kept,) = jars(tmp_path, lock=lock)
    kept.write_bytes(forged)
    with pytest.raises(
        BrokerUnavailableError, match=r"cylinder-1\.0\.jar is not cn\.example:cylinder:1\.0 as kafka\.lock"
    ) as told:
        jars(tmp_path, lock=lock)
    assert "\n" not in str(told.value)


def test_without_a_network_and_without_jars(tmp_path: Path) -> None:
    """The real way to the repository, from an empty home, through a proxy nobody answers at."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # bound and not listening: refused at once
        nowhere = f"http://127.0.0.1:{silent.getsockname()[1]}"
        bare = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        env = {**bare, "HOME": str(tmp_path), "XDG_CACHE_HOME": "", "HTTPS_PROXY": nowhere, "HTTP_PROXY": nowhere}
        program = """
from stream.local.jars import BrokerUnavailableError, jars
try: jars()
except BrokerUnavailableError as error: print(error)
"""
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=60)
    (line,) = done.stdout.splitlines()
    assert "could not be fetched" in line
    assert "--broker HOST:PORT" in line
    assert "Traceback" not in done.stderr


def test_the_lock_names_every_coordinate_asked_for() -> None:
    rows = [line.split() for line in LOCK.read_text().splitlines() if not line.startswith("#")]
    assert {coordinate for coordinate, _, _ in rows} >= set(COORDINATES)
    assert all(int(size) > 0 and len(sha256) == 64 for _, size, sha256 in rows)


@pytest.fixture
def no_jars(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that must be told no before any jar is needed."""
    monkeypatch.setattr(kafka, "jars", lambda *_, **__: [])


@pytest.mark.usefixtures("no_jars")
def test_a_fixed_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(BrokerUnavailableError, match=f"^port {port} of this machine is taken"):
            LocalKafka(tmp_path, port=port).start()


@pytest.mark.usefixtures("no_jars")
def test_a_data_directory_in_use_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leash, "GRACE_S", 0.0)
    with (tmp_path / "lock").open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(BrokerUnavailableError, match=r"^another broker runs in "):
            LocalKafka(tmp_path).start()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[LocalKafka]:
    broker = LocalKafka(tmp_path / "城市 data")
    yield broker
    broker.stop()


@pytest.mark.kafka
def test_a_data_directory_has_one_broker(broker: LocalKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leash, "GRACE_S", 0.0)
    broker.start()
    with pytest.raises(RuntimeError, match="running already"):
        broker.start()
    with pytest.raises(BrokerUnavailableError, match=r"^another broker runs in "):
        LocalKafka(tmp_path / "城市 data").start()


@pytest.mark.kafka
@pytest.mark.slow
def test_records_survive_restarts(broker: LocalKafka, tmp_path: Path) -> None:
    broker.start()
    admin = AdminClient({"bootstrap.servers": broker.bootstrap, "log_level": 0})
    cluster = admin.list_topics(timeout=10).cluster_id
    admin.create_topics([NewTopic("scans", 2, 1)])["scans"].result(30)
    produce(broker.bootstrap, "scans", [b"%d" % number for number in range(100)])
    first_port, first_pid = broker.port, broker.pid
    broker.kill()
    assert broker.pid is None
    broker.start()
    assert (broker.port, broker.pid != first_pid) == (first_port, True)
    produce(broker.bootstrap, "scans", [b"%d" % number for number in range(100, 150)])
    broker.stop()

    with LocalKafka(tmp_path / "城市 data") as again:
        assert again.port != first_port
        admin = AdminClient({"bootstrap.servers": again.bootstrap, "log_level": 0})
        assert admin.list_topics(timeout=10).cluster_id == cluster
        read = consume(again.bootstrap, "scans", 150)
        assert sorted(read, key=lambda value: int(value or b"")) == [b"%d" % number for number in range(150)]
        assert admin.list_topics("never-created", timeout=10).topics["never-created"].error is not None


@pytest.mark.kafka
def test_the_broker_ends_with_a_starter_that_is_killed(tmp_path: Path) -> None:
    program = """
import pathlib, signal, sys
from stream.local.kafka import LocalKafka
broker = LocalKafka(pathlib.Path(sys.argv[1]))
broker.start()
print(broker.pid, flush=True)
signal.pause()
"""
    command = [sys.executable, "-c", program, str(tmp_path / "data")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        assert alive(pid)
        assert len(members(pid)) == 2  # Java, and the watcher of the leash
        starter.kill()
    until(lambda: members(pid) == [])
    with LocalKafka(tmp_path / "data") as broker:
        assert broker.pid not in {None, pid}


@pytest.mark.kafka
def test_a_port_lost_before_it_was_bound_is_replaced(broker: LocalKafka, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        lost = other.getsockname()[1]
        choices = iter([lost])
        monkeypatch.setattr(kafka, "free_port", lambda: next(choices, None) or free_port())
        broker.start()
        assert broker.port != lost
        assert next(choices, None) is None


@pytest.mark.kafka
def test_a_broker_that_dies_while_starting_says_why(broker: LocalKafka) -> None:
    properties = broker.log_path.parent / "log" / "meta.properties"
    properties.parent.mkdir(parents=True)
    properties.write_text("version=1\nnode.id=7\ncluster.id=abcdefghijklmnopqrstuw\n")
    with pytest.raises(BrokerUnavailableError, match=r"(?s)^the broker ended .*exit code 1.*Stored node id 7"):
        broker.start()
    assert broker.pid is None


@pytest.mark.kafka
def test_a_broker_that_does_not_answer_is_not_left_behind(broker: LocalKafka, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    launch = LocalKafka._launch

    def remember(self: LocalKafka, kafka: Sequence[Path], lock: int) -> subprocess.Popen[bytes]:
        started.append(launch(self, kafka, lock))
        return started[-1]

    monkeypatch.setattr(LocalKafka, "_launch", remember)
    with pytest.raises(BrokerUnavailableError, match=r"^the broker did not answer in time; its log is .*broker\.log"):
        broker.start(timeout=0.01)
    (process,) = started
    assert process.returncode == -signal.SIGKILL
    until(lambda: members(process.pid) == [])
