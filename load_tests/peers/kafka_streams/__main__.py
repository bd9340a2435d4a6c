"""`python -m load_tests.peers.kafka_streams`: resolve the jars, fetch each anew and write `streams.lock`."""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

import jgo
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext

from load_tests.peers.kafka_streams import COORDINATES, LOCK, VERSION

_LEFT_OUT = "org.rocksdb:"


def main() -> None:
    """Write the lock."""
    found = {f"{jar.groupId}:{jar.artifactId}:{jar.version}" for jar in jgo.resolve("+".join(COORDINATES))}
    lines = [
        f"# Kafka Streams {VERSION}: coordinate, bytes, SHA-256. Made by: python -m load_tests.peers.kafka_streams"
    ]
    for coordinate in sorted(one for one in found if not one.startswith(_LEFT_OUT)):
        with TemporaryDirectory() as scratch:
            context = MavenContext(repo_cache=Path(scratch), remote_repos={"central": MAVEN_CENTRAL_URL})
            content = Path(context.create_dependency(coordinate).artifact.resolve()).read_bytes()
        lines.append(f"{coordinate} {len(content)} {hashlib.sha256(content).hexdigest()}")
    LOCK.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
