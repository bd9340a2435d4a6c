"""What the lane fetches of a real broker: in order, from where it is asked to, and no more than it has room for."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from faust.types import TP

from stream import kafka
from stream.lane import fetching
from stream.lane.fetching import Fetching, Record
from stream.settings import Settings

pytestmark = pytest.mark.kafka

AT_ONCE = 50
Result = TypeVar("Result")


class Lane:
    """A topic of two partitions, and what is fetched of it."""

    def __init__(self, settings: Settings) -> None:
        self.topic = f"lane-{uuid4()}"
        self.places = TP(self.topic, 0), TP(self.topic, 1)
        self.fetching = Fetching(settings, AT_ONCE)
        self._producer = kafka.producer(settings)
        self.admin = AdminClient(kafka.common(settings))
        for made in self.admin.create_topics([NewTopic(self.topic, 2)]).values():
            made.result()

    def write(self, partition: int, first: int, count: int) -> None:
        for number in range(first, first + count):
            self._producer.produce(self.topic, b"%d" % number, b"key", partition=partition, timestamp=1000 + number)
        assert self._producer.flush(30) == 0

    async def some(self, positions: dict[TP, int]) -> dict[TP, list[Record]]:
        """The next that there is, and `positions` moved on."""
        async with asyncio.timeout(60):
            while True:
                await self.fetching.arrived(positions, 60)
                if found := self.fetching.take(positions):
                    positions |= {place: records[-1].offset + 1 for place, records in found.items()}
                    return found

    async def all(self, positions: dict[TP, int], count: int) -> dict[TP, list[Record]]:
        found: dict[TP, list[Record]] = {place: [] for place in positions}
        while sum(map(len, found.values())) < count:
            for place, records in (await self.some(positions)).items():
                assert len(records) <= AT_ONCE
                found[place] += records
        return found

    def run(self, story: Coroutine[Any, Any, Result]) -> Result:
        """In a loop that is there until the thread has ended."""

        async def whole() -> Result:
            try:
                return await story
            finally:
                await asyncio.to_thread(self.fetching.close)

        return asyncio.run(whole())


@pytest.fixture
def lane(kafka: str, tmp_path: Path) -> Lane:
    return Lane(Settings(broker=kafka, data_dir=tmp_path))


def offsets(records: list[Record]) -> list[int]:
    return [record.offset for record in records]


def test_records_come_in_order_from_where_each_partition_is_asked_for(lane: Lane) -> None:
    lane.write(0, 0, 120)
    lane.write(1, 500, 120)
    one, other = lane.places
    found = lane.run(lane.all({one: 7, other: 100}, 113 + 20))
    assert found[one] == [Record(number, 1000 + number, b"key", b"%d" % number) for number in range(7, 120)]
    assert found[other] == [Record(number, 1500 + number, b"key", b"%d" % (500 + number)) for number in range(100, 120)]
    assert (lane.fetching.end(one), lane.fetching.end(other)) == (120, 120)


def test_what_is_sought_anew_comes_from_there_and_nothing_of_before(lane: Lane) -> None:
    """Back, while more than what was taken lies fetched; and forward."""
    lane.write(0, 0, 400)
    (place, _) = lane.places

    async def story() -> tuple[list[int], list[int]]:
        await lane.all({place: 0}, 150)
        back = (await lane.all({place: 20}, 380))[place]
        return offsets(back), offsets((await lane.some({place: 390}))[place])

    assert lane.run(story()) == (list(range(20, 400)), list(range(390, 400)))


def test_a_record_that_comes_is_not_waited_for_to_the_end(lane: Lane) -> None:
    async def story() -> list[int]:
        positions = {lane.places[0]: 0}
        waiting = asyncio.create_task(lane.some(positions))
        await asyncio.to_thread(lane.write, 0, 0, 1)
        return offsets((await waiting)[lane.places[0]])

    assert lane.run(story()) == [0]


def test_no_more_is_fetched_than_there_is_room_for_and_all_of_it_comes(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_FETCHED_AT_MOST", 100)
    lane.write(0, 0, 1_000)
    (place, _) = lane.places

    async def story() -> list[int]:
        positions, found = {place: 0}, []
        while len(found) < 1_000:
            found += offsets((await lane.some(positions))[place])
            assert len(lane.fetching._places[place].records) <= 100 + AT_ONCE
        return found

    assert lane.run(story()) == list(range(1_000))


def test_what_is_dropped_makes_room_and_is_begun_anew_when_it_comes_back(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_FETCHED_AT_MOST", 1)
    lane.write(0, 0, 200)
    lane.write(1, 0, 200)
    one, other = lane.places

    async def story() -> tuple[list[int], list[int]]:
        await lane.some({one: 0})  # there is more of it: no room for the other
        lane.fetching.drop([one])
        assert lane.fetching.end(one) is None
        found = (await lane.all({other: 0}, 200))[other]
        return offsets(found), offsets((await lane.some({one: 3}))[one])[:1]

    assert lane.run(story()) == (list(range(200)), [3])


def test_what_retention_took_is_passed_over(lane: Lane) -> None:
    lane.write(0, 0, 30)
    place = lane.places[0]
    for done in lane.admin.delete_records([TopicPartition(*place, 12)]).values():
        done.result()
    assert offsets(lane.run(lane.some({place: 5}))[place]) == list(range(12, 30))
