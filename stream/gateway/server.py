"""The gateway: an ASGI app on uvicorn, with its Kafka threads beside it.

Why uvicorn and no framework on the post's path: in interleaved runs on 2 cores a single-scan post cost 59 µs CPU so,
1.6 times that through starlette, 1.1 on granian, 1.4 on aiohttp, 5.7 on hypercorn; batches of 500 differ by a tenth,
since decoding them dominates (docs/choices.md has the table and how it was measured).
"""

import asyncio
import gc
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from processors.model import Tick, encode
from stream import kafka, metrics, topics
from stream.alias_feed import AliasFeed
from stream.gateway.admission import Admission
from stream.gateway.answers import Answers
from stream.gateway.body import read_body
from stream.gateway.last import LastScans
from stream.gateway.log import Log, Record
from stream.gateway.own import OwnPlaces
from stream.gateway.problems import Reply, answer, problem
from stream.gateway.scans import ScanPost
from stream.gateway.sent import SentScans
from stream.gateway.tokens import Tokens
from stream.registry_feed import RegistryFeed
from stream.settings import Settings, SettingsError

# Two a second: a second key counts when the time has passed in every partition, and is to alert within a second.
_TICK_SECONDS = 0.5
_LAST_OF_DEVICE = re.compile(r"/v1/devices/(.+)/last")
_log = logging.getLogger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Gateway:
    """The ASGI app. Its parts live from lifespan start-up to shutdown."""

    def __init__(self, settings: Settings) -> None:
        metrics.begin_at_zero()
        self._settings = settings
        self._feed = RegistryFeed(settings, "gateway")
        self._alias_feed = AliasFeed(settings, "gateway")
        own = OwnPlaces()
        self._log = Log(settings, own)
        self._answers = Answers(settings)
        tokens = Tokens(settings.token_key.get_secret_value())
        registry, aliases, sent = self._feed.registry, self._alias_feed.aliases, SentScans()
        self._admission = Admission(registry, aliases, tokens, settings.schedule, sent, trial=settings.insecure_devices)
        self._last = LastScans(settings, sent, own)
        self._post = ScanPost(self._admission, self._log, self._answers, self._feed, self._last)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            status = HTTPStatus.INTERNAL_SERVER_ERROR.value  # what uvicorn answers when this breaks
            try:
                reply = await self._route(scope, receive)
                status = reply.status
            finally:
                if scope["path"].startswith("/v1/"):
                    metrics.REQUESTS.labels(status).inc()
            headers = [(b"content-length", b"%d" % len(reply.body)), *reply.headers]
            await send({"type": "http.response.start", "status": reply.status, "headers": headers})
            await send({"type": "http.response.body", "body": reply.body})

    async def _route(self, scope: Scope, receive: Receive) -> Reply:
        match scope["path"], scope["method"]:
            case "/v1/scans", "POST":
                return await self._scans(scope, receive)
            case "/healthz", "GET":
                return answer(HTTPStatus.OK, {"status": "ok"})
            case "/readyz", "GET":
                ready = self._answers.ready
                status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
                return answer(status, {"status": "ok" if ready else "starting"})
            case "/metrics", "GET":
                return Reply(200, generate_latest(), [(b"content-type", CONTENT_TYPE_LATEST.encode())])
            case ("/v1/scans" | "/healthz" | "/readyz" | "/metrics") as path, _:
                allow = b"POST" if path == "/v1/scans" else b"GET"
                return _only(path, allow)
            case path, method if device := _LAST_OF_DEVICE.fullmatch(path):
                return self._last.reply(device[1]) if method == "GET" else _only(path, b"GET")
        return problem(HTTPStatus.NOT_FOUND, "scans are posted to /v1/scans")

    async def _scans(self, scope: Scope, receive: Receive) -> Reply:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        declared = headers.get(b"content-length")
        body = await read_body(
            receive,
            headers.get(b"content-encoding", "").strip().lower(),
            int(declared) if declared and declared.isdigit() else None,
        )
        if isinstance(body, Reply):
            return body
        content_type = headers.get(b"content-type", "").partition(";")[0].strip().lower()
        return await self._post.handle(body, content_type, headers.get(b"prefer", ""))

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            async with self._running():
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except kafka.BrokerError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.shutdown.complete"})

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        # Nothing is answered, `/readyz` neither, before both are read to their ends: a scan that came sooner would enter
        # Kafka under another key than its cylinder's.
        await asyncio.to_thread(self._feed.start)
        # Now, and not in the first post that carries an identity number: it takes seconds for a city.
        await asyncio.to_thread(self._feed.registry.index_tokens)
        await asyncio.to_thread(self._alias_feed.start)
        self._answers.start()
        await asyncio.to_thread(self._last.start)
        _collect_less()
        ticking = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            ticking.cancel()
            await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._last.close()
        self._answers.close()
        self._log.close()
        self._alias_feed.close()
        self._feed.close()

    async def _tick(self) -> None:
        """Each second a tick into every partition, so that time passes where no scan does (domain.md 5.6).

        In a trial the clock is the posters': before the first post there is no tick, and the wall clock is never told
        once a post has carried `received`.
        """
        partitions = await asyncio.to_thread(kafka.partitions_of, self._log.client, topics.SCANS.name)
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            now = self._admission.clock(datetime.now(UTC))
            if now is not None:
                value = encode(Tick(now))
                for partition in partitions:
                    self._log.send(Record(topics.SCANS.name, None, value, partition=partition))
                metrics.TICKS.inc(len(partitions))


def _collect_less() -> None:
    """Rings are few here, and what is loaded by now stays.

    To look through the modules, the registry and young objects each few hundred cost 0.8 µs a scan in batches of 500.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _only(path: str, allow: bytes) -> Reply:
    return problem(HTTPStatus.METHOD_NOT_ALLOWED, f"{path} takes {allow.decode()}", [(b"allow", allow)])


def run(settings: Settings) -> None:
    """Serve until SIGTERM. Raises SettingsError: this version cannot check signatures yet."""
    if not settings.insecure_devices:
        raise SettingsError("insecure_devices: this version takes unsigned scans only; say so with --insecure-devices")
    _log.warning("INSECURE: scans are taken unsigned and may name their own arrival (--insecure-devices)")
    config = uvicorn.Config(
        Gateway(settings),
        host=settings.host,
        port=settings.gateway_port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level=settings.log_level,
        timeout_graceful_shutdown=5,  # a half-sent body would hold the process for ever
        limit_concurrency=2000,
    )
    uvicorn.Server(config).run()
