"""Queries run on a few threads, each with a client of its own: a client serves one query at a time."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, Final, ParamSpec, TypeVar

from sinks.connection import Client, connect_reader

THREADS: Final = 4

P = ParamSpec("P")
T = TypeVar("T")


class Readers:
    """Threads over one archive. Clients are made when first needed, so a server that is down fails the query alone."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._own = threading.local()
        self._clients: list[Client] = []
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="reader")

    async def ask(self, question: Callable[Concatenate[Client, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `question` answers, given a client first. Raises what it raises."""

        def answer() -> T:
            return question(self._client(), *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._pool, answer)

    def close(self) -> None:
        """End the threads, then their clients: an embedded archive stays open while one is."""
        self._pool.shutdown(cancel_futures=True)
        for client in self._clients:
            client.close()

    def _client(self) -> Client:
        client = getattr(self._own, "client", None)
        if client is None:
            client = self._own.client = connect_reader(self._dsn)
            self._clients.append(client)
        return client
