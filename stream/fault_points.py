"""Steps of the worker at which a test has it die, freeze or hang: the order out is as good as what a crash between shows.

`PINGLIU_FAULT` is `STEP/HOW/FILE`: when the step is reached and FILE is there, the process removes FILE and does HOW. So the
test says when, and the next life gets on. Not for operators, hence no setting; unset, a step costs nothing.
"""

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

VARIABLE: Final = "PINGLIU_FAULT"


class FaultPoint(StrEnum):
    """In the order in which a chunk comes by them."""

    JUDGED = "judged"  # nothing of it has left the worker
    TOLD_IN_PART = "told-in-part"  # handed to the producer, not yet flushed
    TOLD = "told"  # verdicts, alerts and all that others hear are in Kafka; of the state nothing
    STATE_WRITTEN = "state-written"  # handed to the changelog, its transaction not committed
    STATE_KEPT = "state-kept"  # committed, not yet acknowledged
    ACKNOWLEDGED = "acknowledged"  # to Faust, which has not yet committed its offset


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _freeze() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def _hang() -> None:
    threading.Event().wait()


HOW: Final = MappingProxyType({"kill": _kill, "freeze": _freeze, "hang": _hang})


class _Fault:
    def __init__(self, told: str) -> None:
        step, how, file = told.split("/", 2)
        self.point = FaultPoint(step)
        self._do: Callable[[], None] = HOW[how]
        self._file = Path(file)

    def reached(self) -> None:
        with suppress(FileNotFoundError):
            self._file.unlink()
            self._do()


_fault = _Fault(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None


def reach(point: FaultPoint) -> None:
    """Say that the worker is at this step."""
    if _fault is not None and _fault.point is point:
        _fault.reached()
