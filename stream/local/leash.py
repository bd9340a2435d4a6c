"""Ends a program when whoever started it is gone, also when that one was killed with -9.

The starter holds the write end of a pipe and nobody else does; the kernel closes it with the starter, and the
reader sees the end of the file. That needs no polling and works alike on Linux and macOS.

- Any program: ``python leash.py -- CMD...``. Standard input is the pipe. This process *becomes* CMD, so its process
  id, its exit code and every signal sent to it are CMD's own; a small child of it watches the pipe. When the pipe
  ends, CMD gets SIGTERM, and SIGKILL `GRACE_S` later. CMD itself reads from /dev/null.
- Our own Python: call `hold()` first of all; the read end is named by the environment (`LEASH_FD`).

Not covered: a CMD whose watcher was itself killed, and a pipe that a fork of the starter keeps open (a
``subprocess`` child does not: Python closes other descriptors there).
"""

import os
import select
import signal
import sys
import threading
import time
from typing import NoReturn

GRACE_S = 5.0
"""Seconds between the request to end and the force."""

LEASH_FD = "PINGLIU_LEASH_FD"
"""Environment variable: the number of the inherited descriptor, the read end of the pipe."""


def hold() -> None:
    """Have this process end with its starter; without `LEASH_FD` in the environment, do nothing.

    When the starter is gone this process gets SIGTERM, and is ended with code 1 after `GRACE_S`.

    Raises:
        OSError: the descriptor named is not open.

    """
    # Taken out and not passed on: in a grandchild the same number would name some other file.
    number = os.environ.pop(LEASH_FD, None)
    if number is None:
        return
    fd = int(number)
    os.set_inheritable(fd, False)
    threading.Thread(target=_end_with, args=(fd,), name="leash", daemon=True).start()


def _end_with(fd: int) -> None:
    while os.read(fd, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(1)


def become(command: list[str]) -> NoReturn:
    """Turn this process into `command`, watched by a child; exit with 127 where it cannot be run."""
    # The command keeps `lifeline` open until it ends, however it ends: that is how the watcher learns of it.
    ended, lifeline = os.pipe()
    command_pid = os.getpid()
    if os.fork() == 0:
        os.close(lifeline)
        _watch(command_pid, ended)
        os._exit(0)
    os.close(ended)
    os.set_inheritable(lifeline, True)
    # Python ignores SIGPIPE, and what is ignored stays so in the command.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    try:
        os.execvp(command[0], command)
    except OSError as error:
        os.write(sys.stderr.fileno(), f"{command[0]}: {error.strerror}\n".encode())
        os._exit(127)


def _watch(command_pid: int, ended: int) -> None:
    starter = sys.stdin.fileno()
    while True:
        ready, _, _ = select.select([starter, ended], [], [])
        if ended in ready:
            return
        if not os.read(starter, 1):
            break
    for request in (signal.SIGTERM, signal.SIGKILL):
        # The command is our parent. Once it has ended, its number may soon belong to another process.
        if os.getppid() != command_pid:
            return
        os.kill(command_pid, request)
        if select.select([ended], [], [], GRACE_S)[0]:
            return


if __name__ == "__main__":
    become(sys.argv[sys.argv.index("--") + 1 :])
