"""How scans move fast: whole chunks instead of events, from Kafka through the rules and out again."""
