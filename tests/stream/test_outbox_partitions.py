"""Where the outbox's records come to lie: read back from librdkafka's own broker, for a stand-in takes any partition."""

import asyncio
from collections import defaultdict
from pathlib import Path
from typing import Any

from aiokafka.partitioner import murmur2
from confluent_kafka import Consumer, Producer, TopicPartition

from stream import topics
from stream.lane.effects import Effects
from stream.lane.outbox import Outbox, Parcel, make_producer
from stream.settings import Settings
from stream.tables.fence import Fences
from stream.tables.partition import POSITION

PARTITIONS = 4  # of a topic of that broker


def address(broker: Producer, *names: str) -> str:
    for name in names:
        broker.list_topics(name, timeout=10)
    (one,) = broker.list_topics(timeout=10).brokers.values()
    return f"{one.host}:{one.port}"


def read(servers: str, topic: str, count: int) -> dict[int, list[Any]]:
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "reader", "log_level": 0})
    found: dict[int, list[Any]] = defaultdict(list)
    try:
        consumer.assign([TopicPartition(topic, partition, 0) for partition in range(PARTITIONS)])
        while sum(map(len, found.values())) < count:
            for message in consumer.consume(count, 10):
                assert message.error() is None
                found[message.partition()].append(message.key())
    finally:
        consumer.close()
    return found


def test_all_of_a_chunks_state_lies_in_its_partition_and_what_is_handed_on_lies_by_its_key(tmp_path: Path) -> None:
    broker = Producer({"test.mock.num.brokers": 1, "log_level": 0})
    servers = address(broker, topics.CYLINDERS_CHANGELOG.name, topics.HOLDERS.name)
    keys = [f"customer/C{number}" for number in range(20)]
    one = Effects(
        2,
        handed_on=[(key, b"came") for key in keys],
        named={b"@word/0": b"word"},
        touched={b"label-%d" % number: b"state" for number in range(20)},
        position=b"position",
    )

    async def send() -> None:
        settings, out = Settings(broker=servers, data_dir=tmp_path), asyncio.Event()
        fences = Fences(settings)
        await fences.hold({2}, 1)
        outbox = Outbox(make_producer(settings), PARTITIONS, fences)
        running = asyncio.create_task(outbox.run())
        await outbox.put(Parcel(one, out.set))
        await asyncio.wait_for(out.wait(), 30)
        running.cancel()

    asyncio.run(send())
    kept = read(servers, topics.CYLINDERS_CHANGELOG.name, 24)
    assert kept == {2: [b"@owner", b"@owner", b"@word/0", *one.touched, POSITION]}
    handed_on = read(servers, topics.HOLDERS.name, 20)
    assert {key.decode(): partition for partition, found in handed_on.items() for key in found} == {
        key: int(murmur2(key.encode()) & 0x7FFFFFFF) % PARTITIONS for key in keys
    }
