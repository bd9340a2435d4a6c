"""The Kafka Streams peer: built with the JDK of this machine against the jars of `streams.lock`, run on its Java.

Needs a JDK of 17 or newer (`javac` on the PATH, or JAVA_HOME); the broker's own Java runtime has no compiler. RocksDB, 73 MB
that an in-memory store never loads, is not fetched. `python -m load_tests.peers.kafka_streams` writes the lock anew.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from stream.local.jars import jars

VERSION = "4.3.1"  # the broker's
# The last one throws Kafka's log away: what goes wrong here is told by an exception.
COORDINATES = (
    f"org.apache.kafka:kafka-streams:{VERSION}",
    f"org.apache.kafka:kafka-clients:{VERSION}",
    "org.slf4j:slf4j-nop:1.7.36",
)
LOCK = Path(__file__).with_name("streams.lock")
_SOURCE = Path(__file__).with_name("Counts.java")
# ParallelGC: the one for throughput; and a heap that no state here fills.
_JVM_OPTIONS = ("-Xmx1g", "-XX:+UseParallelGC")


class NoJdkError(Exception):
    """There is no Java compiler on this machine; the message says what is wanted."""


def build(into: Path) -> list[str]:
    """The command that runs the peer; compiles it where its source changed. Raises NoJdkError."""
    compiler = javac()
    if compiler is None:
        raise NoJdkError("no JDK: javac 17 or newer is neither in JAVA_HOME nor on the PATH")
    class_path = os.pathsep.join(map(str, jars(lock=LOCK)))
    done = into / hashlib.sha256(_SOURCE.read_bytes() + LOCK.read_bytes()).hexdigest()[:12]
    if not (done / "Counts.class").exists():
        done.mkdir(parents=True, exist_ok=True)
        command = [compiler, "--release", "17", "-cp", class_path, "-d", str(done), str(_SOURCE)]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        if told.returncode != 0:
            shutil.rmtree(done)
            raise NoJdkError(f"{compiler} does not compile {_SOURCE.name}: {told.stdout}{told.stderr}")
    java = str(Path(compiler).with_name("java"))
    return [java, *_JVM_OPTIONS, "-cp", os.pathsep.join((class_path, str(done))), "Counts"]


def javac() -> str | None:
    """The compiler of this machine's JDK, if it has one."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("javac", path=str(Path(home) / "bin")) if home else shutil.which("javac")
    return str(Path(found).resolve()) if found else None
