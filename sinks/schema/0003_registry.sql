-- The city's registry, so that a trace can say names. `line` is the row without tokens of identity numbers. The key is
-- (kind, id, role, valid_from), '' where a row has none; the same key again is a correction, and the last one stands.
CREATE TABLE IF NOT EXISTS registry
(
    log        LowCardinality(String),
    partition  UInt32,
    offset     UInt64,
    kafka_time DateTime64(3, 'UTC'),
    kind       LowCardinality(String),
    id         String,
    role       LowCardinality(String),
    valid_from String,
    line       String CODEC(ZSTD(1)),

    INDEX by_offset offset TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PRIMARY KEY (kind, id)
ORDER BY (kind, id, role, valid_from, log, partition, offset)
