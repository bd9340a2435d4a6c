-- Where this archive stands: the next offset to read of a partition of `verdicts`, `alerts.*` or `registry`, by the id of
-- the topic (`log`). Written after the rows that it speaks for, so of several the highest is right, and it stands.
-- A position below its rows costs a second reading, one above them loses records: a backup made beside a running sink
-- copies this table first. Deleting rows here makes the sink read again from the beginning, at its next start.
CREATE TABLE IF NOT EXISTS positions
(
    topic     LowCardinality(String),
    log       LowCardinality(String),
    partition UInt32,
    position  UInt64
)
ENGINE = ReplacingMergeTree(position)
ORDER BY (topic, log, partition)
