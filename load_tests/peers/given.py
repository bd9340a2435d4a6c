"""What a peer is told: by the environment, so that one written in another language hears the same. Standard library only."""

import os
from dataclasses import dataclass
from pathlib import Path

SCANS, VERDICTS = "scans", "verdicts"
COMMIT_SECONDS = 0.5
"""How often a peer commits: as often as Pingliu's worker does."""
LINGER_MS, BATCH_BYTES, COMPRESSION = 5, 256 * 1024, "lz4"


@dataclass(frozen=True)
class Given:
    """`folder` is empty and the peer's own; with `output` off it keeps its count and writes no verdicts."""

    broker: str
    group: str
    folder: Path
    partitions: int
    output: bool

    def environment(self) -> dict[str, str]:
        """As the peer's process is given it."""
        return {
            "BENCH_BROKER": self.broker,
            "BENCH_GROUP": self.group,
            "BENCH_FOLDER": str(self.folder),
            "BENCH_PARTITIONS": str(self.partitions),
            "BENCH_OUTPUT": "on" if self.output else "off",
        }


def read() -> Given:
    """In the peer's process. Raises KeyError."""
    told = os.environ
    return Given(
        broker=told["BENCH_BROKER"],
        group=told["BENCH_GROUP"],
        folder=Path(told["BENCH_FOLDER"]),
        partitions=int(told["BENCH_PARTITIONS"]),
        output=told["BENCH_OUTPUT"] == "on",
    )


def librdkafka_producer() -> dict[str, str | int]:
    """The producer's settings where a peer stands on librdkafka."""
    return {
        "acks": "all",
        "linger.ms": LINGER_MS,
        "batch.size": BATCH_BYTES,
        "batch.num.messages": 100_000,
        "compression.type": COMPRESSION,
        "partitioner": "murmur2_random",
        "queue.buffering.max.messages": 1_000_000,
    }
