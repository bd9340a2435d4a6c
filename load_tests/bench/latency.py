"""The row of latency: from a post to its verdict, beside a bare produce-and-consume round trip under the same load.

1. *The highest rate*: the real gateway and the real worker; posts of `BATCH` scans with `Prefer: wait`, on `_CONNECTIONS`
   connections, each the next as soon as it has its verdicts, for some seconds. Scans answered a second.
2. *Gateway → verdict*: posts of `BATCH` scans at half that rate, each at its appointed moment whether others are answered or
   not. Of each post the time from that moment until its verdicts are here (200, as many as scans); so a post that had to wait
   for a connection waits on the clock.
3. *Bare*: the same records at the same moments, produced (acks=all, no linger) and consumed again by one process with
   confluent-kafka; of each batch the time from its moment until its last record is back. On the same broker, after the others
   have ended.
4. *At low load*: posts of one scan, ten a second, from each one's moment to its verdict: nothing may wait for more to come.

The ratio is of the two 99th percentiles of one round. Beside it stand the cores that each process kept busy under the load of
2: where together they come near to what the machine has, posts wait for each other. Compared: every post has a verdict for
each of its scans, with its id.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from statistics import median, quantiles
from typing import NamedTuple

import msgspec

from load_tests.bench.city_log import Log, make_log
from load_tests.bench.http_client import Connection, batch
from load_tests.bench.process import Process, cpu_seconds
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
LOW_RATE, LOW_POSTS = 10, 100  # scans a second, and scans
COPY = "bare-round-trip"

Post = tuple[bytes, list[str]]  # a body, and the ids in it


class Round(NamedTuple):
    """The highest rate, in scans a second, and the milliseconds of each post, bare batch, and post at low load.

    `busy`: by process, the cores it kept busy while posts came at half that rate.
    """

    rate: float
    post_ms: list[float]
    bare_ms: list[float]
    low_ms: list[float]
    busy: dict[str, float]


def measure(asked: Asked) -> Report:
    """All rounds. Raises RunError."""
    posts, log = make_posts(asked.scans)
    gc.freeze()  # to look through all of it for rings took 145 ms, and held up the posts that were under way
    rounds = []
    with broker(asked, "latency") as setting:
        for number in range(1, asked.rounds + 1):
            asked.say(f"latency, round {number} of {asked.rounds}")
            rounds.append(one_round(setting, log, posts, SEARCH_SECONDS))
    ours, theirs = [p99(one.post_ms) for one in rounds], [p99(one.bare_ms) for one in rounds]
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    low = sorted(taken for one in rounds for taken in one.low_ms)
    parts = ", ".join(f"p{part} {quantiles(low, n=100)[part - 1]:.1f}" for part in (50, 90, 99))
    fast = Figures(f"gateway → verdict, posts of {BATCH}", count=len(posts) * BATCH, rates=[one.rate for one in rounds])
    busy = ", ".join(f"{name} {median(one.busy[name] for one in rounds):.2f}" for name in rounds[0].busy)
    fast.note = f"p99 {spread(ours, '.1f')} ms at half of that; bare {spread(theirs, '.1f')} ms; cores busy: {busy}"
    slow = Figures(f"gateway → verdict, {LOW_RATE} scans a second", count=len(low))
    slow.note = f"{parts}, most {low[-1]:.1f} ms"
    return Report([fast, slow], [Target("gateway → verdict", "p99 over bare round trip", ratios, 5, 3, more=False)])


def make_posts(scans: int) -> tuple[list[Post], Log]:
    """The log's scans in order of arrival, in bodies of `BATCH`; less what is left over."""
    log = make_log(scans, PARTITIONS)
    values = [record.value for record in log.records if record.key is not None]
    batches = (values[at : at + BATCH] for at in range(0, len(values) - BATCH + 1, BATCH))
    return [(batch(one), [json.loads(value)["scan_id"] for value in one]) for one in batches], log


def p99(milliseconds: Sequence[float]) -> float:
    """The 99th percentile."""
    return quantiles(milliseconds, n=100)[98]


def one_round(setting: Setting, log: Log, posts: list[Post], search_seconds: float) -> Round:
    """One after the other on a bus that is empty. Raises RunError."""
    setting.empty()
    # A worker that ended keeps its place in the group for a session: the next comes back as the same member.
    try:
        setting.bus.make_topics([COPY])
        rows = setting.folder / "registry.jsonl"
        rows.write_bytes(b"\n".join(log.registry))
        registry_load.load(setting.settings, rows)
        with worker(setting) as judging, gateway(setting) as taking:
            answered, rate = asyncio.run(_search(setting, posts, search_seconds))
            pause = 2 * BATCH / rate
            end = answered + max(100, int(LOAD_SECONDS / pause))
            coming = posts[answered:end]
            singles = [single for post in posts[end : end + LOW_POSTS] for single in _one_by_one(post)][:LOW_POSTS]
            if len(coming) < 100 or len(singles) < LOW_POSTS:
                raise RunError(f"{len(posts) * BATCH:,} scans are too few for {rate:,.0f} a second: give --scans")
            parts = {
                "worker": lambda: judging.cpu,
                "gateway": lambda: taking.cpu,
                "broker": lambda: cpu_seconds(setting.broker_pid),
                "posting": time.process_time,
            }
            began, before = time.monotonic(), {name: cpu() for name, cpu in parts.items()}
            post_ms = asyncio.run(_load(setting, coming, pause))
            took = time.monotonic() - began
            busy = {name: (cpu() - before[name]) / took for name, cpu in parts.items()}
            low_ms = asyncio.run(_load(setting, singles, 1 / LOW_RATE, connections=4))
        return Round(rate, post_ms, _bare(setting, [body for body, _ in coming], pause), low_ms, busy)
    finally:
        setting.bus.delete_topics()


def _one_by_one(post: Post) -> list[Post]:
    body, ids = post
    return [
        (batch([bytes(scan)]), [one])
        for scan, one in zip(msgspec.json.decode(body, type=list[msgspec.Raw]), ids, strict=True)
    ]


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


async def _load(setting: Setting, posts: list[Post], pause: float, connections: int = 4 * _CONNECTIONS) -> list[float]:
    """A post every `pause` seconds; the milliseconds of each. Few connections at low load: the gateway ends idle ones."""
    free: asyncio.Queue[Connection] = asyncio.Queue()
    taken: list[float] = []

    async def post(one: Post, moment: float) -> None:
        connection = await free.get()
        try:
            await _judged(connection, one)
        finally:
            free.put_nowait(connection)
        taken.append((time.monotonic() - moment) * 1000)

    async with AsyncExitStack() as opened:
        for _ in range(connections):
            free.put_nowait(await opened.enter_async_context(_connection(setting)))
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for number, one in enumerate(posts):
                moment = began + number * pause
                await asyncio.sleep(max(0.0, moment - time.monotonic()))
                tasks.create_task(post(one, moment))
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
