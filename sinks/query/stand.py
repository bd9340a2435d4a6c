"""How gateway, worker, sink and archive stand, as each of them says itself. One that does not say so in time is down."""

import asyncio
import time
from http import HTTPStatus
from typing import Final

import httpx
import msgspec
from clickhouse_connect.driver.exceptions import ClickHouseError
from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families

from sinks.archive import Health
from sinks.connection import Client
from sinks.query.neighbours import Neighbours
from sinks.query.readers import Readers

SAY_SECONDS: Final = 1.5
BEHIND: Final = 10_000  # records: two minutes of a city's burst; more is told in words, not by figures alone


class Part(Struct, frozen=True):
    """One part of the stream: what it is, whether it works, and what it says, in Chinese and English."""

    name: str
    zh: str
    well: bool
    says_zh: str
    says_en: str


class _SinkHealth(Struct):
    sink: Health | None = None


async def parts(neighbours: Neighbours, readers: Readers, sink: Health | None) -> list[Part]:
    """All of them, in the order in which a scan passes; takes `SAY_SECONDS` at most. `sink` is one in this process."""
    return list(
        await asyncio.gather(_gateway(neighbours), _worker(neighbours), _sink(neighbours, sink), _archive(readers))
    )


async def _gateway(neighbours: Neighbours) -> Part:
    why_not = await _why_not_ready(neighbours, neighbours.gateway)
    says = why_not or ("接收扫码", "takes scans")
    return Part("gateway", "网关", not why_not, *says)


async def _worker(neighbours: Neighbours) -> Part:
    why_not, text = await asyncio.gather(
        _why_not_ready(neighbours, neighbours.worker), _text(neighbours, f"{neighbours.worker}/metrics")
    )
    if why_not:
        return Part("worker", "判定", False, *why_not)
    lag, rows = metric_total(text, "pingliu_worker_lag_records"), metric_total(text, "pingliu_registry_rows")
    if not rows:
        return Part("worker", "判定", False, "登记库是空的", "the registry is empty: nobody has a licence")
    return Part("worker", "判定", lag < BEHIND, f"落后 {lag:.0f} 条", f"{lag:.0f} records behind")


async def _sink(neighbours: Neighbours, own: Health | None) -> Part:
    health = own
    if health is None:
        text = await _text(neighbours, f"{neighbours.sink}/healthz")
        try:
            health = msgspec.json.decode(text, type=_SinkHealth).sink if text else None
        except msgspec.MsgspecError:
            health = None
    if health is None:
        return Part("sink", "归档", False, "没有回答", "does not answer")
    if not health.ready:
        return Part("sink", "归档", False, "没有在写", health.failure or "has no partitions yet")
    zh, en = f"落后 {health.lag} 条", f"{health.lag} records behind"
    if health.last_insert is not None:
        age = max(0.0, time.time() - health.last_insert)
        zh, en = f"{zh}，{age:.0f} 秒前写入", f"{en}, last wrote {age:.0f} s ago"
    return Part("sink", "归档", health.lag < BEHIND, zh, en)


async def _archive(readers: Readers) -> Part:
    try:
        async with asyncio.timeout(SAY_SECONDS):
            await readers.ask(probe)
    except (TimeoutError, ClickHouseError, OSError):
        return Part("archive", "档案", False, "没有回答", "does not answer")
    return Part("archive", "档案", True, "可以查询", "answers")


def probe(client: Client) -> None:
    """Whether the archive answers at all; raises what its client raises."""
    client.query("SELECT 1 FROM scans LIMIT 1")


async def _why_not_ready(neighbours: Neighbours, base: str) -> tuple[str, str] | None:
    try:
        async with asyncio.timeout(SAY_SECONDS):
            reply = await neighbours.http.get(f"{base}/readyz")
    except (TimeoutError, httpx.HTTPError):
        return "没有回答", "does not answer"
    return None if reply.status_code == HTTPStatus.OK else ("还没有准备好", "is not ready yet")


async def _text(neighbours: Neighbours, url: str) -> str:
    try:
        async with asyncio.timeout(SAY_SECONDS):
            return (await neighbours.http.get(url)).text
    except (TimeoutError, httpx.HTTPError):
        return ""


def metric_total(text: str, name: str) -> float:
    """The sum of a metric over its labels in an exposition; 0 where it has none."""
    families = text_string_to_metric_families(text)
    return sum(sample.value for family in families for sample in family.samples if sample.name == name)
