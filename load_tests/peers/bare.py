"""The bare loop: consume and produce the same bytes with confluent-kafka, and nothing else. README.md beside.

It takes key and value of each record of `scans`, and for each share of them the same share of a *tape*: every record that
Pingliu's worker wrote in the same round for the same scans, key and value, to any topic. So it writes as many records
and as many bytes, to partitions in turn, and commits when they are acknowledged. With the output off it only consumes.

*Reading*, it also reads each scan as Pingliu's worker does, typed and every field checked, and puts it in the place of the
last one of its label. It judges nothing: what it costs is what any worker in Python costs that knows what it is told.
"""

import sys
import time
from pathlib import Path

import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition

from load_tests.peers.given import COMMIT_SECONDS, SCANS, Given, librdkafka_producer, read
from processors.intake import read_all

COPY = "bare-copy"
READING = "reading"
Tape = list[tuple[bytes | None, bytes | None]]


def write_tape(tape: Tape, path: Path) -> None:
    """For a process to come."""
    path.write_bytes(msgspec.msgpack.encode(tape))


def loop(given: Given, tape: Tape, warm: int, scans: int, *, reading: bool) -> None:
    """For ever. The tape is for the `scans` records that follow the first `warm`."""
    # librdkafka stops fetching at so many records, for a whole second by default.
    read_ahead = {"queued.min.messages": 1_000_000, "fetch.queue.backoff.ms": 10}
    consumer = Consumer(
        {
            "bootstrap.servers": given.broker, "group.id": given.group, "enable.auto.commit": False,
            "auto.offset.reset": "earliest", "session.timeout.ms": 120_000, **read_ahead,
        }
    )  # fmt: skip
    producer = Producer({"bootstrap.servers": given.broker, **librdkafka_producer()})
    consumer.subscribe([SCANS])
    produce, partitions = producer.produce, given.partitions
    taken = wound = 0
    upto: dict[int, int] = {}
    latest: dict[bytes | None, object] = {}
    committed_at = time.monotonic()
    while True:
        messages = consumer.consume(1000, 0.005)
        for message in messages:
            message.key()
            message.value()
            upto[message.partition()] = message.offset() + 1
        if reading:
            found = read_all([message.value() or b"" for message in messages])
            latest |= {message.key(): one for message, one in zip(messages, found, strict=True)}
        taken += len(messages)
        if given.output and taken > warm:
            due = len(tape) * (taken - warm) // scans
            for number in range(wound, due):
                key, value = tape[number]
                produce(COPY, value, key, number % partitions)
            wound = due
            producer.poll(0)
        now = time.monotonic()
        if upto and (now - committed_at > COMMIT_SECONDS or not messages):
            producer.flush()
            places = [TopicPartition(SCANS, number, offset) for number, offset in upto.items()]
            consumer.commit(offsets=places, asynchronous=False)
            upto, committed_at = {}, now


if __name__ == "__main__":
    told = read()
    wanted = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=Tape)
    loop(told, wanted, int(sys.argv[2]), int(sys.argv[3]), reading=READING in sys.argv[4:])
