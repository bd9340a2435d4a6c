"""The right to write changelogs without Kafka: what is written is noted, and a commit may be told to fail."""

import asyncio
from collections.abc import Callable, Sequence

from stream.tables.fence import FenceError


class NotedFence:
    def __init__(self, partition: int, events: list[str], failing: bool) -> None:
        self.partition = partition
        self.lock = asyncio.Lock()
        self._events, self._failing = events, failing

    def write(self, changelog: str, records: Sequence[tuple[bytes, bytes | None]]) -> None:
        self._events += [changelog] * len(records)

    def commit(self) -> None:
        if self._failing:
            self._events.append("commit failed")
            raise FenceError("the changelogs of partition 0: another worker's")
        self._events.append("commit")


class NotedFences:
    """Of every partition but those in `foreign`. It commits in its caller's thread, so that the order is one."""

    def __init__(self, events: list[str], *, failing: bool = False, foreign: Sequence[int] = ()) -> None:
        self.is_in_haste = False
        self.given_up: Callable[[int], None] = lambda _: None
        self._events, self._failing, self._foreign = events, failing, foreign
        self._fences: dict[int, NotedFence] = {}

    def get(self, partition: int) -> NotedFence | None:
        if partition in self._foreign:
            return None
        return self._fences.setdefault(partition, NotedFence(partition, self._events, self._failing))

    async def apart(self, step: Callable[[], None]) -> None:
        step()
