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
# Requests by HTTP status.
REQUESTS = Counter("pingliu_gateway_requests_total", "HTTP requests answered", ["status"])
# From the request's first byte parsed to its answer with verdicts (`Prefer: wait`).
ANSWER_SECONDS = Histogram("pingliu_gateway_answer_seconds", "Post to verdict", buckets=_LATENCY)

# --- worker ----------------------------------------------------------------------------------------------------------
# Scans judged, by decision. Repeats, conflicts (HISTORY_CONFLICT) and records that could not be read have a label of
# their own; `history` counts those beyond the window besides (LATE_UPLOAD).
JUDGED = Counter("pingliu_worker_judged_scans_total", "Scans judged", ["decision"])
# Alerts raised, by rule. Counts what was raised, not the copies for each authority.
ALERTS = Counter("pingliu_worker_alerts_total", "Alerts raised", ["code"])
# From the oldest scan of a chunk entering Kafka to all that the chunk causes (verdicts, alerts, state) being in Kafka.
VERDICT_SECONDS = Histogram("pingliu_worker_verdict_seconds", "Scan appended to its effects appended", buckets=_LATENCY)
# Records between the last one judged and the end of the partition.
LAG = Gauge("pingliu_worker_lag_records", "Records behind the end of the partition", ["partition"])
# 1 while state is read back from the changelog, 0 once the worker judges.
RESTORING = Gauge("pingliu_worker_restoring", "State restore under way")
# Registry rows held, by kind: an empty registry judges everything unlicensed.
REGISTRY_ROWS = Gauge("pingliu_registry_rows", "Registry rows held", ["kind"])

# Registry records that no version of us wrote.
REGISTRY_UNREADABLE = Counter("pingliu_registry_unreadable_records_total", "Registry records that could not be read")

# --- sink ------------------------------------------------------------------------------------------------------------
# Rows that ClickHouse has taken, by table.
SINK_ROWS = Counter("pingliu_sink_rows_total", "Rows inserted", ["table"])
# Unix time of the last successful insert: its age with lag above zero means the archive stands still.
SINK_LAST_INSERT = Gauge("pingliu_sink_last_insert_timestamp_seconds", "Time of the last insert", ["table"])
# Records of `verdicts` and `alerts.*` not yet in the archive.
SINK_LAG = Gauge("pingliu_sink_lag_records", "Records behind the end of the partition", ["topic", "partition"])
