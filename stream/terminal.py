"""How the commands speak to people and programs: lines, colours, bars, exit codes.

Answers go to stdout, everything else to stderr. Colours and bars are for a terminal alone: in a pipe, with NO_COLOR or on
a dumb terminal there are none. A reader that has seen enough (`| head`) is no error.
"""

import sys
from contextlib import AbstractContextManager, nullcontext
from enum import IntEnum

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn


class Exit(IntEnum):
    """What a command's exit code says; docs/commands.md is written from here."""

    said: str

    def __new__(cls, code: int, said: str) -> "Exit":
        member = int.__new__(cls, code)
        member._value_ = code
        member.said = said
        return member

    DONE = 0, "done; of a question: answered"
    NO = 1, "done, and the answer is no: nothing found, a bad code, a trouble; of a service: it broke"
    WRONG = 2, "a command, an option, a setting or a file is wrong; nothing was done"
    AWAY = 3, "what it needs does not answer: Kafka, the query service, the archive; the same again may work"
    STOPPED = 130, "stopped with Ctrl-C"


out = Console()
err = Console(stderr=True)


def say(line: str, style: str | None = None) -> None:
    """A line on stdout, never wrapped."""
    out.print(line, style=style, highlight=False, markup=False, soft_wrap=True)


def warn(line: str) -> None:
    """A line on stderr."""
    err.print(f"pingliu: {line}", style="yellow", highlight=False, markup=False, soft_wrap=True)


def fail(message: str) -> None:
    """What went wrong, on stderr, each line under our name."""
    for line in message.splitlines():
        err.print(f"pingliu: {line}", style="red", highlight=False, markup=False, soft_wrap=True)


def write_line(line: bytes) -> None:
    """A line as it is on stdout, at once: JSON for programs."""
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def waiting(doing: str) -> AbstractContextManager[object]:
    """Something that turns on stderr while a block runs, gone after it; nothing where that is no terminal."""
    return err.status(doing) if err.is_terminal else nullcontext()


def bar(doing: str, *columns: ProgressColumn, shown: bool = True) -> Progress:
    """A progress bar on stderr, gone when it is done; nothing where that is no terminal, or not `shown`."""
    return Progress(
        TextColumn(doing),
        BarColumn(),
        *(columns or (TaskProgressColumn(),)),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        disable=not (shown and err.is_terminal),
    )
