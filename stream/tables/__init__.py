"""How state is kept: in memory, with a changelog in Kafka behind it."""
