"""What is kept, and how it is read: the archive in ClickHouse, and the query service over it."""
