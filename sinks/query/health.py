"""What a supervisor asks: `/healthz` (is it alive), `/readyz` (may it serve), `/metrics`."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sinks.archive import Health
from sinks.query.problems import problem

Ready = Callable[[], Awaitable[str | None]]


def health_routes(ready: Ready, sink: Health | None) -> list[Route]:
    """`ready` answers why not, or None; `sink` is told of where the process runs one."""

    async def healthz(_request: Request) -> Response:
        body = {"status": "alive"} | ({"sink": asdict(sink)} if sink else {})
        return Response(msgspec.json.encode(body), media_type="application/json")

    async def readyz(_request: Request) -> Response:
        why_not = await ready()
        return problem(503, why_not) if why_not else Response(b'{"status":"ready"}', media_type="application/json")

    async def metrics(_request: Request) -> Response:
        return Response(await run_in_threadpool(generate_latest), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
