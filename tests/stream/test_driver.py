"""The consumer under the worker: what it waits for when it stops."""

import asyncio
from typing import Any

import faust
import mode
import pytest

from stream.lane.driver import ChunkTransport
from stream.lane.fetching import Fetching
from stream.liveness import Pulse
from stream.settings import Settings


class _Consumer(ChunkTransport.Consumer):
    """Its thread has ended, as after a crash while a commit was under way: the word of that never comes."""

    def _new_consumer_thread(self) -> Any:
        return mode.Service(loop=self.loop)

    async def commit(self, *_: Any, **__: Any) -> bool:
        return await asyncio.Future()


def _consumer() -> Any:
    app = faust.App("test", broker="kafka://127.0.0.1:1", loop=asyncio.get_running_loop())
    transport = ChunkTransport(app.conf.broker_consumer, app, Pulse(), lambda *_: None, Fetching(Settings(), 1))
    transport.Consumer = _Consumer
    return transport.create_consumer(_nothing, on_partitions_revoked=_nothing, on_partitions_assigned=_nothing)


async def _nothing(*_: Any) -> None:
    pass


async def _wait_empty(*, crashed: bool) -> None:
    consumer = _consumer()
    if crashed:
        await consumer.crash(RuntimeError("a chunk was not taken"))
    async with asyncio.timeout(1):
        await consumer.wait_empty()


def test_after_a_crash_nobody_waits_for_a_commit() -> None:
    asyncio.run(_wait_empty(crashed=True))


def test_in_order_what_was_acknowledged_is_committed_first() -> None:
    with pytest.raises(TimeoutError):
        asyncio.run(_wait_empty(crashed=False))
