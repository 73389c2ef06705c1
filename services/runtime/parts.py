"""A batch in parts that are not too heavy. What is fetched is bounded in records, and in bytes as they were compressed:
a hundred large contacts that look alike can be a thousand times as much, and what they cause more than that.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


def value_bytes(message: Any) -> int:  # noqa: ANN401 - records of aiokafka and messages of ours have a value
    """Give the size of what a message holds."""
    return len(message.value or b"")


def light_parts(items: Sequence[T], most_bytes: int, weigh: Callable[[T], int] = value_bytes) -> Iterator[Sequence[T]]:
    """Cut a batch, in its order, into parts of at most so many bytes; an item that is heavier stands alone."""
    begin, part_bytes = 0, 0
    for at, item in enumerate(items):
        item_bytes = weigh(item)
        part_bytes += item_bytes
        if part_bytes > most_bytes and at > begin:
            yield items[begin:at]
            begin, part_bytes = at, item_bytes
    yield items[begin:]
