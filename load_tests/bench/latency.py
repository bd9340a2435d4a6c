"""The row of latency: from a post to its verdict, beside a bare produce-and-consume round trip under the same load.

1. *The highest rate*: the real gateway and the real worker; posts of `BATCH` scans with `Prefer: wait`, on `_CONNECTIONS`
   connections, each the next as soon as it has its verdicts, for some seconds. Scans answered a second.
2. *Gateway → verdict*: posts of `BATCH` scans at half that rate, each at its appointed moment whether others are answered or
   not. Of each post the time from that moment until its verdicts are here (200, as many as scans); so a post that had to wait
   for a connection waits on the clock.
3. *Bare*: the same records at the same moments, produced (acks=all, no linger) and consumed again by one process with
   confluent-kafka; of each batch the time from its moment until its last record is back. On the same broker, after the others
   have ended.

The ratio is of the two 99th percentiles of one round. Compared: every post has a verdict for each of its scans, with its id.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from statistics import quantiles

import msgspec

from load_tests.bench.city_log import Log, make_log
from load_tests.bench.http_client import Connection, batch
from load_tests.bench.process import Process
from load_tests.bench.programs import paths
from load_tests.bench.results import Figures, Report, Target, spread
from load_tests.bench.run import PATIENCE_S, RunError
from load_tests.bench.services import gateway, worker
from load_tests.bench.setting import PARTITIONS, Asked, Setting, broker
from stream import registry_load

BATCH = 10
_CONNECTIONS = 16
_WAIT = 20  # seconds, of `Prefer: wait`
SEARCH_SECONDS, LOAD_SECONDS = 6.0, 10.0
COPY = "bare-round-trip"

Post = tuple[bytes, list[str]]  # a body, and the ids in it


def measure(asked: Asked) -> Report:
    """All rounds. Raises RunError."""
    posts, log = make_posts(asked.scans)
    ours, theirs, ratios, highest = [], [], [], []
    with broker(asked, "latency") as setting:
        for number in range(1, asked.rounds + 1):
            asked.say(f"latency, round {number} of {asked.rounds}")
            rate, post_ms, bare_ms = one_round(setting, log, posts, SEARCH_SECONDS)
            highest.append(rate)
            ours.append(p99(post_ms))
            theirs.append(p99(bare_ms))
            ratios.append(ours[-1] / theirs[-1])
    note = f"p99 {spread(ours, '.1f')} ms at half of that; bare {spread(theirs, '.1f')} ms"
    return Report(
        [Figures(f"gateway → verdict, posts of {BATCH}", count=len(posts) * BATCH, rates=highest, note=note)],
        [Target("gateway → verdict", "p99 over bare round trip", ratios, 5, 3, more=False)],
    )


def make_posts(scans: int) -> tuple[list[Post], Log]:
    """The log's scans in order of arrival, in bodies of `BATCH`; less what is left over."""
    log = make_log(scans, PARTITIONS)
    values = [record.value for record in log.records if record.key is not None]
    batches = (values[at : at + BATCH] for at in range(0, len(values) - BATCH + 1, BATCH))
    return [(batch(one), [json.loads(value)["scan_id"] for value in one]) for one in batches], log


def p99(milliseconds: Sequence[float]) -> float:
    """The 99th percentile."""
    return quantiles(milliseconds, n=100)[98]


def one_round(
    setting: Setting, log: Log, posts: list[Post], search_seconds: float
) -> tuple[float, list[float], list[float]]:
    """The highest rate, then the milliseconds of each post and of each bare batch."""
    setting.empty()
    # A worker that ended keeps its place in the group for a session: the next comes back as the same member.
    try:
        setting.bus.make_topics([COPY])
        rows = setting.folder / "registry.jsonl"
        rows.write_bytes(b"\n".join(log.registry))
        registry_load.load(setting.settings, rows)
        with worker(setting), gateway(setting):
            answered, rate = asyncio.run(_search(setting, posts, search_seconds))
            pause = 2 * BATCH / rate
            coming = posts[answered:][: max(100, int(LOAD_SECONDS / pause))]
            if len(coming) < 100:
                raise RunError(f"{len(posts) * BATCH:,} scans are too few for {rate:,.0f} a second: give --scans")
            post_ms = asyncio.run(_load(setting, coming, pause))
        return rate, post_ms, _bare(setting, [body for body, _ in coming], pause)
    finally:
        setting.bus.delete_topics()


async def _search(setting: Setting, posts: list[Post], seconds: float) -> tuple[int, float]:
    """How many posts were answered, as fast as can be, and the scans a second of the later two thirds of that time."""
    coming, began = iter(posts), time.monotonic()
    answers: list[float] = []

    async def post() -> None:
        async with _connection(setting) as connection:
            while time.monotonic() - began < seconds and (one := next(coming, None)):
                await _judged(connection, one)
                answers.append(time.monotonic() - began)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(_CONNECTIONS):
            tasks.create_task(post())
    later = [at for at in answers if at > seconds / 3]
    if not later:
        raise RunError(f"{len(posts) * BATCH:,} scans are too few to find the highest rate: give --scans")
    return len(answers), len(later) * BATCH / (max(later) - seconds / 3)


async def _load(setting: Setting, posts: list[Post], pause: float) -> list[float]:
    """A post every `pause` seconds; the milliseconds of each."""
    free: asyncio.Queue[Connection] = asyncio.Queue()
    taken: list[float] = []

    async def post(one: Post, moment: float) -> None:
        connection = await free.get()
        try:
            await _judged(connection, one)
        finally:
            free.put_nowait(connection)
        taken.append((time.monotonic() - moment) * 1000)

    connections = [_connection(setting) for _ in range(4 * _CONNECTIONS)]
    for connection in connections:
        free.put_nowait(await connection.__aenter__())
    began = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number, one in enumerate(posts):
            moment = began + number * pause
            await asyncio.sleep(max(0.0, moment - time.monotonic()))
            tasks.create_task(post(one, moment))
    for connection in connections:
        await connection.__aexit__(None, None, None)
    return taken


async def _judged(connection: Connection, post: Post) -> None:
    body, ids = post
    status, answer = await connection.post(body, _WAIT)
    told = msgspec.json.decode(answer)
    if status != 200 or [one.get("scan_id") for one in told["verdicts"]] != ids:
        raise RunError(f"the gateway answered {status}: {answer[:300]!r}")


def _connection(setting: Setting) -> Connection:
    return Connection(setting.settings.host, setting.settings.gateway_port)


def _bare(setting: Setting, bodies: list[bytes], pause: float) -> list[float]:
    given, told = setting.folder / "bodies", setting.folder / "bare.json"
    given.write_bytes(msgspec.msgpack.encode(bodies))
    arguments = (setting.settings.broker, COPY, str(PARTITIONS), str(pause), str(given), str(told))
    command = (sys.executable, "-m", "load_tests.peers.bare_round_trip", *arguments)
    with Process(command, paths(), setting.folder / "bare.log") as loop:
        if loop.wait(PATIENCE_S + pause * len(bodies)) != 0:
            raise RunError(f"the bare round trip failed\n{loop.log_tail}")
    milliseconds: list[float] = json.loads(told.read_bytes())
    if len(milliseconds) != len(bodies):
        raise RunError(f"{len(milliseconds)} of {len(bodies)} batches came back")
    return milliseconds
