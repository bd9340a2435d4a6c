"""A Faust transport that hands an agent everything that has arrived in a partition as one message.

Why: stock Faust pays over 200 µs a scan, nearly all of it per event. A chunk costs that once, whatever its length, and a
chunk is whatever has arrived (fetching.py), so that low load is not delayed.

Promise: a chunk's offset is its last record's; acknowledging it commits that offset plus one. Chunks of a partition are
delivered in order and, after a crash or a rebalance, again from the committed offset. The agent must run with
`concurrency=1` and acknowledge in order: then the highest acknowledged offset is safe to commit, and gaps (a chunk's own
inner offsets, to Faust's book-keeping) mean nothing. Other topics (changelogs in recovery) pass through unchanged.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import faust
from faust.transport.drivers import aiokafka as stock
from faust.types import TP

from stream import topics
from stream.lane.again import again_from
from stream.lane.fetching import Fetching, Record
from stream.liveness import Pulse

_IN_CHUNKS = frozenset({topics.SCANS.name, topics.HOLDERS.name})


class Chunk(list[Any]):
    """Records of one partition, in order of offset; each has `offset`, `timestamp` (ms), `key`, `value`."""


class _ChunkRecord:
    """What Faust wants to see of a record, for a whole chunk."""

    __slots__ = ("offset", "partition", "timestamp", "topic", "value")

    headers = ()
    key = None
    timestamp_type = 0
    checksum = None
    serialized_key_size = 0
    serialized_value_size = 0

    def __init__(self, place: TP, records: list[Record]) -> None:
        last = records[-1]
        self.topic, self.partition = place
        self.offset = last.offset
        self.timestamp = last.timestamp
        self.value = Chunk(records)


class _Thread(stock.AIOKafkaConsumerThread):
    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """What we fetch ourselves aiokafka does not; it goes on to keep the positions."""
        for tp in assigned:
            if tp.topic in _IN_CHUNKS:
                self._ensure_consumer()._subscription.pause(tp)
        await super().on_partitions_assigned(assigned, generation_id)

    def positions(self, partitions: Iterable[TP]) -> dict[TP, Any]:
        """aiokafka's word on each that is assigned to us and has its place by now: `position`, and `consumed_to`."""
        subscription = self._ensure_consumer()._subscription.subscription
        assignment = subscription and subscription.assignment
        states = {tp: assignment.state_value(tp) for tp in partitions} if assignment else {}
        return {tp: state for tp, state in states.items() if state is not None and state.has_valid_position}

    def fetch_context(self) -> AbstractContextManager[None]:
        """While it is open, aiokafka takes the consumer for one that polls."""
        context: AbstractContextManager[None] = self._ensure_consumer()._subscription.fetch_context()
        return context


class _Consumer(stock.Consumer):
    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Offsets inside a chunk are not missing."""

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's signature
        ours = {tp for tp in active_partitions or () if tp.topic in _IN_CHUNKS}
        if not ours:
            return await super()._getmany(active_partitions, timeout)
        fetching = self.transport.fetching
        with self._thread.fetch_context():
            await fetching.arrived(_offsets(self._thread.positions(ours)), timeout)
        if not self.flow_active:  # a rebalance has begun; Faust goes back to what is committed
            return {}
        states = self._thread.positions(self._get_active_partitions() & ours)
        found = fetching.take(_offsets(states))
        for tp, records in found.items():
            states[tp].consumed_to(records[-1].offset + 1)
        return {tp: [_ChunkRecord(tp, records)] for tp, records in found.items()}

    def highwater(self, tp: TP) -> Any:
        return self.transport.fetching.end(tp) if tp.topic in _IN_CHUNKS else super().highwater(tp)

    async def on_stop(self) -> None:
        await asyncio.to_thread(self.transport.fetching.close)
        await super().on_stop()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        self.transport.fetching.drop(revoked)
        self.transport.pulse.expect()
        self.transport.hurry()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        pulse = self.transport.pulse
        pulse.rest()  # state is restored in here
        await super().on_partitions_assigned(assigned, generation_id)
        if assigned:
            pulse.expect()

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Where the group has come to; or to where our state ends, where a changelog that lost its end fell behind."""
        found = dict(await super().seek_to_committed())
        for tp, committed in found.items():
            upto = self.transport.state_upto(tp.topic, tp.partition)
            if committed is not None and upto is not None and upto + 1 < committed:
                earliest = (await self.earliest_offsets(tp))[tp]
                found[tp] = again_from(f"{tp.topic}[{tp.partition}]", upto, committed, earliest)
                await self._seek(tp, found[tp])
        return found

    async def wait_empty(self) -> None:
        """Not after a crash: the thread that commits has ended, and whoever waits for its word waits for ever."""
        if not self.crashed:
            await super().wait_empty()

    async def perform_seek(self) -> None:
        await super().perform_seek()
        ours = (tp for tp in self.assignment() if tp.topic in _IN_CHUNKS)
        self.transport.pulse.begin({tp: self._committed_offset.get(tp) for tp in ours})

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        done: bool = await super()._commit(offsets)
        if done:
            self.transport.pulse.commit(offsets)
        return done

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """Of a changelog: where our restore of it ended.

        Faust asks before its own recovery, and has none to do. It would wait for ever for the end of the last transaction,
        a record that no consumer is given.
        """
        restored = self.app.tables.recovery.active_offsets
        found: Mapping[TP, int] = await super().highwaters(*partitions)
        return {tp: restored[tp] + 1 if restored.get(tp) is not None else end for tp, end in found.items()}

    def _new_offset(self, tp: TP) -> int | None:
        acked = self._acked[tp]
        if not acked:
            return None
        highest: int = max(acked)
        acked.clear()
        self._acked_index[tp].clear()
        return highest + 1


def _offsets(states: Mapping[TP, Any]) -> dict[TP, int]:
    return {tp: state.position for tp, state in states.items()}


class ChunkTransport(stock.Transport):
    """Give this to the app: `app.transport = ChunkTransport(app.conf.broker_consumer, app, pulse, upto, fetching)`."""

    Consumer = _Consumer

    def __init__(
        self, url: Any, app: faust.App, pulse: Pulse, state_upto: Callable[[str, int], int | None], fetching: Fetching
    ) -> None:
        """`pulse` is told how the consumer gets on; `state_upto`: how far the state of a partition goes, if it is ours."""
        super().__init__(url, app)
        self.fetching = fetching
        self.pulse = pulse
        self.state_upto = state_upto
        self.hurry: Callable[[], None] = lambda: None
        """Called when partitions are about to go."""


class ChunkSchema(faust.Schema):
    """Leaves chunks as they are: decoding is the lane's, once for all of them."""

    def loads_key(self, app: Any, message: Any, **_: Any) -> None:  # noqa: ARG002 - Faust's signature
        return None

    def loads_value(self, app: Any, message: Any, **_: Any) -> Any:  # noqa: ARG002 - Faust's signature
        return message.value
