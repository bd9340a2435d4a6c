"""Steps of the worker at which a test has it die, freeze, hang or wait: the order out is as good as what a crash shows.

`PINGLIU_FAULTS` is a folder. When a step is reached and a file of its name is there, the process removes the file and does
what it says (`HOW`). So the test says when, and the next life gets on. Not for operators, hence no setting; unset, a step
costs nothing.
"""

import os
import signal
import threading
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

VARIABLE: Final = "PINGLIU_FAULTS"


class FaultPoint(StrEnum):
    """In the order in which a chunk comes by them."""

    JUDGED = "judged"  # nothing of it has left the worker
    TOLD_IN_PART = "told-in-part"  # handed to the producer, not yet flushed
    TOLD = "told"  # verdicts, alerts and what others hear are in Kafka, what the second key hears not always; no state
    STATE_WRITTEN = "state-written"  # handed on, and with the changelog; its transaction not committed
    STATE_KEPT = "state-kept"  # committed, not yet acknowledged
    ACKNOWLEDGED = "acknowledged"  # to Faust, which has not yet committed its offset


def _kill(_: Path) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _freeze(_: Path) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def _hang(_: Path) -> None:
    threading.Event().wait()


def _wait(step: Path) -> None:
    """Until the test makes a file for it to go on."""
    go_on, pause = step.with_suffix(GO_ON), threading.Event()
    while not go_on.exists():
        pause.wait(0.02)
    go_on.unlink()


GO_ON: Final = ".go-on"
HOW: Final = MappingProxyType({"kill": _kill, "freeze": _freeze, "hang": _hang, "wait": _wait})
_folder = os.environ.get(VARIABLE)


def reach(point: FaultPoint) -> None:
    """Say that the worker is at this step."""
    if _folder:
        step = Path(_folder) / point
        with suppress(FileNotFoundError):
            how = step.read_text()
            step.unlink()
            HOW[how](step)
