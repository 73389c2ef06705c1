"""A fetch in parts that are not too heavy. What is fetched is bounded in records, and in bytes as they were compressed:
a hundred large contacts that look alike can be a thousand times as much.
"""

from collections.abc import Iterator

from services.runtime.reading import Fetch


def light_parts(records: Fetch, most_bytes: int) -> Iterator[Fetch]:
    """Cut records, in their order, into parts of at most so many bytes of values; one that is heavier stands alone."""
    begin, part_bytes = 0, 0
    for at, record in enumerate(records):
        record_bytes = len(record.value or b"")
        part_bytes += record_bytes
        if part_bytes > most_bytes and at > begin:
            yield records[begin:at]
            begin, part_bytes = at, record_bytes
    yield records[begin:]
