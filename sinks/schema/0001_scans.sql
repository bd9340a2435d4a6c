-- One row a scan and revision of its verdict. (log, partition, offset) is the scan's position in Kafka; `log` is the
-- topic's id and not its name, or the offsets of a topic made anew would pass for rows already kept.
-- '' means absent, but for `data` (the scan's own, JSON) and `verdict` (as told, JSON; '' for a plain one, which the
-- columns say whole). `result` is that of `inspect`, and pass or fail of a check. `owner` is named by `bind` or `transfer`.
--
-- Not partitioned: one insert then makes one part, which is there whole or not at all.
-- `by_offset` lets the restart's question (offsets from N on) pass over all parts but the newest ones.
CREATE TABLE IF NOT EXISTS scans
(
    log            LowCardinality(String),
    partition      UInt32,
    offset         UInt64,
    revision       UInt32,
    verdict_offset UInt64,

    scan_id        String,
    type           LowCardinality(String),
    label          String,
    time           DateTime64(6, 'UTC'),
    received       DateTime64(6, 'UTC'),
    device         LowCardinality(String),
    operator       LowCardinality(String),
    site           LowCardinality(String),
    lon            Nullable(Float64),
    lat            Nullable(Float64),
    acc_m          Nullable(Float64),
    dry_run        Bool,

    customer       String,
    vehicle        LowCardinality(String),
    driver         LowCardinality(String),
    escort         LowCardinality(String),
    agency         LowCardinality(String),
    owner          LowCardinality(String),
    serial         String,
    replaces       String,
    aliases        Array(String),
    net_kg         Nullable(Float64),
    result         LowCardinality(String),
    next_due       Nullable(Date32),
    data           String CODEC(ZSTD(1)),

    decision       LowCardinality(String),
    violations     Array(LowCardinality(String)),
    prevented      Array(LowCardinality(String)),
    late           Bool,
    judged_at      Nullable(DateTime64(6, 'UTC')),
    verdict        String CODEC(ZSTD(1)),

    INDEX by_offset offset TYPE minmax GRANULARITY 1,
    INDEX by_alias aliases TYPE bloom_filter GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PRIMARY KEY (label, time)
ORDER BY (label, time, log, partition, offset, revision)
