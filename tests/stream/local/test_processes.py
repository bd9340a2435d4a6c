"""Leash and supervisor, with real processes: small Python programs that a test can watch from outside."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stream.local import leash, processes
from stream.local.processes import NotReadyError, Supervisor, free_port, tail

# Serves HTTP on the port given and answers 200, once it has taken its leash.
SERVER = """
import http.server, sys
from stream.local import leash
leash.hold()
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
"""

WAITS = "import signal; signal.pause()"
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)\nwhile 1: signal.pause()"
)


def python(program: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", program, *map(str, arguments)]


def until(condition: Callable[[], object], *, within: float = 20.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.005)


def alive(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return state.strip() != "" and not state.startswith("Z")


def server(supervisor: Supervisor, name: str) -> None:
    port = free_port()
    supervisor.add(name, python(SERVER, port), ready_url=f"http://127.0.0.1:{port}/readyz")


def leashed(*command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", leash.__file__, "--", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_child_is_ready_when_its_url_answers(tmp_path: Path) -> None:
    with Supervisor(tmp_path / "logs") as supervisor:
        server(supervisor, "gateway")
        supervisor.start()
        supervisor.wait_ready(20)
        pid = supervisor.pid("gateway")
        assert alive(pid)
        assert supervisor.restarts("gateway") == 0
    assert not alive(pid)


def test_children_may_be_added_later(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        server(supervisor, "worker")
        supervisor.start()
        supervisor.wait_ready(20)
        first = supervisor.pid("worker")
        server(supervisor, "gateway")
        supervisor.start()
        supervisor.wait_ready(20)
        assert supervisor.pid("worker") == first
        assert supervisor.pid("gateway") != first
        with pytest.raises(ValueError, match="gateway"):
            supervisor.add("gateway", [])


def test_a_killed_child_is_back_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "FIRST_PAUSE_S", 1000.0)  # were there a pause the first time, this would not end
    with Supervisor(tmp_path) as supervisor:
        server(supervisor, "worker")
        supervisor.start()
        supervisor.wait_ready(20)
        killed = supervisor.pid("worker")
        os.kill(killed, signal.SIGKILL)
        until(lambda: supervisor.restarts("worker") == 1)
        supervisor.wait_ready(20)
        assert supervisor.pid("worker") != killed
        assert not alive(killed)


def test_pauses_grow_to_a_bound() -> None:
    pauses = [processes._pause(short_lives) for short_lives in range(8)]
    assert pauses == [0.0, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert processes._pause(10_000) == 5.0


def test_a_child_that_cannot_get_ready_is_given_up_with_the_end_of_its_log(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        program = "import sys; print('no topic named scans'); sys.exit(3)"
        supervisor.add("worker", python(program), ready_url=f"http://127.0.0.1:{free_port()}/readyz")
        supervisor.start()
        with pytest.raises(NotReadyError, match=r"(?s)worker ended \d times .*exit code 3.*no topic named scans"):
            supervisor.wait_ready(60)
    after = tail(tmp_path / "worker.log", lines=1000)
    assert len(after.splitlines()) >= processes.EXITS_BEFORE_GIVING_UP


def test_a_child_that_does_not_answer_is_given_up_in_time(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.add("worker", python(WAITS), ready_url=f"http://127.0.0.1:{free_port()}/readyz")
        supervisor.start()
        with pytest.raises(NotReadyError, match=r"worker was not ready within 0\.2 s"):
            supervisor.wait_ready(0.2)


def test_an_argv_that_cannot_be_run_is_told_at_start(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.add("first", python(WAITS))
        supervisor.add("second", [str(tmp_path / "no-such-program")])
        with pytest.raises(FileNotFoundError):
            supervisor.start()
        pid = supervisor.pid("first")
    assert not alive(pid)


def test_children_end_in_reverse_order(tmp_path: Path) -> None:
    program = """
import pathlib, signal, sys
def note(*_):
    with open(sys.argv[1], "a") as file: file.write(sys.argv[2])
    sys.exit()
signal.signal(signal.SIGTERM, note)
pathlib.Path(sys.argv[1] + sys.argv[2]).touch()
signal.pause()
"""
    order = tmp_path / "order"
    with Supervisor(tmp_path) as supervisor:
        for name in "abc":
            supervisor.add(name, python(program, order, name))
        supervisor.start()
        until(lambda: all((tmp_path / f"order{name}").exists() for name in "abc"))
    assert order.read_text() == "cba"


def test_a_deaf_child_is_killed_after_the_grace(tmp_path: Path) -> None:
    with Supervisor(tmp_path, grace_s=0.1) as supervisor:
        supervisor.add("worker", python(STUBBORN))
        supervisor.start()
        until(lambda: "deaf" in tail(tmp_path / "worker.log"))
        pid = supervisor.pid("worker")
    assert not alive(pid)
    assert supervisor.restarts("worker") == 0


@pytest.mark.parametrize("deaf", [False, True])
def test_children_end_when_the_supervisor_is_killed(tmp_path: Path, *, deaf: bool) -> None:
    child = f"from stream.local import leash; leash.GRACE_S = 0.2; leash.hold()\n{STUBBORN if deaf else WAITS}"
    program = """
import pathlib, signal, sys
from stream.local.processes import Supervisor
supervisor = Supervisor(pathlib.Path(sys.argv[1]))
supervisor.add("worker", [sys.executable, "-c", sys.argv[2]])
supervisor.start()
print(supervisor.pid("worker"), flush=True)
signal.pause()
"""
    with subprocess.Popen(python(program, tmp_path, child), stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        pid = int(supervisor.stdout.readline())
        if deaf:
            until(lambda: "deaf" in tail(tmp_path / "worker.log"))
        assert alive(pid)
        supervisor.kill()
    until(lambda: not alive(pid))


def test_a_leashed_command_is_the_process_started() -> None:
    with leashed(*python("import os, sys; print(os.getpid()); sys.exit(7)")) as process:
        assert process.stdout is not None
        assert int(process.stdout.read()) == process.pid
        assert process.wait(20) == 7


def test_a_signal_reaches_a_leashed_command() -> None:
    with leashed(*python(f"print('up', flush=True); {WAITS}")) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM


def test_a_leashed_command_ends_with_its_pipe() -> None:
    with leashed(*python(f"print('up', flush=True); {WAITS}")) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        process.stdin.close()
        assert process.wait(20) == -signal.SIGTERM


def test_a_deaf_leashed_command_is_killed(tmp_path: Path) -> None:
    impatient = tmp_path / "impatient.py"
    impatient.write_text(Path(leash.__file__).read_text().replace("GRACE_S = 5.0", "GRACE_S = 0.1"))
    command = [sys.executable, "-I", "-S", str(impatient), "--", *python(STUBBORN)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        process.stdin.close()
        assert process.wait(20) == -signal.SIGKILL


def test_a_leashed_command_that_is_not_there() -> None:
    with leashed("/no/such/program") as process:
        assert process.stdout is not None
        assert "/no/such/program" in process.stdout.read()
        assert process.wait(20) == 127


def test_hold_without_a_leash_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(leash.LEASH_FD, raising=False)
    leash.hold()


def test_hold_of_a_descriptor_that_is_not_open_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(leash.LEASH_FD, "987654")
    with pytest.raises(OSError, match="descriptor"):
        leash.hold()
    assert leash.LEASH_FD not in os.environ
