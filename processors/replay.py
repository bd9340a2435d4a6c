"""`pingliu judge`: the rules over files of scans, with no Kafka and no database (contract.md, Commands).

Lines are in order of arrival. The arrival clock is the latest `received` so far; a registry row that names its own
arrival counts from when the clock reaches it.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from processors.cylinder import Cylinder
from processors.intake import admit, parse
from processors.judge import CONFLICT, digest_of, is_late, judge, plain_verdict
from processors.model import Alert, HomeCheckScan, Reject, Scan, Verdict
from processors.parameters import Parameters
from processors.registry import AnyRow, Registry
from processors.times import instant, rfc3339


class Replay:
    """One run over one city's scans: feed it lines in order of arrival, it answers each."""

    def __init__(self, rows: Iterable[AnyRow], parameters: Parameters) -> None:
        self._registry = Registry()
        self._parameters = parameters
        self._cylinders: dict[str, Cylinder] = {}
        self._clock = 0
        self._home_checks: dict[tuple[str, str], tuple[bytes, bool]] = {}
        # Rows that name no arrival were always known; the others wait for the clock. Of equals the file's order holds:
        # the later line is the correction.
        self._coming = deque(sorted(rows, key=_arrival))

    def answers(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """One JSON line for each line that is not blank."""
        for line in lines:
            if line.strip():
                yield msgspec.json.encode(self.answer(line))

    def answer(self, line: bytes) -> dict[str, Any]:
        """What one arrival comes to: the verdict with its alerts, or the reject."""
        scan = parse(line)
        if isinstance(scan, Reject):
            return as_rejected(scan)
        if scan.received is None:
            scan.received = scan.time
        received = instant(scan.received)
        self._learn(max(self._clock, received))
        device = admit(scan, received, self._registry, self._parameters)
        if isinstance(device, Reject):
            return as_rejected(device)
        return self._judge(scan, max(self._clock, received))

    def _judge(self, scan: Scan, clock: int) -> dict[str, Any]:
        if isinstance(scan, HomeCheckScan):
            return self._home_check(scan, clock)
        cylinder = self._cylinders.setdefault(scan.label, Cylinder())
        judgement = judge(cylinder, scan, clock, self._registry, self._parameters)
        if isinstance(judgement.verdict, Reject):
            return as_rejected(judgement.verdict)
        self._clock = clock
        return self._told(judgement.verdict or plain_verdict(scan), judgement.alerts)

    def _home_check(self, scan: HomeCheckScan, clock: int) -> dict[str, Any]:
        """No verdict on the bus; here it stands as allowed."""
        ids, digest = (scan.device, scan.scan_id), digest_of(scan)
        late = is_late(scan, instant(scan.time), self._parameters)
        repeated = ids in self._home_checks
        first, late = self._home_checks.setdefault(ids, (digest, late))
        if first != digest:
            return as_rejected(Reject("scan_id", CONFLICT, scan.scan_id))
        if not repeated:
            self._registry.take_home_check(scan)
        self._clock = clock
        return self._told(replace(plain_verdict(scan), late=late, duplicate=True if repeated else UNSET), ())

    def _told(self, verdict: Verdict, alerts: tuple[Alert, ...]) -> dict[str, Any]:
        line: dict[str, Any] = msgspec.to_builtins(replace(verdict, judged_at=rfc3339(self._clock)))
        return line | {"alerts": msgspec.to_builtins(alerts)}

    def _learn(self, clock: int) -> None:
        while self._coming and _arrival(self._coming[0]) <= clock:
            self._registry.put(self._coming.popleft())


def as_rejected(reject: Reject) -> dict[str, Any]:
    """A reject as it stands in the place of a verdict."""
    return {"scan_id": reject.scan_id, "rejected": {"field": reject.field, "reason": reject.reason}}


def _arrival(row: AnyRow) -> int:
    return instant(row.received) if isinstance(row.received, datetime) else 0
