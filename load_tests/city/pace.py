"""When each scan goes out: evenly over the run, and never out of the order in which things happened.

Three rules hold at once. Scans become due at a steady rate. A scan waits until the one before it of the same cylinder is
answered. And no scan goes out while one that happened more than `WINDOW` earlier is still unanswered, since the clock of
the rules is the latest arrival. Where the stack is slower than the rate, the run takes longer; nothing is skipped.
"""

import asyncio
import time
from collections import deque
from datetime import timedelta

from load_tests.city.courier_post import CourierPost
from load_tests.city.plan import Scan
from load_tests.city.post import BATCH, Line, Post

WINDOW = timedelta(minutes=30)
SLICE_SECONDS = 0.1  # scans become due in slices: a device that is online hands over what it has, now and then


class _Device:
    """One device's queue: it posts in order, as much at once as may go."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self.queue: deque[_Due] = deque()
        self.wake = asyncio.Event()
        self.closing = False

    async def run(self) -> None:
        """Post until there is no more to come. Raises GaveUpError."""
        try:
            await self._post_queue()
        finally:
            await self._post.close()

    async def _post_queue(self) -> None:
        while self.queue or not self.closing:
            if not self.queue:
                self.wake.clear()
                await self.wake.wait()
                continue
            if self.queue[0].before:
                await self.queue[0].before.wait()
            batch: list[_Due] = []
            while self.queue and len(batch) < BATCH and self.queue[0].may_go():
                batch.append(self.queue.popleft())
            await self._post.send([due.scan for due in batch])
            for due in batch:
                due.answered.set()


class _Due:
    """A scan that is to go out, once the one `before` it is answered."""

    __slots__ = ("answered", "before", "scan")

    def __init__(self, scan: Scan, before: asyncio.Event | None) -> None:
        self.scan, self.before, self.answered = scan, before, asyncio.Event()

    def may_go(self) -> bool:
        return self.before is None or self.before.is_set()


async def post_all(scans: list[Scan], line: Line, rate: float) -> None:
    """Post all scans, in order of arrival, at `rate` a second at most; on the line's `stop`, what is already due and no more.

    Raises ExceptionGroup of GaveUpError.
    """
    devices: dict[str, _Device] = {}
    last: dict[str, asyncio.Event] = {}
    open_ones: deque[_Due] = deque()
    async with asyncio.TaskGroup() as tasks:
        began = time.monotonic()
        for place, scan in enumerate(scans):
            if place >= (time.monotonic() - began) * rate:
                await _until(line.stop, SLICE_SECONDS)
            while open_ones and (open_ones[0].answered.is_set() or _too_far(scan, open_ones[0])):
                await open_ones.popleft().answered.wait()
            if line.stop.is_set():
                break
            device = devices.get(scan.device)
            if device is None:
                device = devices[scan.device] = _Device(_post_of(scan.device, line))
                tasks.create_task(device.run())
            due = _Due(scan, last.get(scan.key))
            last[scan.key] = due.answered
            open_ones.append(due)
            device.queue.append(due)
            device.wake.set()
        for device in devices.values():
            device.closing = True
            device.wake.set()


def _post_of(device: str, line: Line) -> Post:
    return CourierPost(line, device) if device in line.couriers else Post(line)


def _too_far(scan: Scan, oldest: _Due) -> bool:
    return scan.received - oldest.scan.received > WINDOW


async def _until(stop: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until told to stop."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
