"""What is known of one label now: asked of the stream as a `lookup`, or read in the archive where no device is set.

No answer in `ANSWER_SECONDS`, a wrong one, or an exception on the way is `NoAnswerError`: then nothing is known, and the
page must not look as if something were. A look-up posted twice is one scan; one that nobody waits for any more does no harm.
"""

import asyncio
import logging
import uuid
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import httpx
import msgspec
from clickhouse_connect.driver.exceptions import ClickHouseError
from msgspec import Struct
from msgspec.structs import replace

from processors.model import Condition
from processors.parameters import Schedule
from processors.times import day_of, instant, rfc3339
from sinks.connection import Client
from sinks.query import cylinders, reading
from sinks.query.advice import REPORTS
from sinks.query.follow import Party
from sinks.query.neighbours import Neighbours
from sinks.query.readers import Readers
from stream.settings import Settings

ANSWER_SECONDS: Final = 2.5  # of all; the gateway waits two for the verdict
ARCHIVE_SECONDS: Final = 1.0

_LOG = logging.getLogger(__name__)


class NoAnswerError(Exception):
    """Nothing is known of the label now; the message is for the log."""


class Known(Struct, frozen=True, kw_only=True):
    """What the stream, or the archive, says of a label. `condition` is None of one that was never bound.

    `at` is the instant of which it speaks, `day` the Shanghai day its dates are to be compared with. `reported` is whether
    an alert of `REPORTS` stands open, None where the archive does not say; then the owner has no name.
    """

    label: str
    condition: Condition | None
    at: int
    day: int
    live: bool
    owner: Party | None = None
    reported: bool | None = None


class _Violation(Struct):
    code: str


class _Verdict(Struct):
    label: str = ""
    condition: Condition | None = None
    violations: list[_Violation] = []
    rejected: dict[str, Any] | None = None


class _Told(Struct):
    verdicts: list[_Verdict]


_decode: Final = msgspec.json.Decoder(_Told).decode


class Lookups:
    """Asks about labels. Raises NoAnswerError."""

    def __init__(self, settings: Settings, neighbours: Neighbours, readers: Readers) -> None:
        self._device, self._simulated = settings.public_device, settings.simulated_time
        self._neighbours, self._readers, self._schedule = neighbours, readers, settings.schedule

    async def ask(self, code: str) -> Known:
        """What is known of a bare code, an old one included."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await (self._of_stream(code) if self._device else self._of_archive(code))
        except TimeoutError:
            raise NoAnswerError(f"no answer in {ANSWER_SECONDS} s") from None
        except (httpx.HTTPError, msgspec.MsgspecError) as error:
            raise NoAnswerError(f"the gateway: {error!r}") from error
        except (ClickHouseError, OSError) as error:
            raise NoAnswerError(f"the archive: {error}") from error

    async def _of_stream(self, code: str) -> Known:
        at = await self._now()
        scan: dict[str, Any] = {
            "scan_id": f"page-{uuid.uuid4().hex}",
            "type": "lookup",
            "label": code,
            "time": rfc3339(at),
            "device": self._device,
            "data": {},
        }
        if self._simulated:
            scan["received"] = scan["time"]
        reply = await self._post(msgspec.json.encode(scan))
        if reply.status_code != HTTPStatus.OK:
            raise NoAnswerError(f"the gateway answered {reply.status_code}: {reply.text[:300]}")
        (verdict,) = _decode(reply.content).verdicts
        if verdict.rejected is not None:
            raise NoAnswerError(f"the gateway refused the look-up; is public_device right? {verdict.rejected}")
        if verdict.condition is None and not any(found.code == "UNKNOWN_LABEL" for found in verdict.violations):
            raise NoAnswerError("a verdict that is neither of a known label nor of an unknown one")
        known = Known(label=verdict.label, condition=verdict.condition, at=at, day=day_of(at), live=True)
        return known if known.condition is None else await self._with_archive(known, known.condition.owner or "")

    async def _with_archive(self, known: Known, owner: str) -> Known:
        """The owner's name and open reports as well. That the archive is silent is no reason not to warn."""
        try:
            async with asyncio.timeout(ARCHIVE_SECONDS):
                name, reported = await self._readers.ask(_name_and_reports, known.label, owner, known.day)
        except (TimeoutError, ClickHouseError, OSError) as error:
            _LOG.warning("the archive says nothing of %s for the public page: %r", known.label, error)
            return replace(known, owner=Party(owner, None))
        return replace(known, owner=Party(owner, name), reported=reported)

    async def _post(self, body: bytes) -> httpx.Response:
        """Post, and once more where the connection broke: the same scan again changes nothing."""
        url = f"{self._neighbours.gateway}/v1/scans"
        headers = {"Content-Type": "application/json", "Prefer": "wait=2"}
        try:
            return await self._neighbours.http.post(url, content=body, headers=headers)
        except httpx.TransportError:
            return await self._neighbours.http.post(url, content=body, headers=headers)

    async def _now(self) -> int:
        """The instant of the question; in simulated time the latest arrival: a later one would let waits run out."""
        latest = await self._readers.ask(reading.latest_arrival) if self._simulated else None
        return instant(datetime.now(UTC).replace(microsecond=0)) if latest is None else latest

    async def _of_archive(self, code: str) -> Known:
        return await self._readers.ask(_archived, code, self._schedule, instant(datetime.now(UTC)))


def _name_and_reports(client: Client, label: str, owner: str, day: int) -> tuple[str | None, bool]:
    return reading.enterprise_name(client, owner, day), reading.has_open_report(client, label, REPORTS)


def _archived(client: Client, code: str, schedule: Schedule, now: int) -> Known:
    label = reading.known_label(client, code)
    view = cylinders.cylinder(client, label, schedule) if label is not None else None
    if view is None or not view.bound:
        return Known(label=label or code, condition=None, at=now, day=day_of(now), live=False)
    return Known(
        label=view.label,
        condition=Condition(
            state="scrapped" if reading.is_replaced(client, view.label) else view.state,
            next_inspection=view.next_inspection,
            end_of_life=view.end_of_life,
        ),
        at=instant(datetime.fromisoformat(view.last_scan)),
        day=day_of(now),
        live=False,
        owner=view.owner,
        reported=reading.has_open_report(client, view.label, REPORTS),
    )
