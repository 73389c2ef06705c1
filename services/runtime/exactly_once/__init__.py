"""The loop from the partitions of input topics to outputs: each record is handled once and published once.

`docs/architecture/exactly-once.md` argues how.
"""
