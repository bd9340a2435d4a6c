"""Alerts as they reach the archive, to all who listen: the archive is looked at once a second, however many there are.

On an exception of the archive nothing is told until it answers again, and nothing is left out then. A listener that reads
too slowly is dropped, and comes back with the place where it was.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from clickhouse_connect.driver.exceptions import ClickHouseError

from sinks.query.alert_log import Entry, Place, between, stand
from sinks.query.readers import Readers

LOOK_SECONDS: Final = 1.0
LISTENERS: Final = 200
WAITING: Final = 2_000  # entries that wait for a slow listener

_LOG = logging.getLogger(__name__)

Queue = asyncio.Queue[Entry | None]


class FullError(Exception):
    """There are `LISTENERS` already."""


class AlertHub:
    """Belongs to one event loop. Looks at the archive only while somebody listens."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._queues: set[Queue] = set()
        self._place: Place = {}
        self._looking: asyncio.Task[None] | None = None
        self._starting: asyncio.Lock | None = None
        self._ended = False

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[tuple[Place, Callable[[], Awaitable[Entry | None]]]]:
        """Where the archive stands, and what to call for each entry after that; it gives None when this is the end.

        Raises FullError, or ClickHouseError where the archive does not say where it stands.
        """
        if len(self._queues) >= LISTENERS:
            raise FullError
        self._starting = self._starting or asyncio.Lock()
        async with self._starting:
            if self._looking is None:
                self._place = await self._readers.ask(stand)
                self._looking = asyncio.create_task(self._look())
        queue: Queue = asyncio.Queue(WAITING)
        self._queues.add(queue)
        if self._ended:
            queue.put_nowait(None)
        try:
            yield dict(self._place), queue.get
        finally:
            self._queues.discard(queue)
            if not self._queues and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    def end(self) -> None:
        """Tell everybody that this is the end; the server is about to stop."""
        self._ended = True
        for queue in self._queues:
            _end(queue)

    async def _look(self) -> None:
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                await self._look_once()
        finally:
            # Where this was no order from `listening` but a bug, nobody may wait for what never comes.
            if self._looking is asyncio.current_task():
                self._looking = None
                for queue in self._queues:
                    _end(queue)

    async def _look_once(self) -> None:
        try:
            now = await self._readers.ask(stand)
            while entries := await self._readers.ask(between, self._place, now):
                self._place = entries[-1].place
                self._tell(entries)
        except (ClickHouseError, OSError) as error:
            _LOG.warning("no alerts for those who listen: %s", error)
        else:
            self._place = {**self._place, **now}

    def _tell(self, entries: list[Entry]) -> None:
        for queue in list(self._queues):
            try:
                for entry in entries:
                    queue.put_nowait(entry)
            except asyncio.QueueFull:
                self._queues.discard(queue)
                _end(queue)


def _end(queue: Queue) -> None:
    while queue.full():
        queue.get_nowait()
    queue.put_nowait(None)
