"""The bare restore: every partition of a topic to its end, key and value of each record taken, and nothing kept.

python -m load_tests.peers.bare_consume BROKER TOPIC PARTITIONS FILE

Writes to FILE, as JSON, how many records there were, and the seconds and CPU seconds from before the consumer was made.
"""

import json
import sys
import time
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, TopicPartition


def consume(broker: str, topic: str, partitions: int) -> int:
    """How many records there were. Raises RuntimeError for an error that is no end of a partition."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker, "group.id": "bare-consume", "enable.auto.commit": False,
            "enable.partition.eof": True, "queued.min.messages": 1_000_000, "fetch.queue.backoff.ms": 10,
        }
    )  # fmt: skip
    consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
    records = ended = 0
    while ended < partitions:
        for message in consumer.consume(1000, 0.01):
            error = message.error()
            if error is None:
                message.key()
                records += message.value() is not None  # a deletion says only whose the changelog is (tables/fence.py)
            elif error.code() == KafkaError._PARTITION_EOF:
                ended += 1
            else:
                raise RuntimeError(error.str())
    consumer.close()
    return records


if __name__ == "__main__":
    began, cpu = time.monotonic(), time.process_time()
    records = consume(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    taken = {"records": records, "seconds": time.monotonic() - began, "cpu": time.process_time() - cpu}
    Path(sys.argv[4]).write_text(json.dumps(taken))
