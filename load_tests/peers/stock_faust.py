"""Stock Faust, as its own guide teaches it: what `load_tests.worker_throughput` measures Pingliu's worker against.

Of each scan: its JSON is decoded, a table counts it under its label (with a changelog), and one verdict is sent. No rule
is judged and no registry is held, so it does far less for a scan than Pingliu does. Settings and why: README.md beside.
"""

import os

import faust

from stream import topics
from stream.local.leash import hold

APP_ID = "stock-faust"
TABLE = "scans-of-a-label"
CHANGELOG = f"{APP_ID}-{TABLE}-changelog"
# Where the benchmark says which broker to use, how many partitions there are, and where files may go.
BROKER, PARTITIONS, DATA_DIR = "STOCK_FAUST_BROKER", "STOCK_FAUST_PARTITIONS", "STOCK_FAUST_DATA_DIR"


def make_app(broker: str, partitions: int, data_dir: str) -> faust.App:
    """The app, not yet started."""
    app = faust.App(
        APP_ID,
        broker=f"kafka://{broker}",
        datadir=data_dir,
        store="memory://",
        topic_partitions=partitions,
        topic_replication_factor=1,
        topic_disable_leader=True,
        web_enabled=False,
        producer_acks=-1,
        producer_linger=0.005,
        producer_max_batch_size=128 * 1024,
        producer_compression_type="lz4",
    )
    scans = app.topic(topics.SCANS.name, value_serializer="json")
    verdicts = app.topic(topics.VERDICTS.name, value_serializer="json")
    counts = app.Table(TABLE, default=int, partitions=partitions)

    @app.agent(scans)  # type: ignore[untyped-decorator] # Faust's decorators are untyped to us
    async def judge(stream: faust.StreamT) -> None:
        async for scan in stream:
            counts[scan["label"]] += 1
            await verdicts.send(
                value={
                    "scan_id": scan["scan_id"],
                    "label": scan["label"],
                    "type": scan["type"],
                    "decision": "allow",
                    "count": counts[scan["label"]],
                }
            )

    return app


if __name__ == "__main__":
    hold()
    make_app(os.environ[BROKER], int(os.environ[PARTITIONS]), os.environ[DATA_DIR]).main()
