"""Keeps the processes of `pingliu up`, of the demo and of the tests running.

- A child that ends is started again: at once the first time, then after a growing pause when it ends again within
  `STEADY_S` of its start. Once `stop` has begun, never.
- An exception in here, or `kill -9` of the supervisor: the children hold the read end of a pipe (`leash.hold`)
  and end by themselves. A child must call `hold()` for that.
- Children are in process groups of their own: Ctrl-C reaches the supervisor alone, and it ends them in order.
"""

import contextlib
import http.client
import logging
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from stream.local.leash import LEASH_FD

_log = logging.getLogger(__name__)

STEADY_S = 10.0
"""A child that lived this many seconds counts as sound: if it ends after that, it is started again without a pause."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
"""Seconds before a child that keeps ending is started again: doubled each time, up to the longest."""
EXITS_BEFORE_GIVING_UP = 3
"""A child that ended this often without once being ready will not become ready."""
POLL_S = 0.05
"""Seconds between two looks at a `ready_url`."""


class NotReadyError(Exception):
    """A child is not ready in time, or keeps ending; the message carries the end of its log."""


@dataclass
class _Child:
    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    ready_url: str | None
    log_path: Path
    process: subprocess.Popen[bytes] | None = None
    keeper: threading.Thread | None = None
    started_at: float = 0.0
    restarts: int = 0
    exits_unready: int = 0
    last_exit: str = field(default="still running")


class Supervisor:
    """Starts children, waits until they are ready, starts them again when they end, ends them in reverse order."""

    def __init__(self, log_dir: Path, *, grace_s: float = 10.0) -> None:
        """Write each child's output to ``log_dir/<name>.log``; give each `grace_s` seconds to end by itself."""
        self._log_dir = log_dir
        self._grace_s = grace_s
        self._children: dict[str, _Child] = {}
        self._stopping = threading.Event()
        # Held while a child is spawned, so that none is spawned after `stop` has begun.
        self._spawning = threading.Lock()
        self._pipe: tuple[int, int] | None = None

    def add(
        self,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        ready_url: str | None = None,
    ) -> None:
        """Name a child for the next `start`: `env` on top of ours; ready when `ready_url` (http) answers 200.

        Without a `ready_url` a child counts as ready as soon as it is running.
        """
        if name in self._children:
            raise ValueError(f"there is a process named {name} already")
        self._children[name] = _Child(name, argv, env or {}, ready_url, self._log_dir / f"{name}.log")

    def start(self) -> None:
        """Start every child that has not been started; may be called again after further `add`s.

        Raises:
            OSError: an argv cannot be run. Children started before it go on until `stop`.

        """
        self._log_dir.mkdir(parents=True, exist_ok=True)
        self._stopping.clear()
        if self._pipe is None:
            self._pipe = os.pipe()
        for child in self._children.values():
            if child.keeper is None:
                self._spawn(child)
                child.keeper = threading.Thread(target=self._keep, args=(child,), name=child.name, daemon=True)
                child.keeper.start()

    def wait_ready(self, timeout: float) -> None:
        """Return once every child is ready.

        Raises:
            NotReadyError: not within `timeout` seconds, or a child ended `EXITS_BEFORE_GIVING_UP` times before.

        """
        deadline = time.monotonic() + timeout
        for child in self._children.values():
            while not _is_ready(child):
                if child.exits_unready >= EXITS_BEFORE_GIVING_UP:
                    trouble = f"ended {child.exits_unready} times before it was ready ({child.last_exit})"
                elif time.monotonic() > deadline:
                    trouble = f"was not ready within {timeout:g} s"
                else:
                    time.sleep(POLL_S)
                    continue
                raise NotReadyError(f"{child.name} {trouble}; the end of {child.log_path}:\n{tail(child.log_path)}")
            child.exits_unready = 0

    def pid(self, name: str) -> int:
        """Process id of the child as it was started last."""
        process = self._children[name].process
        if process is None:
            raise RuntimeError(f"{name} has not been started")
        return process.pid

    def restarts(self, name: str) -> int:
        """How often the child has been started again since it was added."""
        return self._children[name].restarts

    def stop(self) -> None:
        """End the children, last added first: SIGTERM, and SIGKILL to its whole group after the grace."""
        with self._spawning:
            self._stopping.set()
        for child in reversed(self._children.values()):
            if child.process is None or child.keeper is None:
                continue
            child.process.terminate()
            child.keeper.join(self._grace_s)
            if child.keeper.is_alive():
                _log.warning("%s did not end within %g s and was killed", child.name, self._grace_s)
                # It may end this very moment; macOS then says "not permitted" of a group of dead processes.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(child.process.pid, signal.SIGKILL)
                child.keeper.join()
            child.keeper = None
        if self._pipe is not None:
            for end in self._pipe:
                os.close(end)
            self._pipe = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _spawn(self, child: _Child) -> None:
        if self._pipe is None:
            raise RuntimeError("a child was to be spawned before start or after stop")
        leash = self._pipe[0]
        # Unbuffered, so that the log of a child that is killed goes up to its end.
        env = {"PYTHONUNBUFFERED": "1", **os.environ, **child.env, LEASH_FD: str(leash)}
        with child.log_path.open("ab") as output:
            child.process = subprocess.Popen(
                child.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                pass_fds=[leash],
                process_group=0,
            )
        child.started_at = time.monotonic()

    def _keep(self, child: _Child) -> None:
        """Wait for the end of the child and start it again, until `stop` begins. Runs in the child's own thread."""
        short_lives = 0
        while child.process is not None:
            child.last_exit = how_it_ended(child.process.wait())
            lived = time.monotonic() - child.started_at
            if self._stopping.is_set():
                return
            if lived >= STEADY_S:
                short_lives = child.exits_unready = 0
            child.exits_unready += 1
            pause = _pause(short_lives)
            short_lives += 1
            _log.warning("%s ended (%s) after %.1f s; again in %.1f s", child.name, child.last_exit, lived, pause)
            if self._stopping.wait(pause):
                return
            with self._spawning:
                if self._stopping.is_set():
                    return
                try:
                    self._spawn(child)
                except OSError as error:
                    # The old process stays in place: the loop sees it ended, and pauses before it tries again.
                    _log.warning("%s could not be started: %s", child.name, error)
                    child.started_at = time.monotonic()
                else:
                    child.restarts += 1


def _pause(short_lives: int) -> float:
    return 0.0 if short_lives == 0 else min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(short_lives - 1, 10))


def how_it_ended(code: int) -> str:
    """Put the return code of a process into words: of its own, or by a signal (negative)."""
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


def _is_ready(child: _Child) -> bool:
    if child.process is None or child.process.returncode is not None:
        return False
    if child.ready_url is None:
        return True
    # Not urllib's opener: it would send the request through a proxy named in the environment.
    url = urlsplit(child.ready_url)
    connection = http.client.HTTPConnection(url.netloc, timeout=1.0)
    try:
        connection.request("GET", url.path or "/")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 nobody listens on now. Another may take it before you do: be ready to retry."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def tail(path: Path, lines: int = 20) -> str:
    """Return the last lines of a log as text; of one that is missing, nothing."""
    longest_tail = 64 * 1024
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - longest_tail))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
