"""What was fetched of each assigned partition and is not handled yet."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from aiokafka import ConsumerRecord, TopicPartition

Batch = Sequence["ConsumerRecord[bytes, bytes]"]
"""Records of one partition, in their order."""


class Backlog:
    """Keeps hold of what is in hand anyway, so that its oldest record is known."""

    def __init__(self) -> None:
        self._in_hand: defaultdict[TopicPartition, list[Batch]] = defaultdict(list)

    def take(self, fetch: Batch) -> None:
        """Take note of what was fetched."""
        for partition, batch in by_partition(fetch):
            self._in_hand[partition].append(batch)

    def handled(self, partition: TopicPartition, next_offset: int) -> None:
        """Take note that what lies before an offset is handled and committed, here or elsewhere."""
        left = [self._from(batch, next_offset) for batch in self._in_hand.pop(partition, ())]
        if any(left):
            self._in_hand[partition] = [batch for batch in left if batch]

    def forget(self) -> None:
        """Forget everything: the partitions are divided anew, and each is fetched again from its committed offset."""
        self._in_hand.clear()

    def oldest(self, partition: TopicPartition) -> "ConsumerRecord[bytes, bytes] | None":
        """Give the record that comes next, if it was fetched."""
        batches = self._in_hand.get(partition)
        return batches[0][0] if batches else None

    @staticmethod
    def _from(batch: Batch, offset: int) -> Batch:
        return batch[bisect_left(batch, offset, key=attrgetter("offset")) :]


def by_partition(fetch: Iterable["ConsumerRecord[bytes, bytes]"]) -> Iterator[tuple[TopicPartition, Batch]]:
    """Give what was fetched partition by partition; the records of one lie together."""
    for (topic, partition), batch in groupby(fetch, key=attrgetter("topic", "partition")):
        yield TopicPartition(topic, partition), list(batch)
