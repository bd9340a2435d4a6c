"""Runs the sink, the query service, or both in one process.

An embedded archive has one owner: both then run here, the sink in a thread, HTTP in the main one. On exception in the
sink the process ends with it, for a query service over a dead sink would look well and grow old. On SIGTERM or SIGINT the
sink inserts and commits what it holds, HTTP finishes what it answers, and the process ends with 0.
"""

import logging
import signal
import socket
import threading

import uvicorn
from starlette.applications import Starlette

from sinks import archive
from sinks.archive import Health, Observer
from sinks.connection import is_embedded
from sinks.query.health import health_routes
from sinks.query.server import QueryService
from stream.settings import Settings

_LOG = logging.getLogger(__name__)


def serve(settings: Settings, observer: Observer, *, sink: bool, query: bool) -> int:
    """Run until told to stop; returns the process's exit code: 0 told to stop, 1 the sink or HTTP failed.

    With an embedded archive asking for either brings both. HTTP listens on `query_port`, of a sink alone on `sink_port`.
    """
    if is_embedded(settings.clickhouse):
        sink = query = True
    health = Health() if sink else None
    service = QueryService(settings, health) if query else None
    app = service.app() if service else _sink_app(health)
    port = settings.query_port if query else settings.sink_port
    server = Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=5,
            forwarded_allow_ips=settings.trusted_proxies,
        ),
        service,
    )
    # uvicorn raises the signals it caught once more when it is done: by then they should do nothing but this.
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: setattr(server, "should_exit", True))
    thread = _SinkThread(settings, observer, health, server) if health else None
    if thread:
        thread.start()
    failed = False
    try:
        server.run()
    except SystemExit:  # the port is taken
        failed = True
    finally:
        if thread:
            thread.stop.set()
            thread.join()
    return int(failed or (thread is not None and thread.failed))


class Server(uvicorn.Server):
    """Tells those who listen to alerts that this is the end: they would hold the process for as long as it may take."""

    def __init__(self, config: uvicorn.Config, service: QueryService | None) -> None:
        super().__init__(config)
        self._service = service

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._service is not None:
            self._service.end_streams()
        await super().shutdown(sockets)


class _SinkThread(threading.Thread):
    def __init__(self, settings: Settings, observer: Observer, health: Health, server: uvicorn.Server) -> None:
        super().__init__(name="sink")
        self.stop = threading.Event()
        self.failed = False
        self._settings = settings
        self._observer = observer
        self._health = health
        self._server = server

    def run(self) -> None:
        try:
            archive.run(self._settings, self.stop, self._observer, self._health)
        except BaseException:
            _LOG.exception("the sink failed, the process ends")
            self.failed = True
        finally:
            self._server.should_exit = True


def _sink_app(health: Health | None) -> Starlette:
    async def why_not_ready() -> str | None:
        return None if health is None or health.ready else health.failure or "the sink has no partitions yet"

    return Starlette(routes=health_routes(why_not_ready, health))
