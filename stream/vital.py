"""Threads that a process cannot do without: when one breaks, the process ends in order and is started again.

A gateway that no longer hears verdicts, or a worker that no longer hears of licences, would look healthy and be wrong.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)


class VitalThread(threading.Thread):
    """Runs `target`; an exception in it is logged and ends the process with SIGTERM."""

    def __init__(self, name: str, target: Callable[[], None]) -> None:
        super().__init__(name=name, daemon=True)
        self._work = target

    def run(self) -> None:
        try:
            self._work()
        except Exception:  # any: a thread that is gone without a word is what this class is against
            _log.critical("%s broke: this process ends", self.name, exc_info=True)
            os.kill(os.getpid(), signal.SIGTERM)
