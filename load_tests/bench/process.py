"""A program under measurement: started on a leash, stopped in its tracks and let go on, its CPU time read."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from stream.local import leash
from stream.local.processes import how_it_ended, tail

_CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
_GRACE_S = 10.0


class EndedError(Exception):
    """A program ended by itself; the message shows the end of its log."""


class Process:
    """``with Process(argv, env, log_path) as program: ...``. It ends with us, also when we are killed with -9."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], log_path: Path) -> None:
        self._argv, self._env, self._log_path = argv, env, log_path
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._log_path.parent.mkdir(parents=True, exist_ok=True)
        with self._log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", leash.__file__, "--", *self._argv],
                stdin=subprocess.PIPE,  # the leash: never written, closed by the kernel when we end
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **self._env},
                process_group=0,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self.thaw()
        self._process.terminate()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._process.communicate()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log_tail(self) -> str:
        return tail(self._log_path)

    def must_run(self) -> None:
        """Raises EndedError where it has ended."""
        assert self._process is not None
        if (code := self._process.poll()) is not None:
            raise EndedError(f"it ended ({how_it_ended(code)})\n{self.log_tail}")

    def wait(self, seconds: float) -> int:
        """Its return code once it has ended. Raises EndedError where it has not by then."""
        assert self._process is not None
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise EndedError(f"it did not end in {seconds:.0f} s\n{self.log_tail}") from None

    def freeze(self) -> None:
        """Stop it in its tracks (SIGSTOP), all its threads."""
        os.kill(self.pid, signal.SIGSTOP)
        while _stat(self.pid)[0] != "T":
            self.must_run()
            time.sleep(0.001)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        if self._process.poll() is None:
            os.kill(self.pid, signal.SIGCONT)

    @property
    def cpu(self) -> float:
        """User and system seconds so far."""
        return cpu_seconds(self.pid)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with its threads and children, ended ones included (10 ms). Linux only."""
    own = sum(int(ticks) for ticks in _stat(pid)[11:15]) / _CLOCK_TICKS  # utime, stime, cutime, cstime
    children = (child for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split())
    return own + sum(cpu_seconds(int(child)) for child in children)


def cpu_by_thread(pid: int) -> dict[str, float]:
    """User and system seconds by thread; threads of one name together."""
    found: dict[str, float] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        found[name] = found.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS
    return found


def _stat(pid: int) -> list[str]:
    # The second field is the program's name in parentheses, and may hold anything; the state is the first after it.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
