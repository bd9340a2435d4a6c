"""The order on the way out, and that nothing is acknowledged which Kafka did not take."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from processors.model import Alert, Reject, Responsible
from stream import topics
from stream.lane.effects import Effects
from stream.lane.outbox import Outbox, OutboxError, Parcel
from stream.tables.fence import FenceError
from tests.stream.fences import NotedFences


class Kafka:
    """A producer that remembers: what is written waits until a flush, and a flush may be told to fail."""

    def __init__(self, failing_flush: int | None = None, full: int = 0, refused: int | None = None) -> None:
        self.events: list[str] = []
        self.values: list[tuple[str, bytes | None]] = []
        self._waiting: list[tuple[str, Callable[[Any, Any], None]]] = []
        self._failing = failing_flush
        self._flushes = 0
        self._full = full
        self._refused = refused

    def produce(
        self, topic: str, *, on_delivery: Callable[[Any, Any], None], value: bytes | None = None, **_: Any
    ) -> None:
        assert not self._full
        self.values.append((topic, value))
        self._waiting.append((topic, on_delivery))
        self.events.append(topic)

    def produce_batch(
        self, topic: str, records: list[dict[str, Any]], *, on_delivery: Callable[[Any, Any], None]
    ) -> int:
        for number, record in enumerate(records):
            if number == self._refused:
                record["_error"] = "it is full"
            else:
                self.produce(topic, value=record["value"], on_delivery=on_delivery)
        return sum("_error" not in record for record in records)

    def poll(self, _: float) -> int:
        self.events.append("poll")
        self._full -= 1
        return 0

    def flush(self, _: float) -> int:
        self._flushes += 1
        failed = self._flushes == self._failing
        self.events.append("flush failed" if failed else "flush")
        for topic, callback in self._waiting:
            callback(Error() if failed else None, Delivered(topic))
        self._waiting.clear()
        return 0

    def __len__(self) -> int:
        return len(self._waiting) + (1_000_000 if self._full else 0)


class Error:
    def str(self) -> str:
        return "timed out"


class Delivered:
    def __init__(self, topic: str) -> None:
        self._topic = topic

    def topic(self) -> str:
        return self._topic


class Record:
    key, value, timestamp = b"k", b"{}", 0


def alert() -> Alert:
    return Alert(
        alert_id="a", code="OVERFILL", title={}, severity="critical", status="suspected", time="t", raised_at="t", label="L",
        scan_id="s", type="fill", responsible=Responsible("enterprise", None, None), districts=("330212",),
        to=("market-supervision",), cc=("urban-enforcement", "market-supervision"), basis=(), evidence={},
    )  # fmt: skip


def effects(partition: int) -> Effects:
    return Effects(
        partition,
        verdicts=[b"run"],
        alerts=[alert()],
        rejected=[(Record(), Reject("label", "why"))],
        touched={"L": b"state"},
    )


def send(kafka: Kafka, *parcels: Effects, **fences: Any) -> list[int]:
    """Run an outbox over these parcels until they are out or it breaks; which were acknowledged."""
    done: list[int] = []

    async def story() -> None:
        outbox = Outbox(kafka, 2, NotedFences(kafka.events, **fences))
        running = asyncio.create_task(outbox.run())
        finished = asyncio.Event()

        def delivered(partition: int) -> None:
            kafka.events.append(f"ack {partition}")
            done.append(partition)
            if len(done) == len(parcels) - len(fences.get("foreign", ())):
                finished.set()

        for one in parcels:
            await outbox.put(Parcel(one, lambda partition=one.partition: delivered(partition)))
        waiting = asyncio.create_task(finished.wait())
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if running.done():
            running.result()
        running.cancel()

    asyncio.run(story())
    return done


TOLD = [
    topics.VERDICTS.name, "alerts.market-supervision", "alerts.urban-enforcement", topics.REJECTED.name,
]  # fmt: skip
KEPT = [topics.CYLINDERS_CHANGELOG.name] * 2  # the label's state, and the position


def test_all_that_waits_is_told_together_and_kept_and_acknowledged_by_partition() -> None:
    kafka = Kafka()
    assert send(kafka, effects(0), effects(1)) == [0, 1]
    assert kafka.events == [*TOLD, *TOLD, "flush", *KEPT, *KEPT, "commit", "ack 0", "commit", "ack 1"]


def test_state_is_not_kept_where_verdicts_did_not_get_out() -> None:
    kafka = Kafka(failing_flush=1)
    with pytest.raises(OutboxError, match="timed out"):
        send(kafka, effects(0))
    assert kafka.events == [*TOLD, "flush failed"]


def test_nothing_is_acknowledged_whose_state_is_not_kept() -> None:
    kafka = Kafka()
    with pytest.raises(FenceError, match="another worker's"):
        send(kafka, effects(0), failing=True)
    assert kafka.events == [*TOLD, "flush", *KEPT, "commit failed"]


def test_what_is_no_longer_ours_is_told_and_neither_kept_nor_acknowledged() -> None:
    kafka = Kafka()
    assert send(kafka, effects(0), effects(1), foreign=[0]) == [1]
    assert kafka.events == [*TOLD, *TOLD, "flush", *KEPT, "commit", "ack 1"]


def test_a_chunk_of_ticks_alone_still_tells_its_run() -> None:
    kafka = Kafka()
    assert send(kafka, Effects(3, verdicts=[b"run"])) == [3]
    assert kafka.events == [topics.VERDICTS.name, "flush", topics.CYLINDERS_CHANGELOG.name, "commit", "ack 3"]


def test_the_second_key_hears_of_the_time_after_what_was_handed_on() -> None:
    kafka = Kafka()
    one = Effects(
        0, handed_on=[("customer/C1", b"came")], tick=b"tick", aliases=[("OLD1", "L")], retired=[("M", b"retired")]
    )
    assert send(kafka, one) == [0]
    told = kafka.events[: kafka.events.index("flush")]
    assert told == [topics.ALIASES.name, topics.SCANS.name, *[topics.HOLDERS.name] * 3]


def test_without_a_tick_the_second_key_hears_of_a_chunk_before_its_state_is_kept() -> None:
    kafka = Kafka()
    assert send(kafka, Effects(0, verdicts=[b"run"], handed_on=[("customer/C1", b"came")])) == [0]
    kept = topics.CYLINDERS_CHANGELOG.name
    assert kafka.events == [topics.VERDICTS.name, "flush", kept, topics.HOLDERS.name, "flush", "commit", "ack 0"]


def test_what_the_second_key_did_not_get_is_judged_again() -> None:
    kafka = Kafka(failing_flush=2)
    with pytest.raises(OutboxError, match="holders: timed out"):
        send(kafka, Effects(0, verdicts=[b"run"], handed_on=[("customer/C1", b"came")]))
    assert kafka.events[-1] == "flush failed"


def test_what_is_handed_on_stays_in_order_and_waits_for_its_own_partition() -> None:
    """Whoever gets a change takes all before it for known: none is sent before those that came before it."""
    kafka = Kafka()
    ticked = Effects(0, handed_on=[("customer/C1", b"0:2"), ("customer/C2", b"0:3")], tick=b"tick")
    other = Effects(1, handed_on=[("customer/C1", b"1:1")])
    assert sorted(send(kafka, Effects(0, handed_on=[("customer/C1", b"0:1")]), other, ticked)) == [0, 0, 1]
    changes = [value for topic, value in kafka.values if topic == topics.HOLDERS.name]
    assert changes == [b"0:1", b"0:2", b"0:3", b"tick", b"tick", b"1:1"]


def test_what_is_handed_on_goes_out_though_no_tick_comes_and_nothing_is_kept() -> None:
    class Telling(Kafka):
        def produce(self, topic: str, **record: Any) -> None:
            super().produce(topic, **record)
            if topic == topics.HOLDERS.name:
                handed_on.set()

    kafka, handed_on = Telling(), asyncio.Event()

    async def story() -> None:
        outbox = Outbox(kafka, 2, NotedFences(kafka.events, foreign=[0]))
        running = asyncio.create_task(outbox.run())
        await outbox.put(Parcel(Effects(0, verdicts=[b"run"], handed_on=[("customer/C1", b"came")]), lambda: None))
        async with asyncio.timeout(30):
            await handed_on.wait()
        running.cancel()

    asyncio.run(story())
    assert kafka.values == [(topics.VERDICTS.name, b"run"), (topics.HOLDERS.name, b"came")]


def test_a_full_queue_is_waited_for() -> None:
    kafka = Kafka(full=2)
    assert send(kafka, effects(0)) == [0]
    assert kafka.events[:3] == ["poll", "poll", topics.VERDICTS.name]


def test_a_change_refused_between_others_ends_the_worker_before_it_is_acknowledged() -> None:
    kafka = Kafka(refused=0)
    with pytest.raises(OutboxError, match="holders: it is full"):
        send(kafka, Effects(0, handed_on=[("customer/C1", b"came"), ("customer/C2", b"came")]))
    assert not any(event.startswith("ack") for event in kafka.events)


def test_what_is_written_is_committed_at_once_when_its_partition_is_to_go() -> None:
    kafka = Kafka()
    fences = NotedFences(kafka.events)

    async def story() -> float:
        outbox, clock = Outbox(kafka, 2, fences), asyncio.get_running_loop().time
        running = asyncio.create_task(outbox.run())
        for _ in range(2):  # the second transaction would wait for a second to pass
            kept = asyncio.Event()
            await outbox.put(Parcel(effects(0), kept.set))
            began = clock()
            outbox.hurry()
            await kept.wait()
        running.cancel()
        return clock() - began

    assert asyncio.run(story()) < 0.5
    assert kafka.events.count("commit") == 2
