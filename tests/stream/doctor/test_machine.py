"""The doctor on this machine: each look finds what is really there, and really broken."""

import os
import shutil
import socket
from pathlib import Path

import pytest
from prometheus_client import start_http_server

from stream import metrics  # noqa: F401 - what answers as one of ours has our metrics
from stream.doctor import machine
from stream.local.jars import _default_cache
from stream.settings import Settings


def free(settings: dict[str, int]) -> Settings:
    return Settings(clickhouse="clickhouse://127.0.0.1:1/x", **settings)  # type: ignore[arg-type]


def test_the_bundled_java_runs() -> None:
    found = machine.java()
    assert (found.state, found.do) == ("ok", "")
    assert "25." in found.says


@pytest.mark.parametrize("broken", ["gone", "no program", "ends"])
def test_a_java_that_does_not_run_is_a_trouble_with_what_to_do(broken: str, tmp_path: Path) -> None:
    path = tmp_path / "java"
    if broken == "no program":
        path.write_text("")
        path.chmod(0o755)
    elif broken == "ends":
        path = Path("/bin/false")
    found = machine.java(path)
    assert found.state == "trouble"
    assert "make setup" in found.do
    assert "--broker" in found.do


def test_kafkas_files_are_those_of_the_lock() -> None:
    found = machine.kafka_files()
    assert (found.state, found.do) == ("ok", ""), found


def test_a_damaged_file_of_kafka_is_named_and_a_missing_one_counted(tmp_path: Path) -> None:
    kept = next(_default_cache().glob("kafka-*"))
    copy = tmp_path / kept.name
    shutil.copytree(kept, copy, copy_function=os.link)
    gone, cut = sorted(copy.glob("*.jar"))[:2]
    gone.unlink()
    found = machine.kafka_files(tmp_path)
    assert (found.state, found.do.partition(" ")[0]) == ("note", "make")
    assert "1 files" in found.says
    half = cut.read_bytes()[:1000]
    cut.unlink()  # it is a link to the real one
    cut.write_bytes(half)
    found = machine.kafka_files(tmp_path)
    assert found.state == "trouble"
    assert cut.name in found.says
    assert str(copy) in found.do


def test_a_folder_that_is_not_there_yet_has_the_disk_of_the_one_above(tmp_path: Path) -> None:
    assert machine.disk(tmp_path / "a" / "b").state == "ok"


def test_a_disk_with_too_little_room_is_a_trouble(tmp_path: Path) -> None:
    found = machine.disk(tmp_path, least=1 << 60)
    assert found.state == "trouble"
    assert str(tmp_path) in found.says
    assert "data_dir" in found.do


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_a_trouble(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    found = machine.disk(tmp_path / "data")
    assert (found.state, "may not be written" in found.says) == ("trouble", True)


def test_a_port_is_free_taken_by_another_or_by_one_of_us() -> None:
    ours, thread = start_http_server(0, addr="127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as other, socket.create_server(("127.0.0.1", 0)) as soon_free:
        wanted = {
            "gateway_port": other.getsockname()[1],
            "worker_port": ours.server_port,
            "query_port": soon_free.getsockname()[1],
            "sink_port": 0,
        }
        soon_free.close()
        found = {one.check: one for one in machine.ports(free(wanted))}
    ours.shutdown()
    ours.server_close()
    thread.join()
    taken = found[f"port {wanted['gateway_port']}"]
    assert (taken.state, "another program" in taken.says) == ("trouble", True)
    assert "--set gateway_port=N" in taken.do
    assert found[f"port {wanted['worker_port']}"].says == "the worker answers there"
    assert found[f"port {wanted['query_port']}"].says == "free for the query service"
    assert len(found) == 3, "port 0 is any free one"


def test_an_address_that_is_not_ours_is_a_trouble() -> None:
    found = machine.ports(Settings(host="192.0.2.1"))
    assert {one.state for one in found} == {"trouble"}
    assert all("set host" in one.do for one in found)


def test_of_the_clock_it_says_what_the_kernel_says() -> None:
    found = machine.clock()
    assert found.state in ("ok", "note")
    assert found.state == "ok" or found.do
