"""What runs on this machine alone: a real broker, and the processes of `pingliu up` and `pingliu demo`."""
