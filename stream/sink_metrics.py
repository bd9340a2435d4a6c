"""What the sink observes, as metrics: `sinks/` knows no metric, the command line hands it this."""

import time

from stream import metrics


class SinkMetrics:
    """The observer `sinks.service.serve` takes."""

    def on_insert(self, table: str, rows: int) -> None:
        """ClickHouse has taken rows."""
        metrics.SINK_ROWS.labels(table).inc(rows)
        metrics.SINK_LAST_INSERT.labels(table).set(time.time())

    def on_flush(self) -> None:
        """The archive holds all that was read."""
        metrics.SINK_LAST_FLUSH.set(time.time())

    def on_lag(self, topic: str, partition: int, records: int) -> None:
        """So many records are not in the archive yet."""
        metrics.SINK_LAG.labels(topic, partition).set(records)
