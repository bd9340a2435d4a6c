"""How what is kept is read: the query service over the archive."""
