"""A courier's phone: what it posts goes through the courier's app (load_tests/courier.py), queue on disk and all."""

import time

import httpx

from load_tests.city.plan import Scan
from load_tests.city.post import BACK_OFF, WAIT_SECONDS, Line, Post
from load_tests.courier import BackOff, Courier, Queue


class CourierPost(Post):
    """One courier's way to the gateway. What the app does not get through, it keeps; the city counts that as a reject."""

    def __init__(self, line: Line, device: str) -> None:
        super().__init__(line)
        # No fsync: the simulated city has no flat batteries, and a day of it is over in a minute.
        self._queue = Queue(line.queues / f"{device}.db" if line.queues else ":memory:", synchronous="NORMAL")
        self._first, self._tries = 0.0, 0
        self._courier = Courier(
            self._queue,
            self.client,
            waits=self._waits,
            back_off=BackOff(first=BACK_OFF[0], longest=BACK_OFF[-1]),
            headers={"Prefer": f"wait={WAIT_SECONDS}"},
        )

    async def close(self) -> None:
        """Hang up, and close the queue."""
        self._queue.close()
        await super().close()

    async def _deliver(self, scans: list[Scan]) -> tuple[httpx.Response, float]:
        self._queue.add(*(scan.body for scan in scans))
        self._first, self._tries = time.monotonic(), 0
        settled = await self._courier.upload_batch()
        # Other than its own few scans in one piece would mean that the app had taken the gateway's answer apart wrongly.
        if settled is None or settled.scans != [scan.body for scan in scans] or self._queue.waiting():
            self._tally.reject(f"{scans[0].device}: its app sent other than {len(scans)} scans in one request")
        assert settled is not None
        return settled.response, settled.milliseconds

    def _waits(self, why: str, _seconds: float) -> None:
        self._again(why, self._first, self._tries)
        self._tries += 1
