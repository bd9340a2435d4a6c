"""The bare round trip: batches of records produced at their appointed moments and consumed again by the same process.

    python -m load_tests.peers.bare_round_trip BROKER TOPIC PARTITIONS PAUSE BODIES FILE

BODIES is a MessagePack list of JSON arrays: a batch each, a record an element. One batch goes every PAUSE seconds. FILE is
given, of each batch, the milliseconds from its moment until its last record is back.
"""

import json
import sys
import threading
import time
from pathlib import Path

import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition


def run(broker: str, topic: str, partitions: int, pause: float, bodies: list[bytes]) -> list[float]:
    """Milliseconds of each batch, in the order in which they were whole again."""
    split = msgspec.json.Decoder(list[msgspec.Raw]).decode
    batches = [[bytes(raw) for raw in split(body)] for body in bodies]
    left, moments, taken = [len(batch) for batch in batches], [0.0] * len(batches), list[float]()
    consumer = Consumer(
        {
            "bootstrap.servers": broker, "group.id": "bare-round-trip", "enable.auto.commit": False,
            "auto.offset.reset": "latest", "fetch.wait.max.ms": 100,
        }
    )  # fmt: skip
    consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])

    def listen() -> None:
        while len(taken) < len(batches):
            message = consumer.poll(1.0)
            if message is None or message.error() is not None:
                continue
            number = int(message.key())
            left[number] -= 1
            if not left[number]:
                taken.append((time.monotonic() - moments[number]) * 1000)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    producer = Producer({"bootstrap.servers": broker, "acks": "all", "linger.ms": 0, "compression.type": "lz4"})
    began = time.monotonic() + 1.0  # once both are connected
    for number, batch in enumerate(batches):
        moments[number] = began + number * pause
        time.sleep(max(0.0, moments[number] - time.monotonic()))
        for place, value in enumerate(batch):
            producer.produce(topic, value, str(number), place % partitions)
        producer.poll(0)
    producer.flush(30)
    listener.join(30)
    consumer.close()
    return taken


if __name__ == "__main__":
    given = msgspec.msgpack.decode(Path(sys.argv[5]).read_bytes(), type=list[bytes])
    found = run(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), given)
    Path(sys.argv[6]).write_text(json.dumps(found))
