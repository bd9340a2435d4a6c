"""What Pingliu's worker is measured against: one program a file. README.md says how each is set, and how to object."""
