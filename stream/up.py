"""Everything on one machine: the broker of this machine unless another is given, the topics, and the services.

Whatever ends this process ends all of it: on an exception and on SIGTERM in order, on kill -9 by the leash each child
holds (stream/local). A service that dies is started again.
"""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from stream import kafka
from stream.local.kafka import LocalKafka
from stream.local.processes import Supervisor
from stream.settings import Settings
from stream.terminal import waiting

READY_SECONDS = 60.0
_PORT = 9092  # where every command looks for Kafka unless told otherwise


@dataclass
class Stack:
    """The services as they run; `settings` name the ports and addresses really used."""

    settings: Settings
    services: Supervisor
    names: tuple[str, ...]

    @property
    def gateway(self) -> str:
        return f"http://{self.settings.host}:{self.settings.gateway_port}"

    @property
    def query(self) -> str:
        return f"http://{self.settings.host}:{self.settings.query_port}"

    @property
    def worker(self) -> str:
        return f"http://{self.settings.host}:{self.settings.worker_port}"

    def restarts(self) -> int:
        """How often a service died and was started again."""
        return sum(self.services.restarts(name) for name in self.names)


@contextmanager
def running(
    settings: Settings, say: Callable[[str], None], prepare: Callable[[Settings], None], *, broker_port: int = 0
) -> Iterator[Stack]:
    """The whole stack, ready to take scans; all of it is gone after. `prepare` runs once the topics are there."""
    data_dir = settings.data_dir.absolute()
    data_dir.mkdir(parents=True, exist_ok=True)
    with ExitStack() as cleanup:
        if "broker" not in settings.model_fields_set:
            say("starting Apache Kafka on this machine")
            broker = cleanup.enter_context(LocalKafka(data_dir / "kafka", port=broker_port))
            settings = settings.model_copy(update={"broker": broker.bootstrap})
        kafka.make_topics(settings)
        prepare(settings)
        say("starting gateway, worker, sink and query")
        ports = _ports(settings)
        services = cleanup.enter_context(_services(settings, ports, data_dir / "logs"))
        with waiting("until each says that it is ready"):
            services.start()
            services.wait_ready(READY_SECONDS)
        yield Stack(settings, services, tuple(ports))


def command(name: str) -> list[str]:
    """How one of our own services is started."""
    return [sys.executable, "-m", "stream.cli", name]


def _ports(settings: Settings) -> dict[str, int]:
    """The services, each with the port on which it says that it is ready."""
    ports = {"gateway": settings.gateway_port, "worker": settings.worker_port}
    if settings.clickhouse.startswith("chdb:"):
        return ports | {"sink": settings.query_port}  # embedded, the archive has one owner: sink and query share it
    return ports | {"sink": settings.sink_port, "query": settings.query_port}


def _services(settings: Settings, ports: dict[str, int], log_dir: Path) -> Supervisor:
    env = settings.environment()
    services = Supervisor(log_dir)
    for name, port in ports.items():
        services.add(name, command(name), env=env, ready_url=f"http://{settings.host}:{port}/readyz")
    return services


def hold_up(settings: Settings, console: Console) -> None:
    """`pingliu up`: run until SIGINT or SIGTERM."""
    end_in_order_on_sigterm()
    with running(settings, console.print, lambda _: None, broker_port=_PORT) as stack:
        console.print(f"post scans to   {stack.gateway}/v1/scans")
        console.print(f"ask about them  {stack.query}/v1/cylinders/LABEL")
        console.print(f"anyone scans    {stack.query}/8003/LABEL")
        console.print(f"operators look  {stack.query}/")
        console.print(f"Kafka           {stack.settings.broker}")
        console.print(f"kept in         {settings.data_dir.absolute()}   (Ctrl-C stops everything)")
        wait_for_signal()


def end_in_order_on_sigterm() -> None:
    """Let SIGTERM end this process as Ctrl-C does: through every cleanup on the way."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def wait_for_signal() -> None:
    """Sleep until SIGINT or SIGTERM; then the caller's cleanup runs."""
    told = threading.Event()
    before = {number: signal.signal(number, lambda *_: told.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        told.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
