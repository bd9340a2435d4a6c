"""Where the archive stands in Kafka: the table `positions`, read at each assignment and written with each batch.

On exception nothing is known of what was written, and nothing need be: the same positions again, or lower ones of an owner
that was late, change nothing, for the highest stands. On kill -9 between rows and positions, the rows are brought again.
"""

from collections.abc import Mapping

from sinks.batch import Batch, Source
from sinks.connection import Client


def read_positions(client: Client, logs: Mapping[str, str]) -> dict[Source, int]:
    """The next offset to read, by topic and partition, of the topics whose ids are `logs`; none where none was written.

    Raises the client's error.
    """
    names = {log: topic for topic, log in logs.items()}
    rows = client.query(
        "SELECT log, partition, max(position) FROM positions WHERE log IN {logs:Array(String)} GROUP BY log, partition",
        parameters={"logs": sorted(names)},
    ).result_rows
    return {(names[log], int(partition)): int(position) for log, partition, position in rows}


def write_positions(client: Client, batch: Batch) -> None:
    """Record that the batch's rows are in. Raises the client's error."""
    rows = [[topic, batch.logs[topic], partition, at] for (topic, partition), at in batch.positions.items()]
    if rows:
        client.insert("positions", rows, column_names=["topic", "log", "partition", "position"])
