"""What the registry of a city costs: bytes a customer, and rows a second of its load beside a bare consume loop.

Customers as `pingliu registry load` writes them: one contract, premises, a household check and an identity token each.

- *Bytes*: growth of the resident memory (/proc/self/statm) of a process of its own that holds so many customers and
  nothing else, after what it needed to make them is given back; every index counts.
- *Rows/s*: both read the same topic from its start to its end, in turn, with the same settings of the client; timed from
  the first batch in hand to the end of the topic. The bare loop takes key and value of each record and drops them. Each
  ratio is of two runs one after the other.
- *Look-ups*: of random customers, medians of rounds.

    python -m load_tests.registry_load [--rows N] [--runs R] [--customers N] [--broker HOST:PORT]
"""

import argparse
import ctypes
import gc
import hashlib
import multiprocessing
import os
import platform
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from confluent_kafka import Message, TopicPartition
from rich.console import Console

from processors.model import encode
from processors.registry import Contract, Customer, Premises, Registry
from stream import kafka, topics
from stream.local.kafka import LocalKafka
from stream.registry_feed import READ_AHEAD, RegistryFeed
from stream.settings import Settings, load

DISTRICTS = ("330203", "330205", "330206", "330211", "330212", "330213", "330225", "330226", "330281", "330282")
TODAY = date(2026, 11, 1)
LOOK_UPS, ROUNDS = 2000, 15


def customers(count: int) -> Iterator[Customer]:
    """Made-up customers, the same each time."""
    chance, arrived = random.Random(1), datetime(2026, 11, 1, tzinfo=UTC)  # noqa: S311 - nothing secret hangs on it
    for number in range(count):
        begun = TODAY - timedelta(days=chance.randrange(3650))
        yield Customer(
            id=f"C{number:07d}",
            received=arrived,
            customer_kind=chance.choice(("resident", "resident", "resident", "restaurant", "other")),
            district=chance.choice(DISTRICTS),
            realname_verified=chance.random() < 0.9,
            contracts=[Contract(enterprise=f"E{chance.randrange(30):02d}", valid_from=begun)],
            premises=Premises(high_rise=chance.random() < 0.3, cylinder_room=chance.random() < 0.2),
            home_check=TODAY - timedelta(days=chance.randrange(500)),
            id_token=hashlib.sha256(b"%d" % number).hexdigest(),
        )


def bytes_a_customer(count: int) -> float:
    """Measured in a process of its own, which begins without anybody's leavings."""
    with multiprocessing.get_context("spawn").Pool(1) as alone:
        return alone.apply(_growth, (count,)) / count


def _growth(count: int) -> int:
    for _ in customers(1000):  # what is made once and stays
        pass
    before, registry = _resident(), Registry()
    registry.put_all(customers(count))
    registry.index_tokens()
    grown = _resident() - before
    if len(registry.counts) != 1 or registry.counts["customer"] != count:
        raise RuntimeError(f"the registry holds {registry.counts}, not {count} customers")
    return grown


def _resident() -> int:
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def bare(settings: Settings) -> float:
    """Rows a second of a consume loop that takes key and value and drops them."""
    consumer = kafka.follower(settings, "registry-load", **READ_AHEAD)
    consumer.assign([TopicPartition(topics.REGISTRY.name, 0, 0)])
    rows, begun, ended = 0, 0.0, False
    while not ended:
        batch = kafka.arrived(consumer, 0.1)
        begun = begun or (time.perf_counter() if batch else 0.0)
        for message in batch:
            if message.error() is None:
                message.key()
                message.value()
                rows += 1
            else:
                ended = kafka.at_end(message)
    taken = time.perf_counter() - begun
    consumer.close()
    return rows / taken


class TimedFeed(RegistryFeed):
    """The product's feed, and when it had its first batch in hand and when it was at the end."""

    begun = ended = 0.0

    def _read(self, messages: list[Message]) -> None:
        self.begun = self.begun or (time.perf_counter() if messages else 0.0)
        super()._read(messages)
        if self._at_end.is_set():
            self.ended = self.ended or time.perf_counter()


def feed(settings: Settings, rows: int) -> tuple[float, Registry]:
    """Rows a second of the product's own load, and what it loaded."""
    loaded = TimedFeed(settings, "registry-load")
    loaded.start(timeout=600)
    loaded.close()
    if loaded.registry.counts.get("customer") != rows:
        raise RuntimeError(f"loaded {loaded.registry.counts}, not {rows} customers")
    return rows / (loaded.ended - loaded.begun), loaded.registry


def look_up_us(look_up: Callable[[int], object], count: int) -> float:
    """µs a look-up of one of `count` customers; the median of rounds."""
    chance, rounds = random.Random(2), []  # noqa: S311
    for _ in range(ROUNDS):
        numbers = [chance.randrange(count) for _ in range(LOOK_UPS)]
        begun = time.perf_counter()
        for number in numbers:
            look_up(number)
        rounds.append((time.perf_counter() - begun) / LOOK_UPS * 1e6)
    return median(rounds)


def _write(settings: Settings, rows: int) -> None:
    producer = kafka.producer(settings, **{"queue.buffering.max.messages": 2_000_000})
    for row in customers(rows):
        producer.produce(topics.REGISTRY.name, encode(row), row.key().encode())
    if producer.flush(120):
        raise RuntimeError("the broker did not take all rows in 120 s")


def _spread(values: Sequence[float], form: str) -> str:
    return f"{median(values):{form}} ({min(values):{form}}-{max(values):{form}})"


def main() -> None:
    """Print the figures, and write nothing that stays."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.registry_load", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=300_000, help="rows on the topic (300,000)")
    parser.add_argument("--runs", type=int, default=7, help="runs of each (7)")
    parser.add_argument(
        "--customers", type=int, default=1_600_000, help="customers whose memory is measured (1,600,000)"
    )
    parser.add_argument(
        "--broker", help="HOST:PORT of a broker whose `registry` was never written; else one of our own"
    )
    asked = parser.parse_args()
    with ExitStack() as stack:
        data_dir = Path(stack.enter_context(TemporaryDirectory(prefix="pingliu-bench-")))
        broker = asked.broker or stack.enter_context(LocalKafka(data_dir / "kafka")).bootstrap
        settings = load(broker=broker, data_dir=data_dir)
        kafka.make_topics(settings)
        if kafka.holds_records(settings, topics.REGISTRY.name):
            parser.error(f"`{topics.REGISTRY.name}` at {broker} holds records: take another broker")
        _write(settings, asked.rows)
        theirs, ours = [], []
        for _ in range(asked.runs):
            theirs.append(bare(settings))
            rate, registry = feed(settings, asked.rows)
            ours.append(rate)
    show = Console().print
    show(
        f"median (min-max) of {asked.runs} runs, {asked.rows:,} rows; {os.cpu_count()} cores, {platform.python_version()}"
    )
    show(f"bare consume      {_spread(theirs, ',.0f')} rows/s")
    show(f"registry feed     {_spread(ours, ',.0f')} rows/s")
    show(f"ratio             {_spread([our / their for our, their in zip(ours, theirs, strict=True)], '.2f')}")
    day, tokens = TODAY.toordinal(), [row.id_token or "" for row in customers(asked.rows)]
    begun = time.perf_counter()
    registry.index_tokens()
    indexed = (time.perf_counter() - begun) / asked.rows * 1e6
    by_id = look_up_us(lambda number: registry.customer(f"C{number:07d}", day), asked.rows)
    by_token = look_up_us(lambda number: registry.customer_of(tokens[number]), asked.rows)
    show(f"customer by id    {by_id:.1f} µs; by token {by_token:.1f} µs, of {asked.rows:,}")
    show(f"index of tokens   {indexed:.1f} µs a row, once")
    show(f"bytes a customer  {bytes_a_customer(asked.customers):.0f} of resident memory, of {asked.customers:,}")


if __name__ == "__main__":
    try:
        main()
    except kafka.BrokerError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
