"""The Faust app: scans in, verdicts and alerts out.

    [scans] → chunk → judge (processors/) → [verdicts] [alerts.*] [scans.rejected] [holders] [aliases] → changelog → commit
    [holders] → chunk → hold back until its turn → count (processors/) → [alerts.*] → changelog → commit

On an exception anywhere the whole process stops and is started again by whoever runs it: state comes back from the
changelog, scans from the last commit. There is no path on which a chunk is acknowledged that did not get out. One that
stands still is ended too (liveness.py).
"""

import asyncio
import gc
import sys
import time
from collections.abc import Callable, Generator
from datetime import datetime
from functools import partial
from typing import Any

import faust
from faust.types import TP
from faust.web import Request, Response, View
from mode import CrashingSupervisor
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from processors.holder import HolderPacking
from processors.packed import LedgerPacking
from processors.times import SHANGHAI
from stream import kafka, metrics, topics
from stream.lane.chunk import ChunkJudge
from stream.lane.driver import ChunkSchema, ChunkTransport
from stream.lane.effects import Effects
from stream.lane.fetching import Fetching
from stream.lane.holders import HolderJudge
from stream.lane.outbox import Outbox, Parcel, make_producer
from stream.liveness import Pulse, Watch
from stream.quiet import quieten_kafka_client
from stream.registry_feed import RegistryFeed
from stream.settings import Settings
from stream.tables.checkpoints import Checkpoints
from stream.tables.fence import Fences
from stream.tables.restore import Source
from stream.tables.store import PartitionStore, declare

# Chunks a partition may have waiting in memory; a chunk is at most _CHUNK_SCANS records.
_CHUNKS_WAITING = 8
_CHUNK_SCANS = 2000


def make_app(settings: Settings, feed: RegistryFeed) -> faust.App:
    """The app, not yet started. `feed` holds the registry, read to its end."""
    data_dir = settings.data_dir / "faust"
    data_dir.mkdir(parents=True, exist_ok=True)
    app = faust.App(
        topics.APP_ID,
        broker=[f"kafka://{server}" for server in settings.broker.split(",")],
        datadir=data_dir,
        store="memory://",
        # State is restored in bulk by whoever is given the partition. A standby would keep that of a partition it lost, and
        # judge by it, stale, when the partition comes back.
        table_standby_replicas=0,
        consumer_group_instance_id=settings.member,
        broker_session_timeout=settings.session_seconds,
        broker_heartbeat_interval=min(2.0, settings.session_seconds / 3),
        broker_request_timeout=max(30.0, settings.session_seconds + 1),
        broker_commit_interval=0.5,
        broker_max_poll_records=_CHUNK_SCANS,
        consumer_auto_offset_reset="earliest",
        stream_buffer_maxsize=_CHUNKS_WAITING,
        stream_wait_empty=True,  # a revoked partition's chunk is finished before the partition goes
        agent_supervisor=CrashingSupervisor,
        topic_allow_declare=False,  # `pingliu topics` makes them
        topic_disable_leader=True,
        topic_partitions=settings.partitions,
        web_host=settings.host,
        web_bind=settings.host,
        web_port=settings.worker_port,
        web_tables_enabled=False,
        # A static member is given its old assignment back, and Faust asserts that it names the same URL: a worker that
        # came back under another port or host would hang for ever. Nothing is routed by it here.
        canonical_url=f"http://{settings.member}",
    )
    pulse = Pulse()
    fetching = Fetching(settings, _CHUNK_SCANS)
    transport = ChunkTransport(app.conf.broker_consumer, app, pulse, lambda *place: _upto(stores, *place), fetching)
    app.transport = transport
    scans, holders = (app.topic(topic.name, schema=ChunkSchema()) for topic in (topics.SCANS, topics.HOLDERS))
    fences, checkpoints = Fences(settings), Checkpoints()
    cylinders = Source(settings, topics.CYLINDERS_CHANGELOG.name, LedgerPacking)
    cylinder_states = declare(app, topics.CYLINDERS_TABLE, cylinders, checkpoints, fences)
    second_keys = Source(settings, topics.HOLDERS_CHANGELOG.name, HolderPacking, log=topics.HOLDERS.name)
    holder_states = declare(app, topics.HOLDERS_TABLE, second_keys, checkpoints, fences)
    stores = {topics.SCANS.name: cylinder_states, topics.HOLDERS.name: holder_states}
    judge = ChunkJudge(feed.registry, settings.schedule)
    second = HolderJudge(feed.registry, settings.schedule, settings.partitions)
    outbox = Outbox(make_producer(settings), settings.partitions, fences, settings.kafka_seconds)
    transport.hurry = outbox.hurry

    @app.agent(scans, name="judge", concurrency=1)
    async def judge_scans(stream: Any) -> None:
        """Judge chunk by chunk; each is acknowledged when all it causes is in Kafka."""
        async for event in stream.noack().events():
            partition, chunk = event.message.partition, event.value
            feed.apply()
            effects = judge.judge(partition, cylinder_states.states[partition], chunk, _now())
            told = partial(_told, app, event.message.tp, event.message.offset, chunk[0].timestamp, effects)
            kept = partial(_kept, event, cylinder_states.under_way(partition, effects.records))
            chunk.clear()  # until it is acknowledged a chunk is but its offset
            await outbox.put(Parcel(effects, kept, told))

    @app.agent(holders, name="count", concurrency=1)
    async def count_holdings(stream: Any) -> None:
        """What customers and vehicles have, as it comes and leaves: the second key."""
        async for event in stream.noack().events():
            partition = event.message.partition
            feed.apply()
            effects = await _in_pieces(second.steps(partition, holder_states.states[partition], event.value))
            kept = partial(_kept, event, holder_states.under_way(partition, effects.records))
            event.value.clear()
            await outbox.put(Parcel(effects, kept, partial(_counted, event.message.tp, effects)))

    @app.task
    async def send_out() -> None:
        """Out of the outbox; when it breaks, the worker does."""
        Watch(settings, pulse).start()
        await outbox.run()

    @app.task
    async def keep_checkpoints() -> None:
        """On this machine, so that a restart reads but the changelog's tail."""
        await checkpoints.run()

    _add_pages(app)
    metrics.begin_at_zero()
    metrics.RESTORING.set_function(lambda: not _judging(app))
    metrics.COMMIT_AGE.set_function(lambda: pulse.age)
    return app


def run(settings: Settings) -> None:
    """Run the worker until SIGTERM. Exits with a non-zero code when anything broke."""
    quieten_kafka_client()
    _hold_up_less()
    feed = RegistryFeed(settings, "worker")
    feed.start()
    app = make_app(settings.model_copy(update={"partitions": kafka.partition_count(settings, topics.SCANS.name)}), feed)
    process = faust.Worker(app, loglevel=settings.log_level, redirect_stdouts=False)
    process.spinner = None  # for its sake every logger would make the records of all levels, to be thrown away
    process.execute_from_commandline()


def _hold_up_less() -> None:
    """What keeps a verdict waiting that is not work.

    A full collection looks through all live states, 140,000 lists, 50 to 110 ms long, and found nothing in any run; by
    default it came every 3.5 s at 1,500 scans a second, and was the slowest post in a hundred. Now one comes in minutes.
    And a thread that works keeps the interpreter from the others for 5 ms by default, several times between scan and verdict.
    """
    gc.set_threshold(2_000, 10, 400)
    sys.setswitchinterval(0.0005)


def _upto(stores: dict[str, PartitionStore], topic: str, partition: int) -> int | None:
    """How far the state of a partition goes, if we have it."""
    state = stores[topic].states.get(partition) if topic in stores else None
    return None if state is None else state.position.upto


async def _in_pieces(steps: Generator[None, None, Effects]) -> Effects:
    """What the steps come to; between them all else that is ready gets its turn."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            effects: Effects = end.value
            return effects
        await asyncio.sleep(0)


def _now() -> str:
    return datetime.now(SHANGHAI).isoformat(timespec="milliseconds")


def _kept(event: Any, in_changelog: Callable[[], None]) -> None:
    """A chunk's state is in the changelog: acknowledge it."""
    event.ack()
    in_changelog()


def _told(app: faust.App, tp: TP, offset: int, oldest: int, effects: Effects) -> None:
    """Verdicts and alerts of a chunk are in Kafka: count. The latency is that of its oldest scan (ms of the clock)."""
    for decision, count in effects.decisions.items():
        metrics.JUDGED.labels(decision).inc(count)
    end = app.consumer.highwater(tp)
    if end is not None:
        metrics.LAG.labels(tp.partition).set(max(0, end - offset - 1))
    metrics.VERDICT_SECONDS.observe(max(0.0, time.time() - oldest / 1000))
    _counted(tp, effects)


def _counted(tp: TP, effects: Effects) -> None:
    metrics.LAST_CHUNK.labels(tp.topic, tp.partition).set(time.time())
    for alert in effects.alerts:
        metrics.ALERTS.labels(alert.code).inc()


def _add_pages(app: faust.App) -> None:
    @app.page("/healthz")
    async def healthz(view: View, request: Request) -> Response:  # noqa: ARG001 - Faust's signature
        return view.json({"status": "ok"})

    @app.page("/readyz")
    async def readyz(view: View, request: Request) -> Response:  # noqa: ARG001 - Faust's signature
        ready = _judging(app)
        return view.json({"status": "ok" if ready else "restoring"}, status=200 if ready else 503)

    @app.page("/metrics")
    async def show_metrics(view: View, request: Request) -> Response:  # noqa: ARG001 - Faust's signature
        _forget_lost(app)
        return view.bytes(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _forget_lost(app: faust.App) -> None:
    """What was said of partitions that another worker holds now is not said any more."""
    if not app.tables.recovery.completed.is_set():
        return  # there may be no consumer to ask yet
    held = {(tp.topic, str(tp.partition)) for tp in app.consumer.assignment()}
    told = [sample.labels for metric in metrics.LAST_CHUNK.collect() for sample in metric.samples]
    for topic, partition in ((labels["topic"], labels["partition"]) for labels in told):
        if (topic, partition) in held:
            continue
        metrics.LAST_CHUNK.remove(topic, partition)
        if topic == topics.SCANS.name:
            metrics.LAG.remove(partition)


def _judging(app: faust.App) -> bool:
    """Whether state is back and partitions are assigned: from here on scans are judged."""
    recovery = app.tables.recovery
    return recovery.completed.is_set() and not recovery.in_recovery and bool(app.consumer.assignment())
