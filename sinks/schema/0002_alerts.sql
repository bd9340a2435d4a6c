-- One row a record of an `alerts.*` topic: a copy for each authority. Of the records with one alert_id the last stands.
-- `log` is the topic's id (see scans), `alert` the record as told, JSON.
CREATE TABLE IF NOT EXISTS alerts
(
    log              LowCardinality(String),
    partition        UInt32,
    offset           UInt64,
    topic            LowCardinality(String),
    kafka_time       DateTime64(3, 'UTC'),
    authority        LowCardinality(String),

    alert_id         String,
    code             LowCardinality(String),
    severity         LowCardinality(String),
    status           LowCardinality(String),
    time             DateTime64(6, 'UTC'),
    raised_at        DateTime64(6, 'UTC'),
    label            String,
    scan_id          String,
    type             LowCardinality(String),
    responsible_kind LowCardinality(String),
    responsible_id   String,
    districts        Array(LowCardinality(String)),
    alert            String CODEC(ZSTD(1)),

    INDEX by_offset offset TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PRIMARY KEY (label, alert_id)
ORDER BY (label, alert_id, log, partition, offset)
