"""`GET /v1/alerts/stream`: alerts as server-sent events, and none left out where a listener comes back.

Each event is one record of one authority's topic, as it was told; of several with one `alert_id` the last stands. Its id is
a place in the log (alert_log.py): `Last-Event-ID`, or `since` where a browser cannot send it, says where to go on.
Without either it begins with what comes next. An id of another archive's topics counts for nothing: all is told then.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Final

from clickhouse_connect.driver.exceptions import ClickHouseError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from processors.labels import bare
from sinks.query.alert_hub import AlertHub, FullError
from sinks.query.alert_log import Entry, Place, between, parsed, written
from sinks.query.readers import Readers
from stream import topics

SIGN_OF_LIFE_SECONDS: Final = 15.0  # a comment, so that no proxy takes a quiet city for a dead connection
COME_BACK_MS: Final = 2_000
FILTERS: Final = ("authority", "code", "label", "district")
MEDIA_TYPE: Final = "text/event-stream"

_LOG = logging.getLogger(__name__)

Wait = Callable[[], Awaitable[Entry | None]]


class AlertStream:
    """The route. `end` lets go of all listeners, so that the server may stop."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._hub = AlertHub(readers)
        self.end = self._hub.end

    def routes(self) -> list[Route]:
        """`/v1/alerts/stream`."""
        return [Route("/v1/alerts/stream", self.listen)]

    async def listen(self, request: Request) -> Response:
        """Answers until the listener hangs up. 400 for a wrong filter or place, 503 where there are too many listeners."""
        asked = request.query_params
        authority = asked.get("authority")
        if authority is not None and authority not in topics.AUTHORITIES:
            raise HTTPException(400, f"authority: one of {', '.join(topics.AUTHORITIES)} wanted")
        last = request.headers.get("last-event-id") or asked.get("since")
        try:
            since = None if last is None else parsed(last)
        except ValueError:
            raise HTTPException(400, "Last-Event-ID: the id of an event of this stream wanted") from None
        wanted = {name: asked[name] for name in FILTERS if name in asked}
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"}
        if request.method == "HEAD":
            return Response(headers=headers, media_type=MEDIA_TYPE)
        open_for = AsyncExitStack()
        try:
            here, wait = await open_for.enter_async_context(self._hub.listening())
        except FullError:
            raise HTTPException(503, "too many listen already") from None
        events = self._events(here if since is None else since, here, wait, wanted)
        return _Listened(open_for, events, headers)

    async def _events(self, since: Place, here: Place, wait: Wait, wanted: dict[str, str]) -> AsyncIterator[bytes]:
        place: Place = {partition: since.get(partition, 0) for partition in here}
        # An id without data is no event, but the listener remembers it: it may come back before the first alert.
        yield f"retry: {COME_BACK_MS}\nid: {written(place)}\n\n".encode()
        try:
            while entries := await self._readers.ask(between, place, here):
                place = entries[-1].place
                for entry in entries:
                    if _is_wanted(entry, wanted):
                        yield _event(entry)
        except (ClickHouseError, OSError) as error:
            _LOG.warning("a listener has to come back: %s", error)
            return
        while True:
            try:
                async with asyncio.timeout(SIGN_OF_LIFE_SECONDS):
                    told = await wait()
            except TimeoutError:
                yield b":\n\n"
                continue
            if told is None:
                return
            if _is_wanted(told, wanted):
                yield _event(told)


class _Listened(StreamingResponse):
    """Whatever becomes of the answer, be it never begun, the listener is let go at its end."""

    def __init__(self, open_for: AsyncExitStack, events: AsyncIterator[bytes], headers: dict[str, str]) -> None:
        super().__init__(events, headers=headers, media_type=MEDIA_TYPE)
        self._open_for = open_for

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._open_for:
            await super().__call__(scope, receive, send)


def _is_wanted(entry: Entry, wanted: dict[str, str]) -> bool:
    return (
        wanted.get("authority", entry.authority) == entry.authority
        and wanted.get("code", entry.code) == entry.code
        and bare(wanted.get("label", entry.label)) == entry.label
        and ("district" not in wanted or wanted["district"] in entry.districts)
    )


def _event(entry: Entry) -> bytes:
    lines = "".join(f"data: {line}\n" for line in entry.alert.replace("\r", "").split("\n"))
    return f"id: {written(entry.place)}\nevent: alert\n{lines}\n".encode()
