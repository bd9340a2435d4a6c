"""A chunk of `holders` in, everything it causes out: the second key, customer or vehicle. Sans-IO, as `chunk.py`.

Replay: a partition of `scans` tells what came or left in order of offset, and after a crash some of it again: what lies
before the latest heard of that partition is passed over, and the latest again changes nothing (one scan may say two
things). Of our own log, what the changelog's position or the key's own state includes is passed over.
"""

import logging
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from processors import second_key
from processors.holder import Change, Holder, decode_change
from processors.model import Instant
from processors.parameters import Schedule
from processors.registry import Registry
from processors.times import instant
from stream import topics
from stream.lane.effects import Effects
from stream.tables.partition import Partition

_log = logging.getLogger(__name__)
_TICK = b'{"type":"tick"'


class PassedOn(Struct):
    """Time passed in a partition of `scans`."""

    partition: int
    received: Instant


_decode_tick = msgspec.json.Decoder(PassedOn).decode


class HolderJudge:
    """Looks at what customers and vehicles have. `partitions` is how many there are of `scans`: the clock wants all."""

    def __init__(self, registry: Registry, schedule: Schedule, partitions: int) -> None:
        self._registry = registry
        self._schedule = schedule
        self._partitions = partitions

    def judge(self, number: int, state: Partition[Holder], records: Iterable[Any]) -> Effects:
        """Take records of one partition of `holders` in order of offset; `state` is what it has, and is changed."""
        effects = Effects(number, topics.HOLDERS_CHANGELOG.name)
        touched: dict[str, None] = {}
        for record in records:
            if record.offset <= state.position.upto:
                continue
            try:
                if record.value.startswith(_TICK):
                    self._pass(_decode_tick(record.value), state, effects, touched)
                else:
                    self._take(record.offset, record.key.decode(), decode_change(record.value), state, effects, touched)
            except (msgspec.MsgspecError, UnicodeDecodeError, AttributeError) as error:
                _log.error("holders[%d] offset %d is not ours: %s", number, record.offset, error)
            state.position.upto = record.offset
        _, effects.touched = state.put_away(touched)
        effects.position = state.packed_position()
        return effects

    def _take(
        self,
        offset: int,
        key: str,
        change: Change,
        state: Partition[Holder],
        effects: Effects,
        touched: dict[str, None],
    ) -> None:
        heard = state.position.heard
        if change.offset < heard.get(change.partition, -1):
            return
        heard[change.partition] = change.offset
        holder = state.get(key) or Holder()
        if offset <= holder.offset:
            return
        holder.offset = offset
        before = holder.alarm
        effects.alerts += second_key.take(key, holder, change, self._registry, self._schedule)
        state.keep(key, holder, before)
        touched[key] = None

    def _pass(self, tick: PassedOn, state: Partition[Holder], effects: Effects, touched: dict[str, None]) -> None:
        position = state.position
        position.ticks[tick.partition] = max(instant(tick.received), position.ticks.get(tick.partition, 0))
        if len(position.ticks) < self._partitions:
            return
        position.clock = max(position.clock, min(position.ticks.values()))
        for key, holder in state.past(position.clock):
            touched[key] = None
            effects.alerts += second_key.fall_due(key, holder, position.clock, self._registry, self._schedule)
            state.keep(key, holder, 0)
