"""What the run came to so far: counts, and how long answers took."""

import json
import sys
from collections import Counter
from datetime import datetime
from typing import Any

from load_tests.city.plan import Scan
from load_tests.city.times import rfc3339


class Tally:
    """Belongs to one event loop. Times are in milliseconds, from the first byte posted to the whole answer."""

    def __init__(self) -> None:
        self.sent: list[Scan] = []
        self.in_doubt: dict[str, Scan] = {}
        self.repeats = 0
        self.late_answers = 0
        self.retries = 0
        self.rejected = 0
        self.decisions: Counter[str] = Counter()
        self.simulated: datetime | None = None
        self._all_ms: list[float] = []
        self._new_ms: list[float] = []

    def posting(self, batch: list[Scan]) -> None:
        """A batch goes out: until it is answered, nobody knows whether it was taken."""
        self.in_doubt.update((scan.scan_id, scan) for scan in batch)

    def answered(self, batch: list[Scan], milliseconds: float | None) -> None:
        """A batch is through. `milliseconds` of None: it was not answered with verdicts, and says nothing of them."""
        self.sent += batch
        for scan in batch:
            del self.in_doubt[scan.scan_id]
        latest = max(scan.received for scan in batch)
        self.simulated = max(self.simulated or latest, latest)
        if milliseconds is not None:
            self._new_ms.append(milliseconds)

    def reject(self, what: object) -> None:
        """Nothing the city sends is wrong, so that any reject is an error: said aloud, and counted."""
        self.rejected += 1
        say(f"rejected: {what}")

    def progress(self) -> dict[str, Any]:
        """The counts, and the answer times since the last call."""
        line = self._counts() | _percentiles(self._new_ms)
        self._all_ms += self._new_ms
        self._new_ms = []
        return line

    def overall(self) -> dict[str, Any]:
        """The counts, and the answer times of the whole run."""
        return self._counts() | _percentiles(self._all_ms + self._new_ms)

    def _counts(self) -> dict[str, Any]:
        return {
            "sent": len(self.sent),
            "simulated": rfc3339(self.simulated) if self.simulated else None,
            "decisions": {name: self.decisions[name] for name in ("allow", "warn", "deny")},
            "repeats": self.repeats,
            "late_answers": self.late_answers,
            "retries": self.retries,
            "rejected": self.rejected,
        }


def say(text: str) -> None:
    """One line to people: stdout is for the program that reads progress."""
    sys.stderr.write(f"city: {text}\n")
    sys.stderr.flush()


def tell(line: dict[str, Any]) -> None:
    """One progress line, as JSON, to stdout."""
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _percentiles(times: list[float]) -> dict[str, float | None]:
    """Nearest rank; null where nothing was answered."""
    ranked = sorted(times)
    return {
        name: round(ranked[min(len(ranked) - 1, int(len(ranked) * share))], 1) if ranked else None
        for name, share in (("p50_ms", 0.50), ("p99_ms", 0.99))
    }
