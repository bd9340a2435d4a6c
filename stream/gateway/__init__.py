"""Where scans come in: over HTTP, checked, acknowledged by Kafka, and answered."""
