"""A courier's app in miniature, for device makers to copy: scans queue on disk and go out when there is signal.

- A scan is on disk before `add` returns. It leaves the queue only in the transaction that notes the gateway's answer to it,
  so `kill -9` at any point loses nothing: at worst a request goes out again, and the gateway knows its scans as the same.
- Requests go out one at a time and in order; nothing overtakes. A rejected scan does not hold up those behind it.
- No answer, 408, 425, 429 and 5xx mean "again later": exponential back-off with full jitter, since all phones of a city
  come back with the same mast, and never sooner than `Retry-After`. So does what the gateway did not write: the log-in
  page of a hotel's network answers a post, too.
- What the gateway refuses for good is kept in `rejected`, with its reason, for a person to look at.
- 401, 404, 405 and 415 are the fault of no scan: nothing leaves the queue, and `NotServedError` says so.

It does not need `GET /v1/devices/{id}/last`, since it keeps account of the answers. An app that does not resumes one
request before that scan.
"""

import argparse
import asyncio
import email.utils
import json
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx

MAX_SCANS, MAX_BYTES = 1000, 256 * 1024  # of one request (contract.md, HTTP)
_LONGEST_ASKED = 3600.0  # seconds; a `Retry-After` beyond that is a mistake of somebody's

_SCHEMA = """
CREATE TABLE IF NOT EXISTS queue (place INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS rejected (place INTEGER PRIMARY KEY, body BLOB NOT NULL, reason TEXT NOT NULL);
"""
_EXAMPLES = """examples:
  python -m load_tests.courier phone.db add scans.jsonl           queue scans, one JSON object a line (- reads stdin)
  python -m load_tests.courier phone.db upload http://HOST:8080   send them, however long it takes
  python -m load_tests.courier phone.db status                    what waits, and what was rejected and why
"""

Batch = list[tuple[int, bytes]]  # places in the queue, and scans


class NotServedError(Exception):
    """The gateway takes nothing from us, whatever it is: a wrong key, a wrong address."""


class Queue:
    """What one device has to send: one SQLite file a device, so that the file's order is the device's."""

    def __init__(self, file: Path | str, *, synchronous: str = "FULL") -> None:
        """FULL survives a flat battery; NORMAL survives `kill -9` alone and is for load tests."""
        self._db = sqlite3.connect(file, timeout=10)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(f"PRAGMA synchronous = {synchronous}")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file; what it holds stays."""
        self._db.close()

    def add(self, *scans: bytes) -> None:
        """Take JSON objects in the order in which they were made, all of them or none. Raises ValueError.

        An app killed before this returned adds the same scan again, with the same `scan_id`: twice is harmless.
        """
        if not all(isinstance(json.loads(scan.decode()), dict) for scan in scans):
            raise ValueError("a scan is a JSON object")
        lines = [(scan.replace(b"\n", b" "),) for scan in scans]  # inside JSON a line break is but a space
        with self._db:  # one transaction: it is on disk when this block is left
            self._db.executemany("INSERT INTO queue (body) VALUES (?)", lines)

    def oldest(self, most: int = MAX_SCANS) -> Batch:
        """As many as one request may hold; one at least, where there is any."""
        batch: Batch = []
        size = 0
        for place, body in self._db.execute("SELECT place, body FROM queue ORDER BY place LIMIT ?", (most,)):
            size += len(body) + 1
            if batch and size > MAX_BYTES:
                break
            batch.append((place, body))
        return batch

    def settle(self, batch: Batch, reasons: Mapping[int, str]) -> None:
        """The gateway has answered for a batch; `reasons` are its rejects, by their index in it."""
        rejected = [(*batch[index], reason) for index, reason in reasons.items()]
        with self._db:  # both or neither
            self._db.executemany("INSERT OR IGNORE INTO rejected VALUES (?, ?, ?)", rejected)
            self._db.executemany("DELETE FROM queue WHERE place = ?", [(place,) for place, _ in batch])

    def waiting(self) -> int:
        """How many scans have no answer yet."""
        return int(self._db.execute("SELECT count(*) FROM queue").fetchone()[0])

    def rejected(self) -> list[tuple[bytes, str]]:
        """The scans that the gateway never takes, and why."""
        return self._db.execute("SELECT body, reason FROM rejected ORDER BY place").fetchall()


@dataclass(frozen=True)
class BackOff:
    """Seconds before the next try: anything up to `first`, then up to twice as much each time, up to `longest`."""

    first: float = 0.5
    longest: float = 60.0

    def pause(self, tries: int, asked: float) -> float:
        """After so many tries in vain. What the gateway `asked` for is waited in full, and the jitter on top of it."""
        most = min(self.longest, self.first * 2.0 ** min(tries - 1, 30))
        return asked + random.uniform(0, most)  # noqa: S311 - it spreads phones, it keeps no secret


@dataclass(frozen=True)
class Settled:
    """A batch that is through: its rejects by index, the gateway's last word, and how long that took."""

    scans: list[bytes]
    rejected: Mapping[int, str]
    response: httpx.Response
    milliseconds: float


@dataclass(frozen=True)
class _Again:
    why: str
    asked: float = 0.0


@dataclass(frozen=True)
class _Refused:
    alone: Settled  # what is said of it where it is a single scan
    too_large: bool


@dataclass
class Courier:
    """Uploads a queue. `waits` hears why and for how many seconds; what it raises ends the upload and loses nothing."""

    queue: Queue
    client: httpx.AsyncClient
    waits: Callable[[str, float], None] = lambda _why, _seconds: None
    back_off: BackOff = BackOff()
    headers: Mapping[str, str] = field(default_factory=dict)
    most: int = MAX_SCANS

    def __post_init__(self) -> None:
        self._size = self._limit = self.most

    async def upload_batch(self) -> Settled | None:
        """Post the oldest scans until the gateway has answered for them; None when none waits. Raises NotServedError."""
        tries = 0
        while batch := self.queue.oldest(self._size):
            came = await self._post([body for _, body in batch])
            if isinstance(came, _Again):
                tries += 1
                pause = self.back_off.pause(tries, came.asked)
                self.waits(came.why, pause)
                await asyncio.sleep(pause)
            elif isinstance(came, _Refused) and len(batch) > 1:
                tries = 0
                self._size = len(batch) // 2  # halves, down to the scan at fault
                if came.too_large:  # for someone on the way, whose limit stays
                    self._limit = self._size
            else:
                settled = came.alone if isinstance(came, _Refused) else came
                self.queue.settle(batch, settled.rejected)
                if isinstance(came, _Refused) and came.too_large:  # it was this one scan, and not the way
                    self._limit = self.most
                self._size = min(self._limit, self._size * 2)
                return settled
        return None

    async def _post(self, scans: list[bytes]) -> Settled | _Again | _Refused:
        content = b"".join(body + b"\n" for body in scans)
        headers = {"Content-Type": "application/x-ndjson", **self.headers}
        began = time.perf_counter()
        try:
            response = await self.client.post("/v1/scans", content=content, headers=headers)
        except httpx.RequestError as error:  # no signal, no route, too slow, cut off in mid-answer
            return _Again(repr(error))
        milliseconds = (time.perf_counter() - began) * 1000
        why = f"{response.status_code} {_detail(response)}"
        refused = Settled(scans, {0: why}, response, milliseconds)
        match response.status_code:
            case 200 | 202 if (rejected := _rejects(response, len(scans))) is not None:
                return replace(refused, rejected=rejected)
            case 413:
                return _Refused(refused, too_large=True)
            case 400 | 403 | 409 if _is_problem(response):
                return _Refused(refused, too_large=False)
            case 401 | 404 | 405 | 415:
                raise NotServedError(why)
        return _Again(why, _asked(response))


def _rejects(response: httpx.Response, scans: int) -> dict[int, str] | None:
    """The rejects of a 202, or of the 200 that `Prefer: wait` brings; None where it does not answer for these scans."""
    try:
        said = response.json()
        if response.status_code == 200:
            verdicts = said["verdicts"]
            found = {index: one["rejected"] for index, one in enumerate(verdicts) if "rejected" in one}
            answered = len(verdicts)
        else:
            found = {one["index"]: one["error"] for one in said["rejected"]}
            answered = said["accepted"] + said["duplicates"] + len(found)
        reasons = {index: f"{error['field']}: {error['reason']}" for index, error in found.items()}
    except (ValueError, KeyError, TypeError):
        return None
    return reasons if answered == scans and reasons.keys() <= set(range(scans)) else None


def _is_problem(response: httpx.Response) -> bool:
    """Whether the gateway wrote it (RFC 9457), and not some box on the way that lets nothing through."""
    return str(response.headers.get("Content-Type")).startswith("application/problem+json")


def _detail(response: httpx.Response) -> str:
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return response.text[:200]


def _asked(response: httpx.Response) -> float:
    """The seconds of `Retry-After`. A date is counted from the gateway's own, since a phone's clock may be wrong."""
    value = response.headers.get("Retry-After", "")
    try:
        if value.isdigit():
            seconds = float(value)
        else:
            until, now = (email.utils.parsedate_to_datetime(one) for one in (value, response.headers.get("Date", "")))
            seconds = (until - now).total_seconds()
    except (ValueError, TypeError):
        return 0.0
    return min(_LONGEST_ASKED, max(0.0, seconds))


async def _upload(queue: Queue, gateway: str, most: int) -> int:
    def waits(why: str, seconds: float) -> None:
        sys.stderr.write(f"again in {seconds:.1f} s: {why}\n")

    exit_code = 0
    async with httpx.AsyncClient(base_url=gateway, timeout=30, follow_redirects=False) as client:
        courier = Courier(queue, client, waits, most=most)
        while settled := await courier.upload_batch():
            sys.stdout.write(f"{len(settled.scans)} scans, {len(settled.rejected)} rejected, {queue.waiting()} wait\n")
            sys.stdout.flush()
            exit_code = 1 if settled.rejected else exit_code
    return exit_code


def main() -> int:
    """Returns the exit code: 0, or 1 where a scan was rejected or nothing is served."""
    parser = argparse.ArgumentParser(
        prog="python -m load_tests.courier", description=(__doc__ or "").partition("\n")[0],
        epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("queue", help="the queue's file; it is made where there is none")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("add", help="queue scans").add_argument("file", type=argparse.FileType("rb"))
    upload = commands.add_parser("upload", help="send what waits, until nothing does")
    upload.add_argument("gateway", help="its URL, such as http://127.0.0.1:8080")
    upload.add_argument("--batch", type=int, default=MAX_SCANS, help=f"scans in one request at most ({MAX_SCANS})")
    commands.add_parser("status", help="what waits, and what was rejected and why")
    arguments = parser.parse_args()
    queue = Queue(arguments.queue)
    try:
        match arguments.command:
            case "add":
                queue.add(*(line for line in arguments.file if line.strip()))
            case "upload":
                return asyncio.run(_upload(queue, arguments.gateway, arguments.batch))
            case _:
                sys.stdout.write(f"{queue.waiting()} wait, {len(queue.rejected())} rejected\n")
                for body, reason in queue.rejected():
                    sys.stdout.write(f"{reason}\n  {body.decode()}\n")
    except (NotServedError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        queue.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
