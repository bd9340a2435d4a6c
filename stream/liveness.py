"""A worker that stands still ends, with a line that says where, and is started again by whoever runs it.

A consumer can die without a word: its heartbeats go on, the group keeps it, and nobody judges its partitions. So a thread
asks the broker itself how far it is: a partition that has records and of which nothing was committed for `stuck_seconds`
is stuck, and so is a worker that was given partitions and does not begin. What does not count: time in which the broker does
not answer, in which the process was stopped, or in which state is restored (restore.py has a limit of its own).

- When it is stuck: every thread's stack to stderr, and an exit as hard as kill -9, for an event loop that is blocked hears
  nothing softer. What that leaves is what any crash leaves.
- An exception in here ends the process (stream/vital.py): a worker without a watch is not to go on.
"""

import faulthandler
import logging
import os
import threading
import time
from collections.abc import Mapping
from typing import Any, NoReturn

from confluent_kafka import Consumer, KafkaException, TopicPartition

from stream import kafka, topics
from stream.settings import Settings
from stream.vital import VitalThread

_log = logging.getLogger(__name__)
_LOOKS = 10  # in `stuck_seconds`
_ANSWER_SECONDS = 5.0

Place = tuple[str, int]  # topic, partition


class Pulse:
    """What the consumer tells of itself: how far each partition is committed, None while none is judged."""

    def __init__(self) -> None:
        self._committed: dict[Place, int] | None = None
        self._is_due = self._rests = False
        self._beat = time.monotonic()

    def rest(self) -> None:
        """Nothing is to be expected: no partitions, or their state is being restored."""
        self._committed, self._is_due, self._rests = None, False, True

    def expect(self) -> None:
        """Partitions are about to come or go: soon there must be some judging."""
        self._committed, self._is_due, self._rests = None, True, False

    def begin(self, positions: Mapping[Any, int | None]) -> None:
        """Judging begins, at these offsets by partition; not at rest, where Faust may seek too."""
        if self._rests:
            return
        self._is_due = False
        self._committed = {(tp.topic, tp.partition): offset or 0 for tp, offset in positions.items()}

    def commit(self, offsets: Mapping[Any, int]) -> None:
        """These offsets are committed."""
        self._beat = time.monotonic()
        if self._committed is not None:
            self._committed.update({(tp.topic, tp.partition): offset for tp, offset in offsets.items()})

    @property
    def age(self) -> float:
        """Seconds since the last commit, or since the start."""
        return time.monotonic() - self._beat

    @property
    def watched(self) -> dict[Place, int]:
        """What must get on, and how far it is: partitions by their offsets; of a worker that is to begin, itself."""
        if self._committed is not None:
            return dict(self._committed)
        return {("", 0): 0} if self._is_due else {}


class Standstill:
    """Tells for how long each has stood still. Sans-IO."""

    def __init__(self) -> None:
        self._stood: dict[Place, tuple[int, float]] = {}

    def look(self, watched: Mapping[Place, int], ends: Mapping[Place, int], passed: float) -> dict[Place, float]:
        """Seconds by place, of those that are behind; `passed` since the last look. `ends` is empty when nobody knows."""
        before, self._stood = self._stood, {}
        for place, offset in watched.items():
            if ends.get(place, 0) > offset:
                at, stood = before.get(place, (offset, 0.0))
                self._stood[place] = (offset, stood + passed if at == offset and place in before else 0.0)
        return {place: stood for place, (_, stood) in self._stood.items()}


class Watch:
    """Looks after a worker in a thread of its own."""

    def __init__(self, settings: Settings, pulse: Pulse) -> None:
        self._limit = settings.stuck_seconds
        self._pulse = pulse
        self._consumer: Consumer = kafka.follower(settings, "watch")
        self._thread = VitalThread("watch", self._follow)

    def start(self) -> None:
        """Begin; it goes on until the process ends."""
        self._thread.start()

    def _follow(self) -> None:
        standstill, pause, looked = Standstill(), self._limit / _LOOKS, time.monotonic()
        rest = threading.Event()
        while not rest.wait(pause):
            watched = self._pulse.watched
            ends = self._ends(watched)
            now = time.monotonic()
            # A process that was stopped, or a look that took long, is not a worker that stood still.
            stood = standstill.look(watched, ends, min(now - looked, 2 * pause))
            looked = now
            for place, seconds in stood.items():
                if seconds > self._limit:
                    self._end(place, seconds, watched[place], ends[place])

    def _ends(self, watched: Mapping[Place, int]) -> dict[Place, int]:
        found = {}
        try:
            for topic, partition in watched:
                asked = TopicPartition(topic or topics.SCANS.name, partition)
                _, end = self._consumer.get_watermark_offsets(asked, timeout=_ANSWER_SECONDS)
                found[topic, partition] = end if topic else 1  # the broker answers: the worker has no excuse
        except KafkaException:
            return {}
        return found

    def _end(self, place: Place, seconds: float, offset: int, end: int) -> NoReturn:
        if place[0]:
            where = f"{place[0]}[{place[1]}] is committed up to {offset} of {end}"
        else:
            where = "it was given partitions and does not judge"
        _log.critical("stuck: %s, and nothing has moved for %.0f s; this worker ends", where, seconds)
        for handler in logging.getLogger().handlers:
            handler.flush()
        faulthandler.dump_traceback()
        os._exit(1)
