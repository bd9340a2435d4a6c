"""Manners on a real terminal and in a pipe: colours, bars, an end in the middle, completion."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from stream.terminal import Exit
from tests.stream.scans import ROWS

PINGLIU = [sys.executable, "-m", "stream.cli"]
ROOT = Path(__file__).parents[2]
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
MOVES = re.compile(r"\x1b\[[0-9;]*[A-KJ]")  # what draws a bar: the cursor goes up, a line is cleared
SCRAPPED_CODE = "0690123456789200047A2Z"


def environment(**more: str) -> dict[str, str]:
    """No colour is forced or forbidden, whatever this process was started with."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "TERM")}
    return kept | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)} | more


def on_a_terminal(*arguments: str, cwd: Path, **more: str) -> tuple[int, str]:
    """The exit code and all that is shown, stdout and stderr on a terminal of their own."""
    ours, theirs = pty.openpty()
    shown = b""
    with subprocess.Popen(
        [*PINGLIU, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd, env=environment(**more)
    ) as process:
        os.close(theirs)
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:  # how Linux says that nobody has the other end any more
            pass
        code = process.wait(60)
    os.close(ours)
    return code, shown.decode()


def in_a_pipe(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PINGLIU, *arguments], capture_output=True, text=True, cwd=cwd, env=environment(**more), check=False
    )


def test_colours_are_for_a_terminal_alone(tmp_path: Path) -> None:
    check = ("labels", "check", SCRAPPED_CODE)
    code, shown = on_a_terminal(*check, cwd=tmp_path)
    assert COLOUR.search(shown)
    assert code == Exit.NO
    for plain in (
        on_a_terminal(*check, cwd=tmp_path, NO_COLOR="1")[1],
        on_a_terminal(*check, cwd=tmp_path, TERM="dumb")[1],
        in_a_pipe(*check, cwd=tmp_path).stdout,
    ):
        assert "check character" in plain
        assert "\x1b" not in plain


def test_the_red_of_an_error_too(tmp_path: Path) -> None:
    wrong = ("judge", "--registry", "nowhere.jsonl", "-")
    assert COLOUR.search(on_a_terminal(*wrong, cwd=tmp_path)[1])
    piped = in_a_pipe(*wrong, cwd=tmp_path)
    assert (piped.returncode, piped.stdout, piped.stderr) == (
        Exit.WRONG, "", "pingliu: nowhere.jsonl: No such file or directory\n",
    )  # fmt: skip


def big_registry(file: Path) -> Path:
    """Of 9 MB, and wrong at its end: it is read through and refused, with no Kafka."""
    row = json.dumps(ROWS[0] | {"name": "甬" * 200}).encode() + b"\n"
    file.write_bytes(row * (9_000_000 // len(row)) + b"{}\n")
    return file


@pytest.mark.parametrize(
    ("command", "doing"),
    [
        (("registry", "load", "registry.jsonl"), "checking"),
        (("labels", "print", "--type", "690123456789", "--from", "A000", "--count", "400"), "drawing"),
    ],
    ids=["registry load", "labels print"],
)
def test_long_work_has_a_bar_on_a_terminal_and_none_in_a_pipe(
    command: tuple[str, ...], doing: str, tmp_path: Path
) -> None:
    big_registry(tmp_path / "registry.jsonl")
    shown = on_a_terminal(*command, cwd=tmp_path)[1]
    assert doing in shown
    assert MOVES.search(shown)
    piped = in_a_pipe(*command, cwd=tmp_path)
    assert doing not in piped.stdout + piped.stderr
    assert "\x1b" not in piped.stdout + piped.stderr


@pytest.mark.parametrize("command", ["rules", "rules --json"])
def test_a_reader_that_has_seen_enough_is_no_error(command: str, tmp_path: Path) -> None:
    with subprocess.Popen(
        [*PINGLIU, *command.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()
        code = process.wait(60)
    assert (code, told) == (Exit.DONE, b"")


def test_ctrl_c_is_an_exit_code_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "registry.jsonl").write_text("")
    with subprocess.Popen(
        [*PINGLIU, "judge", "--registry", "registry.jsonl", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env=environment(),
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"{}\n")  # a reject, answered at once: now it waits for more
        process.stdin.flush()
        assert b"rejected" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
        assert (process.returncode, told) == (Exit.STOPPED, b"")


def test_the_query_service_that_is_not_there_is_a_line_with_what_to_do(tmp_path: Path) -> None:
    piped = in_a_pipe("trace", "--query", "http://127.0.0.1:1", "NB-0001", cwd=tmp_path)
    assert (piped.returncode, piped.stdout, piped.stderr.count("\n")) == (Exit.AWAY, "", 1)
    for part in ("http://127.0.0.1:1", "Connection refused", "pingliu up", "--query"):
        assert part in piped.stderr


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("pingliu doc", "doctor"),
        ("pingliu rules show OVER", "OVERFILL"),
        ("pingliu alerts tail --authority fire", "fire-rescue"),
        ("pingliu worker --set gateway_p", "gateway_port="),
    ],
)
def test_bash_completes_what_is_typed(typed: str, offered: str, tmp_path: Path) -> None:
    words = typed.split()
    shell = (
        'eval "$(pingliu --show-completion bash)"\n'
        f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}\n"
        '_pingliu_completion pingliu; printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash", "-c", shell], capture_output=True, text=True, check=True, cwd=tmp_path,
        env=environment(PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}"),
    )  # fmt: skip
    assert offered in done.stdout.splitlines()


def test_a_service_that_cannot_serve_ends_with_an_exit_code(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = f"sink_port={other.getsockname()[1]}"
        away = ("--clickhouse", "clickhouse://127.0.0.1:1/x", "--broker", "127.0.0.1:1")
        assert in_a_pipe("sink", *away, "--set", port, cwd=tmp_path).returncode == Exit.NO
    gateway = in_a_pipe("gateway", "--insecure-devices", "--broker", "127.0.0.1:1", cwd=tmp_path)
    assert gateway.returncode == Exit.AWAY
    assert "start it, or name it with --broker" in gateway.stderr
