"""`GET /`: what an operator looks at first: how the parts stand, the last alerts, and a box to trace a cylinder.

Works without a script; with one, alerts come in as they are archived. It names no person, customer or vehicle: a trace
shows what was done, where, by which enterprise. Enforcement's own console, with its tokens, is `/console`, not this.
"""

import asyncio
import time
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from clickhouse_connect.driver.exceptions import ClickHouseError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from processors.labels import bare
from processors.parameters import Schedule
from processors.times import SHANGHAI
from sinks.archive import Health
from sinks.connection import Client
from sinks.query import reading, traces
from sinks.query.alert_log import stand, written
from sinks.query.html import POLICY_OF_FILES, asset, page
from sinks.query.neighbours import Neighbours
from sinks.query.readers import Readers
from sinks.query.scan_names import SCAN_NAMES
from sinks.query.shared import Shared
from sinks.query.stand import Part, parts

ALERTS: Final = 50
LOOK_SECONDS: Final = 2.0  # an answer is shared for so long
ARCHIVE_SECONDS: Final = 10.0
_FILES: Final = {"look.css": "text/css", "look.js": "text/javascript"}
_NO_STORE: Final = {"Cache-Control": "no-store"}


class Look:
    """The page, its style sheet and script, and the part of it that is fetched anew."""

    def __init__(self, readers: Readers, neighbours: Neighbours, schedule: Schedule, sink: Health | None) -> None:
        self._readers, self._neighbours, self._sink = readers, neighbours, sink
        self._trace = partial(traces.trace, schedule=schedule)
        self._parts = Shared[list[Part]](LOOK_SECONDS, 1, time.monotonic)
        self._alerts = Shared[tuple[str, list[dict[str, Any]]]](LOOK_SECONDS, 1, time.monotonic)

    def routes(self) -> list[Route]:
        """`/`, and `/look/…` for what belongs to it."""
        return [
            Route("/", self.show),
            Route("/look/parts", self.show_parts),
            *(Route(f"/look/{name}", _file(asset(name), kind)) for name, kind in _FILES.items()),
        ]

    async def show(self, request: Request) -> Response:
        """The page; with `?trace=LABEL` the trace of that cylinder as well. 503 where the archive does not answer."""
        code = bare(request.query_params.get("trace", "").strip())
        standing, _ = await self._parts.get("", self._stand)
        since, alerts, traced, status = "", None, None, HTTPStatus.OK
        try:
            async with asyncio.timeout(ARCHIVE_SECONDS):
                (since, alerts), _ = await self._alerts.get("", self._last_alerts)
                traced = await self._readers.ask(_traced, self._trace, code) if code else None
        except (TimeoutError, ClickHouseError, OSError):
            status = HTTPStatus.SERVICE_UNAVAILABLE
        if code and traced is None and status == HTTPStatus.OK:
            status = HTTPStatus.NOT_FOUND
        return page(
            "look.html", POLICY_OF_FILES, status, _NO_STORE, parts=standing, alerts=alerts, since=since, code=code,
            traced=traced, clock=_clock, names=SCAN_NAMES,
        )  # fmt: skip

    async def show_parts(self, _request: Request) -> Response:
        """How the parts stand, as the page shows it."""
        standing, _ = await self._parts.get("", self._stand)
        return page("look_parts.html", POLICY_OF_FILES, HTTPStatus.OK, _NO_STORE, parts=standing)

    async def _stand(self) -> list[Part]:
        return await parts(self._neighbours, self._readers, self._sink)

    async def _last_alerts(self) -> tuple[str, list[dict[str, Any]]]:
        return await self._readers.ask(_alerts)


def _alerts(client: Client) -> tuple[str, list[dict[str, Any]]]:
    # The place first: what comes between the two is told twice rather than not at all.
    return written(stand(client)), reading.standing_alerts(client, limit=ALERTS)


def _traced(client: Client, question: Any, code: str) -> Any:
    label = reading.known_label(client, code)
    return None if label is None else question(client, label)


def _clock(time: str) -> str:
    """Day and time in Shanghai; a mere day stays one."""
    return time if len(time) == 10 else f"{datetime.fromisoformat(time).astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _file(text: str, kind: str) -> Any:
    async def show(_request: Request) -> Response:
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        return Response(text, headers=headers, media_type=kind)

    return show
