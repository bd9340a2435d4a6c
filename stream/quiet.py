"""A client that says the same thing fifty times a second while a broker is away: it may say it once in ten."""

import logging
import time

_PAUSE_SECONDS = 10.0
_NOISY = (
    "aiokafka",
    "aiokafka.client",
    "aiokafka.conn",
    "aiokafka.consumer.fetcher",
    "aiokafka.consumer.group_coordinator",
)


class OncePerPause(logging.Filter):
    """Passes a message and then, for a while, none with the same template from the same place."""

    def __init__(self, pause_seconds: float = _PAUSE_SECONDS) -> None:
        super().__init__()
        self._pause = pause_seconds
        self._until: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        place, now = (record.pathname, record.lineno), time.monotonic()
        if now < self._until.get(place, 0.0):
            return False
        self._until[place] = now + self._pause
        return True


def quieten_kafka_client() -> None:
    """Bound what aiokafka logs."""
    for name in _NOISY:
        logging.getLogger(name).addFilter(OncePerPause())
