"""Where a row is measured: a broker of its own, settings, a folder that is emptied for each run."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from load_tests.bench.bus import Bus
from load_tests.bench.run import Measured, Program, run
from stream.local.kafka import LocalKafka
from stream.local.processes import free_port
from stream.settings import Settings, load

PARTITIONS = 2  # as many as there are cores on a small machine, and enough for a second worker


@dataclass(frozen=True)
class Asked:
    """What the command line asks for. `home` keeps what is fetched and built; `say` shows what is going on."""

    scans: int
    rounds: int
    cylinders: int
    customers: int
    home: Path
    folder: Path
    say: Callable[[str], None]


@dataclass(frozen=True)
class Setting:
    """A broker that runs."""

    bus: Bus
    settings: Settings
    broker_pid: int
    folder: Path

    def run(self, make: Callable[[], Program]) -> Measured:
        """One run of a program that is made in an empty folder. Raises RunError."""
        self.empty()
        return run(make(), self.bus, self.broker_pid, self.folder)

    def empty(self) -> None:
        """Leave nothing of the run before."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)


@contextmanager
def broker(asked: Asked, name: str) -> Iterator[Setting]:
    """A broker with nothing in it, gone afterwards."""
    where = asked.folder / name
    with LocalKafka(where / "kafka", heap_mb=768) as kafka:
        assert kafka.pid is not None
        folder = where / "run"
        settings = load(
            broker=kafka.bootstrap,
            partitions=PARTITIONS,
            data_dir=folder,
            worker_port=free_port(),
            gateway_port=free_port(),
            insecure_devices=True,
            log_level="warning",
        )
        yield Setting(Bus(settings), settings, kafka.pid, folder)
    shutil.rmtree(where, ignore_errors=True)
