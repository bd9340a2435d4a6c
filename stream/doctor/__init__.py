"""`pingliu doctor`: what is wrong with this machine or with what is configured, and what to do about it."""
