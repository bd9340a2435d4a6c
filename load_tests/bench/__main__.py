"""`python -m load_tests.bench`: Pingliu beside its peers, in ratios of programs run in turn, outputs compared before speed.

Each row is measured in rounds; in a round each program runs once, started anew. The ratios of a row are of one round each;
shown are their median, least and most. Seconds on a shared machine say little: compare ratios and CPU seconds.
"""

import argparse
import faulthandler
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from load_tests.bench import gateway, holding, latency, restoring, second_worker, workers
from load_tests.bench.bus import BusError
from load_tests.bench.process import EndedError
from load_tests.bench.results import Report
from load_tests.bench.run import RunError
from load_tests.bench.setting import Asked
from stream.kafka import BrokerError
from stream.local.jars import BrokerUnavailableError

OTHERS: dict[str, Callable[[Asked], Report]] = {
    "latency": latency.measure,
    "gateway": gateway.measure,
    "restore": restoring.measure,
    "memory": holding.measure,
    "second": second_worker.measure,
}
ROWS = (*workers.SPEED, *OTHERS)
FULL_CYLINDERS, FULL_CUSTOMERS = 3_100_000, 1_600_000


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line. Exits with 2 and a line where it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", default=",".join(ROWS), help=f"of {', '.join(ROWS)} (all)")
    parser.add_argument("--scans", type=int, help="measured scans a run (200,000); slow peers take fewer")
    parser.add_argument("--rounds", type=int, help="of each row (5)")
    parser.add_argument("--cylinders", type=int, help="of `restore` and `memory` (200,000)")
    parser.add_argument("--customers", type=int, help="of `memory` (200,000)")
    parser.add_argument("--city", action="store_true", help="3.1 million cylinders and 1.6 million customers")
    parser.add_argument("--quick", action="store_true", help="one round of 20,000 scans: to see that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every value, as JSON")
    parser.add_argument(
        "--home", type=Path, default=Path(".pingliu/peers"), help="keeps what peers need (.pingliu/peers)"
    )
    asked = parser.parse_args(arguments)
    asked.rows = [row for row in asked.rows.split(",") if row]
    if wrong := set(asked.rows) - set(ROWS):
        parser.error(f"--rows {', '.join(sorted(wrong))}: wanted some of {', '.join(ROWS)}")
    if not Path("/proc/self/stat").exists():
        parser.error("CPU time and memory are read from /proc: Linux only")
    asked.scans = asked.scans or (20_000 if asked.quick else 200_000)
    asked.rounds = asked.rounds or (1 if asked.quick else 5)
    many = (FULL_CYLINDERS, FULL_CUSTOMERS) if asked.city else (20_000, 20_000) if asked.quick else (200_000, 200_000)
    asked.cylinders, asked.customers = asked.cylinders or many[0], asked.customers or many[1]
    if min(asked.scans, asked.rounds, asked.cylinders, asked.customers) < 1:
        parser.error("--scans, --rounds, --cylinders and --customers count from 1")
    return asked


def measure(given: argparse.Namespace, folder: Path, say: Callable[[str], None]) -> Report:
    """All rows asked for. Raises RunError."""
    asked = Asked(given.scans, given.rounds, given.cylinders, given.customers, given.home, folder, say)
    report = Report()
    if kinds := [row for row in given.rows if row in workers.SPEED]:
        report.add(workers.measure(asked, kinds))
    for row in given.rows:
        if row in OTHERS:
            report.add(OTHERS[row](asked))
    return report


def main() -> None:
    """Print the tables; nothing stays but what peers need to run."""
    faulthandler.enable()  # a fault in librdkafka would end us without a word
    given = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    terminal = Console(stderr=True)
    with TemporaryDirectory(prefix="pingliu-bench-") as folder, terminal.status("starting") as progress:

        def say(what: str) -> None:
            progress.update(what)
            if not terminal.is_terminal:
                terminal.print(what)

        report = measure(given, Path(folder), say)
    show = Console(width=None if sys.stdout.isatty() else 160)
    for table in report.tables():
        show.print(table)
    if given.json:
        given.json.write_text(json.dumps(report.as_json(), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    try:
        main()
    except (RunError, EndedError, BusError, BrokerError, BrokerUnavailableError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
