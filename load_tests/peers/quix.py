"""quixstreams: one look-up in its state, one verdict a scan. Settings and why: README.md beside.

Runs in the peers' own environment: quixstreams wants an older confluent-kafka than Pingliu does.
"""

from typing import Any

from quixstreams import Application, State

from load_tests.peers.given import COMMIT_SECONDS, SCANS, VERDICTS, Given, librdkafka_producer, read


def make_app(given: Given) -> Application:
    """The application, with its pipeline, not yet started."""
    app = Application(
        broker_address=given.broker,
        consumer_group=given.group,
        auto_offset_reset="earliest",
        commit_interval=COMMIT_SECONDS,
        state_dir=given.folder,
        consumer_poll_timeout=0.1,
        # Faster without: its own default polls the producer after each record as well.
        producer_extra_config=librdkafka_producer(),
        consumer_extra_config={"queued.min.messages": 200_000, "session.timeout.ms": 120_000},
        max_partition_buffer_size=100_000,
        loglevel="WARNING",
    )
    scans = app.topic(SCANS, key_deserializer="str", value_deserializer="json")
    judged = app.dataframe(scans).filter(_is_scan).apply(_count, stateful=True)
    if given.output:
        judged.to_topic(app.topic(VERDICTS, key_serializer="str", value_serializer="json"))
    return app


def _is_scan(value: dict[str, Any]) -> bool:
    return bool(value["type"] != "tick")


def _count(scan: dict[str, Any], state: State) -> dict[str, Any]:
    count = state.get("count", 0) + 1
    state.set("count", count)
    return {
        "scan_id": scan["scan_id"],
        "label": scan["label"],
        "type": scan["type"],
        "decision": "allow",
        "count": count,
    }


if __name__ == "__main__":
    make_app(read()).run()
