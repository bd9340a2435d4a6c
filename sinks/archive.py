"""The sink: from Kafka into ClickHouse, every scan, alert and registry row once.

The archive itself says where the sink stands, and nobody else: a new, emptied or restored one gets all that Kafka still
has, once the sink is started. The order is: rows, their positions, Kafka's commit, which only monitoring reads.
On exception from ClickHouse: the batch stays, the group is kept, and the insert is tried again for ever, less and less
often; any other exception ends the process. On kill -9 between rows and positions: the next process reads the same
records again and the writer recognises their rows. On a revoked partition: the batch is dropped, inserted or not, and the
next owner does the same. Partitions given while ClickHouse does not answer, at the start or later, are kept and not read
until it says where it stands; `Health` says why. A full disk or a lost broker is waited out likewise.
"""

import functools
import logging
import threading
import time
from dataclasses import dataclass
from typing import Final, Protocol

from clickhouse_connect.driver.exceptions import ClickHouseError, DataError, ProgrammingError

from sinks.connection import Client, connect
from sinks.feed import Feed, KafkaAwayError
from sinks.migrate import migrate
from sinks.positions import read_positions
from sinks.writer import Writer
from stream.settings import Settings

_LOG = logging.getLogger(__name__)

# Few and large inserts are what ClickHouse wants: each makes a part. Whichever comes first.
BATCH_ROWS: Final = 20_000
BATCH_SECONDS: Final = 0.5
# The first and the longest pause between two tries.
RETRY_SECONDS: Final = (0.5, 30.0)
LAG_SECONDS: Final = 1.0

# A wrong statement or value of ours is a bug, which no second try mends.
_BUGS: Final = (ProgrammingError, DataError)


class Observer(Protocol):
    """Who counts: the process wires it to its metrics."""

    def on_insert(self, table: str, rows: int) -> None: ...

    def on_flush(self) -> None: ...

    def on_lag(self, topic: str, partition: int, records: int) -> None: ...


@dataclass
class Health:
    """How the sink stands, for another thread to read. `last_insert` is Unix time, seconds; `failure` why none works."""

    ready: bool = False
    last_insert: float | None = None
    lag: int = 0
    failure: str | None = None


class _Patience:
    """When the next try may be made."""

    def __init__(self) -> None:
        self.success()

    @property
    def due(self) -> bool:
        return time.monotonic() >= self._next

    def success(self) -> None:
        self._next, self._pause = 0.0, RETRY_SECONDS[0]

    def failure(self) -> float:
        pause = self._pause
        self._next, self._pause = time.monotonic() + pause, min(2 * pause, RETRY_SECONDS[1])
        return pause


def run(settings: Settings, stop: threading.Event, observer: Observer, health: Health | None = None) -> None:
    """Run the sink in this thread until `stop` is set; what is gathered by then is inserted and committed.

    Raises what is not ClickHouse's failure to take rows: a broken Kafka set-up, a bug.
    """
    _Sink(settings, observer, health or Health()).run(stop)


class _Sink:
    def __init__(self, settings: Settings, observer: Observer, health: Health) -> None:
        self._settings = settings
        self._observer = observer
        self._health = health
        self._feed = Feed(settings)
        self._client: Client = None
        self._writer: Writer | None = None
        self._assignment = 0
        self._patience = _Patience()
        self._flushed = self._looked = time.monotonic()

    def run(self, stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                self._step()
            self._flush()
        finally:
            self._health.ready = False
            self._feed.close()
            if self._client is not None:
                self._client.close()

    def _step(self) -> None:
        self._feed.poll()
        batch = self._feed.collector.gather()
        old = time.monotonic() - self._flushed >= BATCH_SECONDS
        if self._patience.due and (self._writer is None or self._feed.waiting or batch.size >= BATCH_ROWS or old):
            self._flush()
        self._health.ready = self._feed.ready and self._writer is not None
        if time.monotonic() - self._looked >= LAG_SECONDS:
            self._look()

    def _flush(self) -> None:
        try:
            inserted = self._insert()
        except (ClickHouseError, KafkaAwayError, OSError) as error:
            if isinstance(error, _BUGS):
                raise
            self._health.failure = str(error)
            self._feed.hold(True)
            _LOG.error("nothing is archived, next try in %.1f s: %s", self._patience.failure(), error)
            return
        self._health.failure = None
        self._patience.success()
        self._feed.commit(self._feed.collector.batch)
        self._feed.collector.done()
        self._feed.hold(False)
        self._flushed = time.monotonic()
        for table, rows in inserted.items():
            self._observer.on_insert(table, rows)
        self._observer.on_flush()
        if inserted:
            self._health.last_insert = time.time()

    def _insert(self) -> dict[str, int]:
        if self._writer is None:
            self._client = self._client or connect(self._settings.clickhouse)
            migrate(self._client)
            self._writer = Writer(self._client)
        if self._assignment != self._feed.assignment:
            self._assignment = self._feed.assignment
            self._writer.doubt()
        if self._feed.waiting:
            self._feed.begin(functools.partial(read_positions, self._client))
        return self._writer.insert(self._feed.collector.batch)

    def _look(self) -> None:
        self._looked = time.monotonic()
        total = 0
        for topic, partition, records in self._feed.lags():
            self._observer.on_lag(topic, partition, records)
            total += records
        self._health.lag = total
