"""A chunk of `holders` in, everything it causes out: the second key, customer or vehicle. Sans-IO, as `chunk.py`.

Order: the changes of several partitions of `scans` come interleaved as their workers get on; in a backlog one may be hours
of the arrival clock ahead of another. A count must not see what arrived later, nor miss what arrived earlier. So a
change is held back (`tables/held.py`) until every partition of `scans` has passed on a tick that is at or past its arrival
clock: a partition tells its changes before its tick, hence nothing earlier can come any more. Then it is taken, after
what fell due before it: every count is made as `pingliu judge` makes it over the same arrivals in one line. Of equal
clocks that came in together the lower partition of `scans` goes first, since there is no other order to know.

Delay: ticks come twice a second into every partition of `scans`, all at one moment: a change waits for the next one, half a
second at most and a quarter of one on average, and then as long as that tick takes through both agents. A low-traffic city
waits no longer than a busy one. What waits for a later moment (27, 31's number) waits by the same clock and no longer.

A partition of `scans` that ticks no more (none of its records can be read; with the gateway down no scans come either)
stops the clock, and what comes is held. Not without bound: of more than `_MOST_HELD` the first in order is taken and
told of without waiting; what then comes late is counted late, and nothing is lost.

Replay: of a partition of `scans` what was heard before is passed over. Of our own log, what the changelog's position
includes is passed over, and what a key's own state includes is not taken again (a crash cut the changelog's group short).
What is taken at a record follows from the log up to it alone and not from chunks, so that it is the same again.
"""

import logging
from collections.abc import Generator, Iterable
from typing import Any

import msgspec
from msgspec import Struct

from processors import second_key
from processors.holder import Holder
from processors.model import Instant
from processors.parameters import Schedule
from processors.registry import Registry
from processors.times import instant
from stream import topics
from stream.lane.effects import Effects
from stream.tables.held import Waiting
from stream.tables.partition import Partition

_log = logging.getLogger(__name__)
_TICK = b'{"type":"tick"'

# About 1 kB each. A city's 600,000 scans a day make some 450,000 changes: a day of a partition of twelve and more.
_MOST_HELD = 50_000
_A_PIECE = 16  # changes, or states to be packed


class PassedOn(Struct):
    """Time passed in a partition of `scans`."""

    partition: int
    received: Instant


_decode_tick = msgspec.json.Decoder(PassedOn).decode


class HolderJudge:
    """Looks at what customers and vehicles have. `partitions` is how many there are of `scans`: the clock wants all."""

    def __init__(self, registry: Registry, schedule: Schedule, partitions: int, most_held: int = _MOST_HELD) -> None:
        self._registry = registry
        self._schedule = schedule
        self._partitions = partitions
        self._most_held = most_held
        self._overfull: set[int] = set()

    def steps(self, number: int, state: Partition[Holder], records: Iterable[Any]) -> Generator[None, None, Effects]:
        """Take records of one partition of `holders` in order of offset; `state` is what it has, and is changed.

        In pieces of about a millisecond, between which verdicts get on: a tick lets go of all there was since the last. A
        chunk of scans has some eight turns of the loop between its arrival and its verdicts, and each may meet a piece. Until
        it has ended `state` is neither what it was nor what it will be.
        """
        position, turn = state.position, _Turn(state, Effects(number, topics.HOLDERS_CHANGELOG.name))
        state.is_between = True
        for record in records:
            if record.offset <= position.upto:
                continue
            low = position.clock
            try:
                if record.value.startswith(_TICK):
                    low = self._pass(_decode_tick(record.value), state)
                else:
                    state.held.hear(record.offset, record.key, record.value)
            except (msgspec.MsgspecError, UnicodeDecodeError, AttributeError) as error:
                _log.error("holders[%d] offset %d is not ours: %s", number, record.offset, error)
            position.upto = record.offset
            yield from self._go_on(low, turn)
        effects = yield from turn.close()
        state.is_between = False
        return effects

    def _pass(self, tick: PassedOn, state: Partition[Holder]) -> int:
        """The clock after a tick: the lowest of the latest of all partitions."""
        ticks = state.position.ticks
        ticks[tick.partition] = max(instant(tick.received), ticks.get(tick.partition, 0))
        return max(state.position.clock, min(ticks.values()) if len(ticks) >= self._partitions else 0)

    def _go_on(self, low: int, turn: "_Turn") -> Generator[None, None, None]:
        """Take all whose turn it is by that clock, each after what fell due before it, and let the clock go on to it."""
        held, changed = turn.state.held, dict[str, Holder]()
        while held and (held.clock <= low or len(held) > self._most_held):
            if held.clock > low:
                self._complain(turn.effects.partition, turn.state)
            waiting = held.pop()
            self._advance(min(waiting.change.clock, low), turn)
            self._take(waiting, turn, changed)
            turn.taken += 1
            if turn.taken % _A_PIECE == 0:
                yield
        self._advance(low, turn)
        for holder in changed.values():
            holder.offset = turn.state.position.upto

    def _advance(self, clock: int, turn: "_Turn") -> None:
        state = turn.state
        if clock <= state.position.clock:
            return
        state.position.clock = clock
        for key, holder in state.past(clock):
            turn.touched[key] = holder
            turn.effects.alerts += second_key.fall_due(key, holder, clock, self._registry, self._schedule)
            state.keep(key, holder, 0)

    def _take(self, waiting: Waiting, turn: "_Turn", changed: dict[str, Holder]) -> None:
        key, change, state = waiting.key, waiting.change, turn.state
        state.position.taken[change.partition] = change.offset, change.place
        holder = state.get(key) or Holder()
        if state.position.upto <= holder.offset:
            return
        before = holder.alarm
        turn.effects.alerts += second_key.take(key, holder, change, self._registry, self._schedule)
        turn.touched[key] = changed[key] = holder
        state.keep(key, holder, before)

    def _complain(self, number: int, state: Partition[Holder]) -> None:
        if number not in self._overfull:
            self._overfull.add(number)
            slowest = min(range(self._partitions), key=lambda partition: state.position.ticks.get(partition, 0))
            _log.warning(
                "holders[%d]: over %d changes wait for the time to pass in scans[%d]; counting goes on without it",
                number, self._most_held, slowest,
            )  # fmt: skip


class _Turn:
    """A chunk while it is judged."""

    def __init__(self, state: Partition[Holder], effects: Effects) -> None:
        self.state = state
        self.effects = effects
        self.touched: dict[str, Holder] = {}
        self.taken = 0

    def close(self) -> Generator[None, None, Effects]:
        """The effects; state is packed now, since it goes on to change before this chunk is out."""
        state, effects, oldest = self.state, self.effects, self.state.held.oldest
        state.position.since = state.position.upto + 1 if oldest is None else oldest
        touched = list(self.touched)
        for first in range(0, len(touched), _A_PIECE):
            effects.touched |= state.pack(touched[first : first + _A_PIECE])
            yield
        effects.named = state.all_packed()
        effects.position = state.packed_position()
        return effects
