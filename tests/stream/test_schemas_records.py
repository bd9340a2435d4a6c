"""The schemas of docs/schemas/ hold for all that goes to Kafka for Pingliu itself, and for nothing less or more."""

import asyncio
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from processors.model import Retired, Tick, encode
from processors.packed import LedgerPacking
from stream.lane.chunk import ChunkJudge
from stream.lane.outbox import Outbox, Parcel
from stream.tables.partition import Partition
from tests.stream.fences import NotedFences
from tests.stream.scans import PARAMETERS, bind, cycle, label, registry, scan
from tests.stream.schema_validators import VALID, spoiled


class Bus:
    """A producer that remembers what it is given."""

    def __init__(self) -> None:
        self.records: list[tuple[str, Any]] = []

    def produce(self, topic: str, *, value: bytes, **_: Any) -> None:
        self.records.append((topic, value))

    def produce_batch(self, topic: str, records: list[dict[str, Any]], *_: Any, **__: Any) -> int:
        self.records += [(topic, record["value"]) for record in records]
        return len(records)

    def __len__(self) -> int:
        return 0


def written_by_a_worker(*scans: dict[str, Any] | bytes) -> list[tuple[str, dict[str, Any]]]:
    """The topic and value of each record but the state's and the rejected, which are as they came."""
    bus = Bus()
    log = [
        SimpleNamespace(offset=place, key=b"", value=one, timestamp=0)
        if isinstance(one, bytes)
        else SimpleNamespace(offset=place, key=one["label"].encode(), value=json.dumps(one).encode(), timestamp=0)
        for place, one in enumerate(scans)
    ]
    judge = ChunkJudge(registry(), PARAMETERS).judge
    effects = judge(0, Partition.restored({}, LedgerPacking()), log, "2026-11-20T10:00:00+08:00")

    async def send() -> None:
        outbox, out = Outbox(bus, 1, NotedFences([])), asyncio.Event()
        running = asyncio.create_task(outbox.run())
        await outbox.put(Parcel(effects, out.set))
        await out.wait()
        running.cancel()

    asyncio.run(send())
    ours = ("scans", "aliases", "holders", "verdicts", "alerts.")
    return [(topic, json.loads(value)) for topic, value in bus.records if topic in ours or topic.startswith(ours[-1])]


NEW = bind(9, on=1)
NEW["data"] |= {"aliases": ["OLD-0001"], "replaces": label(0)}
WRITTEN = written_by_a_worker(
    bind(1),
    *cycle(2),
    NEW,
    b'{"type":"tick","received":"2026-11-20T09:00:00.5+08:00"}',
    *cycle(20, on=1)[:5],
    scan(30, "fill", on=1, net_kg=19.0),
    b"not json",
)
OF_TOPIC = {"scans": "retired", "aliases": "alias", "holders": "holders", "verdicts": "verdicts-run"}
OF_THE_SCAN = {"data", "operator", "site", "geo", "dry_run", "received", "customer", "vehicle", "driver", "escort"}
MAY_MISS = {"verdicts": {"condition", "duplicate"}, "holders": {"model", "place", "scan", *OF_THE_SCAN}}


@pytest.mark.parametrize(("topic", "value"), WRITTEN)
def test_a_record_of_the_worker_is_valid_and_nothing_less_or_more(topic: str, value: dict[str, Any]) -> None:
    schema = VALID[OF_TOPIC.get(topic, "alert")]
    schema.validate(value)
    assert not [one for one in spoiled(value, MAY_MISS.get(topic, set())) if schema.is_valid(one)]


def test_the_worker_wrote_to_every_topic() -> None:
    assert {topic for topic, _ in WRITTEN} >= {*OF_TOPIC, "alerts.market-supervision"}
    second_key = [value for topic, value in WRITTEN if topic == "holders"]
    assert {value["scan"]["type"] for value in second_key if "scan" in value} == {"load", "deliver"}
    assert any("scan" not in value and "label" in value for value in second_key), "something left"
    assert any(value.get("type") == "tick" for value in second_key)


@pytest.mark.parametrize("moment", [datetime(2026, 11, 20, 1, tzinfo=UTC), datetime(2026, 11, 20, 1, 0, 0, 1, UTC)])
def test_what_stands_between_the_scans_is_valid_and_nothing_less_or_more(moment: datetime) -> None:
    retired = Retired(label(0), label(1), moment, moment)
    for name, told in (("tick", Tick(moment)), ("retired", retired), ("retired", replace(retired, undone=True))):
        value = json.loads(encode(told))
        VALID[name].validate(value)
        assert not [one for one in spoiled(value, {"undone"}) if VALID[name].is_valid(one)]
        assert not VALID["scan"].is_valid(value)
