"""Legal compactions of a topic: whatever Kafka's cleaner may leave of its records."""

from collections.abc import Iterable, Sequence
from random import Random
from typing import NamedTuple
from zlib import crc32


class Kept(NamedTuple):
    """A record of an output topic."""

    topic: str
    key: str
    value: bytes


def compacted(records: Sequence[Kept], chance: Random, *, partitions: Sequence[int] = (12,)) -> list[Kept]:
    """Return the last record of each key and a random part of those before it, in their order.

    `partitions`: how many the topics had in each equal stretch of the history. More partitions later move a key to
    another one, and the cleaner knows only what lies in its own.
    """
    last = {place: number for number, place in enumerate(_places(records, partitions))}
    share = chance.choice((0.0, 0.2, 0.5, 0.9))
    return [
        record
        for number, (record, place) in enumerate(zip(records, _places(records, partitions), strict=True))
        if last[place] == number or chance.random() < share
    ]


def _places(records: Sequence[Kept], partitions: Sequence[int]) -> Iterable[tuple[str, int, str]]:
    """Yield the topic, partition and key of each record."""
    for number, record in enumerate(records):
        count = partitions[number * len(partitions) // len(records)]
        yield record.topic, crc32(record.key.encode()) % count, record.key
