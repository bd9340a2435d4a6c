"""Stock Faust, as its own guide teaches it: one look-up, one verdict a scan. Settings and why: README.md beside.

Of each scan: its JSON is decoded, a table counts it under its label (with a changelog), and one verdict is sent. No rule
is judged and no registry is held, so it does far less for a scan than Pingliu does.
"""

import faust

from load_tests.peers.given import BATCH_BYTES, COMMIT_SECONDS, COMPRESSION, LINGER_MS, SCANS, VERDICTS, Given, read

TABLE = "counts"


def make_app(given: Given) -> faust.App:
    """The app, not yet started."""
    app = faust.App(
        given.group,
        broker=f"kafka://{given.broker}",
        datadir=str(given.folder),
        store="memory://",
        topic_partitions=given.partitions,
        topic_replication_factor=1,
        topic_disable_leader=True,
        web_enabled=False,
        broker_commit_interval=COMMIT_SECONDS,
        broker_session_timeout=120.0,
        broker_request_timeout=130.0,
        producer_acks=-1,
        producer_linger=LINGER_MS / 1000,
        producer_max_batch_size=BATCH_BYTES,
        producer_compression_type=COMPRESSION,
    )
    scans = app.topic(SCANS, value_serializer="json")
    verdicts = app.topic(VERDICTS, value_serializer="json")
    counts = app.Table(TABLE, default=int, partitions=given.partitions)

    @app.agent(scans)  # type: ignore[untyped-decorator] # Faust's decorators are untyped to us
    async def judge(stream: faust.StreamT) -> None:
        async for scan in stream:
            if scan["type"] == "tick":
                continue
            label = scan["label"]
            count = counts[label] = counts[label] + 1
            if given.output:
                await verdicts.send(
                    value={
                        "scan_id": scan["scan_id"],
                        "label": label,
                        "type": scan["type"],
                        "decision": "allow",
                        "count": count,
                    }
                )

    return app


if __name__ == "__main__":
    make_app(read()).main()
