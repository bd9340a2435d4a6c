"""One batch of one device to the gateway, as often as it takes.

A scan counts as sent only when the gateway has answered for it. On a connection error, 429 or 503 the same bytes are
posted again, which the gateway takes as the same scans; only `patience` seconds without an answer end the run, or a
failure after it was told to stop. What was posted and not answered then is *in doubt*: it may have been taken or not.
"""

import asyncio
import gzip
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

import httpx

from load_tests.city.plan import Scan
from load_tests.city.tally import Tally, say

SCANS = "/v1/scans"
WAIT_SECONDS = 5
BACK_OFF = (0.1, 0.2, 0.5, 1.0, 2.0)  # seconds; the last one repeats
BATCH = 60


class GaveUpError(Exception):
    """The gateway did not answer for as long as we were willing to wait."""


@dataclass(frozen=True)
class Line:
    """What all devices share: where they post, and when to give up. `transport` is for tests."""

    gateway: str
    tally: Tally
    stop: asyncio.Event
    patience: float = 120.0
    transport: httpx.AsyncBaseTransport | None = None
    couriers: frozenset[str] = frozenset()  # devices that post through a courier's app
    queues: Path | None = None  # a directory for their queues; in memory without
    tls: ssl.SSLContext = field(default_factory=httpx.create_ssl_context)  # made once: it reads every root certificate


class Post:
    """One device's way to the gateway: a connection of its own, kept open. Counts what comes back."""

    def __init__(self, line: Line) -> None:
        self._line, self._tally = line, line.tally
        # A pool of one for each device, since a shared one looks through all its connections for each post.
        self.client = httpx.AsyncClient(
            base_url=line.gateway,
            transport=line.transport,
            verify=line.tls,
            limits=httpx.Limits(max_connections=1),
            timeout=WAIT_SECONDS + 10,
            trust_env=False,
        )

    async def close(self) -> None:
        """Hang up."""
        await self.client.aclose()

    async def send(self, batch: Sequence[Scan]) -> None:
        """Post scans of one device until they are answered; then again, singly, those a device would repeat.

        Raises GaveUpError.
        """
        scans = list(batch)
        self._tally.posting(scans)
        response, milliseconds = await self._deliver(scans)
        judged = self._read(response, scans)
        self._tally.answered(scans, milliseconds if judged else None)
        for scan in scans:
            if scan.repeat:
                await self._repeat(scan)

    async def _repeat(self, scan: Scan) -> None:
        """Byte for byte: it must change nothing, so its answer is not counted as a decision."""
        response, _ = await self._deliver([scan])
        self._tally.repeats += 1
        if response.status_code not in (200, 202):
            self._tally.reject(f"repeat of {scan.scan_id}: {response.status_code} {response.text[:200]}")

    async def _deliver(self, scans: list[Scan]) -> tuple[httpx.Response, float]:
        """Post until there is an answer other than "again later". Returns it, and the milliseconds it took."""
        content, headers = package(scans)
        first = time.monotonic()
        headers = headers | {"Prefer": f"wait={WAIT_SECONDS}"}
        tries = 0
        while True:
            began = time.perf_counter()
            try:
                response = await self.client.post(SCANS, content=content, headers=headers)
                if response.status_code not in (429, 503):
                    return response, (time.perf_counter() - began) * 1000
                why, pause = f"{response.status_code}", _retry_after(response)
            except httpx.TransportError as error:
                why, pause = repr(error), None
            self._again(why, first, tries)
            await asyncio.sleep(BACK_OFF[min(tries, len(BACK_OFF) - 1)] if pause is None else pause)
            tries += 1

    def _again(self, why: str, first: float, tries: int) -> None:
        """It will be tried again: count it. Raises GaveUpError where it will not."""
        if self._line.stop.is_set() or time.monotonic() - first > self._line.patience:
            raise GaveUpError(f"no answer for {time.monotonic() - first:.0f} s: {why}")
        if tries == 0:
            say(f"again: {why}")
        self._tally.retries += 1

    def _read(self, response: httpx.Response, scans: list[Scan]) -> bool:
        """Count what an answer says. Returns whether it carried the verdicts."""
        tally = self._tally
        if response.status_code == 200:
            verdicts = response.json()["verdicts"]
            if [verdict["scan_id"] for verdict in verdicts] != [scan.scan_id for scan in scans]:
                tally.reject(f"verdicts that are not in the order of {[scan.scan_id for scan in scans]}")
            for verdict in verdicts:
                if "rejected" in verdict:
                    tally.reject(verdict)
                else:
                    tally.decisions[verdict["decision"]] += 1
            return True
        if response.status_code == 202:
            answer: dict[str, Any] = response.json()
            tally.late_answers += len(scans) - len(answer["rejected"])
            for reject in answer["rejected"]:
                tally.reject(reject)
        else:
            for scan in scans:
                tally.reject(f"{scan.scan_id}: {response.status_code} {response.text[:200]}")
        return False


def package(scans: list[Scan]) -> tuple[bytes, dict[str, str]]:
    """A body and its headers. Each device has its habit, always the same: array or NDJSON, packed or not."""
    habit = crc32(scans[0].device.encode())
    bodies = [scan.body for scan in scans]
    headers = {"Content-Type": "application/json"}
    if len(bodies) == 1:
        content = bodies[0]
    elif habit % 2:
        content, headers["Content-Type"] = b"\n".join(bodies) + b"\n", "application/x-ndjson"
    else:
        content = b"[" + b",".join(bodies) + b"]"
    if habit % 5 == 0:
        content, headers["Content-Encoding"] = gzip.compress(content, compresslevel=1), "gzip"
    return content, headers


def _retry_after(response: httpx.Response) -> float | None:
    """The seconds the gateway asks for, at most ten; None where it names none."""
    try:
        return min(10.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return None
