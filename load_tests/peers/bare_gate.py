"""The bare gateway: bodies split, each scan decoded into its typed struct, its bytes produced under its label.

    python -m load_tests.peers.bare_gate BROKER TOPIC WARM BODIES FILE

BODIES is a MessagePack list of request bodies; of these the first WARM are the warm-up. FILE is given the seconds and the
CPU seconds from then until Kafka has everything.
"""

import json
import sys
import time
from pathlib import Path

import msgspec
from confluent_kafka import Producer

from processors.model import decode_scan
from stream import kafka
from stream.settings import load


def loop(producer: Producer, topic: str, bodies: list[bytes]) -> None:
    """Raises msgspec.MsgspecError, and RuntimeError where Kafka does not take all."""
    split = msgspec.json.Decoder(list[msgspec.Raw]).decode
    produce, poll = producer.produce, producer.poll
    for body in bodies:
        for raw in split(body):
            value = bytes(raw)
            produce(topic, value, decode_scan(value).label)
        poll(0)
    if producer.flush(60):
        raise RuntimeError("Kafka did not take all scans in 60 s")


def main(broker: str, topic: str, warm: int, bodies: Path, told: Path) -> None:
    """The producer is set as the gateway's."""
    producer = kafka.producer(load(broker=broker), **{"queue.buffering.max.messages": 1_000_000})
    given = msgspec.msgpack.decode(bodies.read_bytes(), type=list[bytes])
    loop(producer, topic, given[:warm])
    began, cpu = time.monotonic(), time.process_time()
    loop(producer, topic, given[warm:])
    told.write_text(json.dumps([time.monotonic() - began, time.process_time() - cpu]))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]), Path(sys.argv[5]))
