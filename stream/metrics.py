"""Every metric, declared once. docs/metrics.md is generated from here."""

from prometheus_client import Counter, Gauge, Histogram

# From single milliseconds (the aim) to the minutes of a backlog after an outage.
_LATENCY = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300)

# --- gateway ---------------------------------------------------------------------------------------------------------
# Scans that Kafka has acknowledged, by scan type.
ACCEPTED = Counter("pingliu_gateway_accepted_scans_total", "Scans acknowledged by Kafka", ["type"])
# Scans that may not enter, by the field that is wrong (list positions left out; `body` for an unparseable one;
# HISTORY_CONFLICT for another body under ids that were used before).
REJECTED = Counter("pingliu_gateway_rejected_scans_total", "Scans rejected before Kafka", ["field"])
# Requests of devices by HTTP status; those of supervisors (health, metrics) are left out.
REQUESTS = Counter("pingliu_gateway_requests_total", "HTTP requests answered", ["status"])
# Ticks sent, one a partition each half second: while they come, every partition of `scans` and `holders` has something to
# judge, so a worker that judges nothing is stuck.
TICKS = Counter("pingliu_gateway_ticks_total", "Ticks sent")
# From the request's first byte parsed to its answer with verdicts (`Prefer: wait`).
ANSWER_SECONDS = Histogram("pingliu_gateway_answer_seconds", "Post to verdict", buckets=_LATENCY)

# --- worker ----------------------------------------------------------------------------------------------------------
# Scans judged, by decision. Repeats, conflicts (HISTORY_CONFLICT) and records that could not be read have a label of
# their own; `history` counts those beyond the window besides (LATE_UPLOAD).
JUDGED = Counter("pingliu_worker_judged_scans_total", "Scans judged", ["decision"])
# Alerts raised, by rule. Counts what was raised, not the copies for each authority.
ALERTS = Counter("pingliu_worker_alerts_total", "Alerts raised", ["code"])
# From the oldest scan of a chunk entering Kafka to all that others hear of the chunk (verdicts, alerts) being in Kafka.
VERDICT_SECONDS = Histogram("pingliu_worker_verdict_seconds", "Scan appended to its verdict appended", buckets=_LATENCY)
# Records between the last one judged and the end of the partition.
LAG = Gauge("pingliu_worker_lag_records", "Records behind the end of the partition", ["partition"])
# Unix time at which all that others hear of a chunk was last in Kafka, by topic (`scans`, `holders`) and partition held here.
LAST_CHUNK = Gauge(
    "pingliu_worker_last_chunk_timestamp_seconds", "Time of the last chunk that was done", ["topic", "partition"]
)
# Since an offset was last committed: at rest about a second (ticks). With lag above zero and an age of `stuck_seconds` the
# worker ends.
COMMIT_AGE = Gauge("pingliu_worker_commit_age_seconds", "Seconds since the last commit")
# 1 while state is read back from the changelog, 0 once the worker judges.
RESTORING = Gauge("pingliu_worker_restoring", "State restore under way")
# Partitions whose state was restored, by table, and from what: the local `checkpoint` and the changelog's tail, or all of
# the `changelog`.
RESTORED = Counter("pingliu_worker_restored_partitions_total", "Partitions restored", ["table", "source"])
# How long the last restore of a table's partitions took, all of those that came at once.
RESTORE_SECONDS = Gauge("pingliu_worker_restore_seconds", "Time of the last restore", ["table"])
# Checkpoints `written`, `given up` because the partition went away, and `failed` (a full disk): the one before stays.
CHECKPOINTS = Counter("pingliu_worker_checkpoints_total", "Local checkpoints of partitions", ["outcome"])
# Registry rows held, by kind: an empty registry judges everything unlicensed.
REGISTRY_ROWS = Gauge("pingliu_registry_rows", "Registry rows held", ["kind"])

# Registry records that no version of us wrote.
REGISTRY_UNREADABLE = Counter("pingliu_registry_unreadable_records_total", "Registry records that could not be read")

# --- sink ------------------------------------------------------------------------------------------------------------
# Rows that ClickHouse has taken, by table.
SINK_ROWS = Counter("pingliu_sink_rows_total", "Rows inserted", ["table"])
# Unix time of the last successful insert: its age with lag above zero means the archive stands still.
SINK_LAST_INSERT = Gauge("pingliu_sink_last_insert_timestamp_seconds", "Time of the last insert", ["table"])
# Unix time at which the archive last held all that the sink had read, 0 in a process that is no sink: its age grows while
# ClickHouse takes nothing, whatever the lag says, for the sink reads no further then.
SINK_LAST_FLUSH = Gauge("pingliu_sink_last_flush_timestamp_seconds", "Time at which nothing read was left to insert")
# Records of `verdicts` and `alerts.*` not yet in the archive, as far as the sink has heard.
SINK_LAG = Gauge("pingliu_sink_lag_records", "Records behind the end of the partition", ["topic", "partition"])


def begin_at_zero() -> None:
    """Show the outcomes that alerts count before the first of them: an increase from nothing counts as none."""
    for status in (200, 202, 400, 500, 503):
        REQUESTS.labels(status)
    for decision in ("allow", "warn", "deny", "duplicate", "unreadable", "conflict"):
        JUDGED.labels(decision)
    for outcome in ("written", "given up", "failed"):
        CHECKPOINTS.labels(outcome)
