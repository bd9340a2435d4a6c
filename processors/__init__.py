"""What is decided: pure functions over scans, cylinders and the registry. No Kafka, no database, no clock, no threads."""
