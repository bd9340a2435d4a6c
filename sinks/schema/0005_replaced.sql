-- Whether a label was replaced by another is asked for each page the public sees.
ALTER TABLE scans ADD INDEX IF NOT EXISTS by_replaced replaces TYPE bloom_filter GRANULARITY 1
