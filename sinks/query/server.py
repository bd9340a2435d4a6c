"""The query service (contract.md, HTTP): what the archive knows, as JSON, and the pages for people. It only reads, but for
the look-ups that the public page posts to the gateway.

On exception: the question asked fails with a problem document, 503 where the archive did not answer. A kill -9 loses
nothing, there being nothing to lose.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

import msgspec
from clickhouse_connect.driver.exceptions import ClickHouseError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from processors.labels import bare
from sinks.archive import Health
from sinks.connection import Client
from sinks.query import cylinders, reading, traces
from sinks.query.alert_stream import AlertStream
from sinks.query.health import health_routes
from sinks.query.look import Look
from sinks.query.lookup import Lookups
from sinks.query.neighbours import Neighbours
from sinks.query.problems import HANDLERS
from sinks.query.public_page import PublicPage
from sinks.query.readers import Readers
from sinks.query.stand import probe
from stream import topics
from stream.settings import Settings

LIMIT: Final = 100
LIMIT_AT_MOST: Final = 1_000


class QueryService:
    """The routes over one archive. `sink` is the health of the sink in this process, where there is one."""

    def __init__(self, settings: Settings, sink: Health | None = None) -> None:
        schedule = settings.schedule
        self._readers = Readers(settings.clickhouse)
        self._neighbours = Neighbours(settings)
        self._public = PublicPage(settings, Lookups(settings, self._neighbours, self._readers))
        self._look = Look(self._readers, self._neighbours, schedule, sink)
        self._stream = AlertStream(self._readers)
        self._cylinder = partial(cylinders.cylinder, schedule=schedule)
        self._trace = partial(traces.trace, schedule=schedule)
        self._sink = sink

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/v1/cylinders/{label:path}/history", self.history),
                Route("/v1/cylinders/{label:path}/trace", self.trace),
                Route("/v1/cylinders/{label:path}", self.cylinder),
                Route("/v1/alerts", self.alerts),
                *self._stream.routes(),
                *self._public.routes(),
                *self._look.routes(),
                *health_routes(self.why_not_ready, self._sink),
            ],
            exception_handlers=HANDLERS,
            lifespan=self._lifespan,
        )

    async def cylinder(self, request: Request) -> Response:
        """The cylinder as the archive last knows it."""
        return _json(_found(await self._readers.ask(_of_label, self._cylinder, _code(request))))

    async def trace(self, request: Request) -> Response:
        """Every hand it passed through."""
        return _json(_found(await self._readers.ask(_of_label, self._trace, _code(request))))

    async def history(self, request: Request) -> Response:
        """A page of its scans with their verdicts, newest last; `before` of one page asks for the one before it."""
        limit, before = _limit(request), _before(request)

        def page(client: Client, label: str) -> dict[str, Any]:
            rows = reading.history(client, label, limit, before)
            return {
                "label": label,
                "scans": [
                    {
                        "partition": row.partition,
                        "offset": row.offset,
                        "revised": row.revision > 0,
                        "scan": reading.scan_json(row),
                        "verdict": reading.verdict_json(row),
                    }
                    for row in rows
                ],
                "before": f"{rows[0].time}.{rows[0].offset}" if len(rows) == limit else None,
            }

        return _json(_found(await self._readers.ask(_of_label, page, _code(request))))

    async def alerts(self, request: Request) -> Response:
        """Alerts as they stand, newest first."""
        asked = request.query_params
        authority = asked.get("authority")
        if authority is not None and authority not in topics.AUTHORITIES:
            raise HTTPException(400, f"authority: one of {', '.join(topics.AUTHORITIES)} wanted")
        found = await self._readers.ask(
            reading.standing_alerts,
            labels=[bare(asked["label"])] if "label" in asked else [],
            authority=authority,
            code=asked.get("code"),
            limit=_limit(request),
        )
        return _json({"alerts": found})

    async def why_not_ready(self) -> str | None:
        """Ready is: the sink has its partitions, where there is one here, and the archive answers."""
        if self._sink is not None and not self._sink.ready:
            return self._sink.failure or "the sink has no partitions yet"
        try:
            await self._readers.ask(probe)
        except ClickHouseError:
            return "the archive does not answer"
        return None

    def end_streams(self) -> None:
        """Let go of all who listen to alerts: a server that is told to stop waits for its answers to end."""
        self._stream.end()

    def close(self) -> None:
        """Let go of the archive; the application does so when its server ends."""
        self._readers.close()

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        yield
        await self._neighbours.close()
        self.close()


def _of_label(client: Client, question: Any, code: str) -> Any:
    label = reading.known_label(client, code)
    return None if label is None else question(client, label)


def _code(request: Request) -> str:
    return bare(request.path_params["label"])


def _found(answer: Any) -> Any:
    if answer is None:
        raise HTTPException(404, "no scan of this label is known")
    return answer


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(LIMIT))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LIMIT_AT_MOST):
        raise HTTPException(400, f"limit: 1 to {LIMIT_AT_MOST} wanted")
    return int(text)


def _before(request: Request) -> reading.Page | None:
    text = request.query_params.get("before")
    if text is None:
        return None
    time, _, offset = text.partition(".")
    if not (text.isascii() and time.lstrip("-").isdigit() and offset.isdigit() and len(text) <= 40):
        raise HTTPException(400, "before: what the `before` of a page says wanted")
    return int(time), int(offset)


def _json(answer: Any) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")
