"""Scans a second and CPU a scan of Pingliu's worker beside stock Faust: in turn, on one machine and one broker.

Each run starts from nothing: topics made anew, the scans written, then the peer is started and works them off. How a
run is timed and checked stands in `peers/__init__.py`, what stock Faust does in `peers/stock_faust.py`. The scans are
rounds of many cylinders as the gateway would write them; a tenth of the fills are over the maximum, and a tenth of the
deliveries to a customer without a verified name: 2.7 % of all scans break a rule.

    python -m load_tests.worker_throughput [--scans N] [--runs R] [--broker HOST:PORT]
"""

import argparse
import json
import math
import os
import platform
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic
from rich.console import Console
from rich.status import Status
from rich.table import Table

from load_tests.city import registry
from load_tests.city.diary import Deed, Diary
from load_tests.city.founding import found
from load_tests.city.maker import Maker
from load_tests.city.times import DAYS, FIRST_DAY, HOUR, SECOND, chance, rfc3339
from load_tests.city.world import World
from load_tests.peers import (
    Backlog,
    Peer,
    RunError,
    Timing,
    answered_by_one,
    answered_by_run,
    check_one_each,
    check_runs,
    run,
    stock_faust,
)
from processors.intake import parse
from processors.model import Reject, encode
from stream import kafka, registry_load, topics
from stream.local.kafka import LocalKafka
from stream.local.processes import free_port
from stream.settings import Settings, load

PARTITIONS = 2
STOCK_SCANS = 10_000  # at most: it takes about seven seconds for so many
ROUNDS = 2  # of a cylinder: with its `bind` they are 15 scans
# Between two scans of a cylinder: with the default number of scans a chunk holds a label once, as it does in a city that
# is large enough to need the speed.
STEP = 13 * HOUR
VIOLATES = 0.1  # share of fills, and of deliveries


def backlog(world: World, count: int) -> Backlog:
    """Scans in order of arrival, of as many cylinders as it takes."""
    deeds = sorted(_deeds(world, math.ceil(count / (1 + 7 * ROUNDS))), key=lambda deed: deed.time)[:count]
    records, violating = [], set()
    for number, deed in enumerate(deeds):
        scan_id = f"{deed.device.removeprefix('D-')}-{number:09d}"
        records.append(_as_written(deed, scan_id))
        if deed.alerts:
            violating.add(scan_id)
    return Backlog(records, frozenset(violating))


def _deeds(world: World, cylinders: int) -> Iterator[Deed]:
    rng = chance(world.seed, "throughput")
    diary, maker = Diary(rng), Maker(world.seed)
    for _ in range(cylinders):
        enterprise = world.enterprises[rng.randrange(3)]  # the fourth loses its licence on the way
        station, courier = enterprise.station, rng.choice(enterprise.couriers)
        # A resident's model: it may be delivered to anyone.
        one = maker.make(enterprise.id, rng.choice(enterprise.unverified).model)
        now = FIRST_DAY + timedelta(milliseconds=rng.randrange(DAYS * 24 * 3600 * 1000))
        diary.bind(now, one, station)
        for _ in range(ROUNDS):
            over, unverified = rng.random() < VIOLATES, rng.random() < VIOLATES
            customer = rng.choice(enterprise.unverified if unverified else enterprise.customers)
            diary.precheck(now + 2 * STEP - HOUR, one, station)  # it is good for two hours
            filled = diary.fill(now + 2 * STEP, one, station, one.model.max_kg + 2 if over else None)
            diary.postcheck(now + 3 * STEP, one, station)
            diary.load(now + 4 * STEP, one, station, courier.vehicle)
            delivered = diary.deliver(now + 5 * STEP, one.label, courier, customer.place, customer)
            diary.collect(now + 6 * STEP, one.label, courier, customer)
            diary.receive(now + 7 * STEP, one.label, station)
            now += 7 * STEP
            if over:
                filled.expect("OVERFILL")
            if unverified:
                delivered.expect("REALNAME_MISSING")
    yield from diary


def _as_written(deed: Deed, scan_id: str) -> tuple[bytes, bytes]:
    """Key and value, read and written by the gateway's own means."""
    posted = {
        "scan_id": scan_id, "type": deed.type, "label": deed.code, "time": rfc3339(deed.time), "device": deed.device,
        "received": rfc3339(deed.time + 2 * SECOND), "data": deed.data,
    }  # fmt: skip
    posted |= {name: value for name, value in (("operator", deed.operator), ("site", deed.site)) if value}
    if deed.place:
        posted["geo"] = {"lon": deed.place.lon, "lat": deed.place.lat, "acc_m": 12}
    scan = parse(json.dumps(posted).encode())
    if isinstance(scan, Reject):
        raise TypeError(f"{posted}: {scan.reason}")
    return scan.label.encode(), encode(scan)


def peers(settings: Settings, world: World, scans: int) -> tuple[Peer, Peer]:
    """Pingliu and stock Faust, each with its backlog; `scans` are Pingliu's."""
    worker = (sys.executable, "-m", "stream.cli", "worker")
    pingliu = Peer("pingliu", backlog(world, scans), worker, settings.environment(), answered_by_run, check_runs)
    environment = {
        stock_faust.BROKER: settings.broker,
        stock_faust.PARTITIONS: str(settings.partitions),
        stock_faust.DATA_DIR: str(settings.data_dir / "stock-faust"),
    }
    app = (sys.executable, "-m", stock_faust.__name__, "worker", "--without-web", "-l", settings.log_level)
    fewer = backlog(world, min(scans, STOCK_SCANS))
    return pingliu, Peer("stock-faust", fewer, app, environment, answered_by_one, check_one_each)


def measure(admin: AdminClient, settings: Settings, both: Sequence[Peer], registry: Path) -> list[Timing]:
    """One run of each. The broker is left without our topics."""
    timings = []
    for peer in both:
        try:
            _make_topics(admin, settings)
            registry_load.load(settings, registry)
            _write(settings, peer.backlog)
            timings.append(run(peer, settings, settings.data_dir / "logs"))
        finally:
            _delete_topics(admin)
    return timings


def _our_topics(admin: AdminClient) -> list[str]:
    ours = {topic.name for topic in topics.ALL} | {stock_faust.CHANGELOG}
    return sorted(ours & set(admin.list_topics(timeout=10).topics))


def _make_topics(admin: AdminClient, settings: Settings) -> None:
    stamped_by_broker = {"message.timestamp.type": "LogAppendTime"}
    verdicts = NewTopic(topics.VERDICTS.name, settings.partitions, settings.replication, config=stamped_by_broker)
    for future in admin.create_topics([verdicts]).values():
        future.result(30)
    kafka.make_topics(settings)  # all the others


def _delete_topics(admin: AdminClient) -> None:
    """With a topic go the offsets committed on it, so that the next run begins at 0."""
    while present := _our_topics(admin):
        for future in admin.delete_topics(present).values():
            with suppress(KafkaException):  # it is gone already, or tried again
                future.result(30)


def _write(settings: Settings, backlog: Backlog) -> None:
    producer = kafka.producer(settings, **{"queue.buffering.max.messages": 2_000_000})
    for key, value in backlog.records:
        producer.produce(topics.SCANS.name, value, key)
    if producer.flush(120):
        raise RunError("the broker did not take all scans in 120 s")


def table(both: Sequence[Peer], runs: Sequence[Sequence[Timing]]) -> Table:
    """Medians over the runs, with the least and the most; each ratio is of two runs one after the other."""
    title = f"median (min-max) of {len(runs)} runs; {os.cpu_count()} cores, {platform.python_version()}"
    shown = Table("", "scans a run", "scans/s", "CPU µs a scan", title=title)
    for peer, timings in zip(both, zip(*runs, strict=True), strict=True):
        rates, costs = [one.scans_a_second for one in timings], [one.cpu_us_a_scan for one in timings]
        shown.add_row(peer.name, f"{len(peer.backlog.records):,}", _spread(rates, ",.0f"), _spread(costs, ",.1f"))
    rates = [ours.scans_a_second / theirs.scans_a_second for ours, theirs in runs]
    costs = [theirs.cpu_us_a_scan / ours.cpu_us_a_scan for ours, theirs in runs]
    shown.add_row("times better", "", _spread(rates, ".1f"), _spread(costs, ".1f"), style="bold")
    return shown


def _spread(values: Sequence[float], form: str) -> str:
    return f"{median(values):{form}} ({min(values):{form}}-{max(values):{form}})"


def main() -> None:
    """Print the table, and write nothing that stays."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.worker_throughput", description=__doc__.splitlines()[0])
    parser.add_argument("--scans", type=int, default=300_000, help="Pingliu works off so many a run (300,000)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each (5)")
    parser.add_argument("--broker", help="HOST:PORT of a broker with none of Pingliu's topics; else one of our own")
    asked = parser.parse_args()
    if not Path("/proc/self/stat").exists():
        parser.error("CPU time is read from /proc: Linux only")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    terminal = Console(stderr=True)
    with ExitStack() as stack:
        data_dir = Path(stack.enter_context(TemporaryDirectory(prefix="pingliu-bench-")))
        progress: Status = stack.enter_context(terminal.status("making scans"))
        broker = asked.broker or stack.enter_context(LocalKafka(data_dir / "kafka")).bootstrap
        settings = load(broker=broker, partitions=PARTITIONS, data_dir=data_dir, worker_port=free_port())
        admin = AdminClient(kafka.common(settings))
        if present := _our_topics(admin):
            parser.error(f"{broker} holds {', '.join(present)}, and a run deletes its topics: take another broker")
        world = found(1)
        both = peers(settings, world, asked.scans)
        rows = data_dir / "registry.jsonl"
        rows.write_text("".join(json.dumps(row) + "\n" for row in registry.rows(world)))
        runs = []
        for number in range(1, asked.runs + 1):
            progress.update(f"run {number} of {asked.runs}")
            runs.append(measure(admin, settings, both, rows))
    Console().print(table(both, runs))


if __name__ == "__main__":
    try:
        main()
    except (RunError, kafka.BrokerError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
