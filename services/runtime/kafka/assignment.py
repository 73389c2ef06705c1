"""The partitions that the consumer group has assigned to this process, and the records of them that are in flight."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter

from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition

Batch = Sequence["ConsumerRecord[bytes, bytes]"]
"""Records of one partition, in their order."""

Fetched = Mapping[TopicPartition, Batch]
"""The records that one poll returned."""


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """Listens to the group. A subclass that overrides a method also calls it here."""

    def __init__(self, backlog: "Backlog | None" = None) -> None:
        self.is_known = False
        """Whether the group has said which partitions are ours; there may be none."""
        self.backlog = backlog or Backlog()
        """The records of them that are in flight."""

    def is_full(self, partition: TopicPartition) -> bool:  # noqa: ARG002 - for readers that hand records on
        """Whether so much of a partition is in flight that it is not polled now."""
        return False

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:  # noqa: ARG002 - aiokafka's
        """The group is about to divide all partitions anew."""
        self.is_known = False

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:  # noqa: ARG002 - aiokafka's
        """The group has assigned these partitions to us."""
        self.backlog.forget()
        self.is_known = True


class Backlog:
    """Knows the oldest record in flight of each partition. It holds references only: the records are there anyway."""

    def __init__(self) -> None:
        self._in_flight: defaultdict[TopicPartition, list[Batch]] = defaultdict(list)

    def take(self, fetched: Fetched) -> None:
        """Add what was fetched."""
        for partition, batch in fetched.items():
            self._in_flight[partition].append(batch)

    def handled(self, partition: TopicPartition, next_offset: int) -> None:
        """Drop the records before an offset: they are handled and committed, here or elsewhere."""
        left = [_from(batch, next_offset) for batch in self._in_flight.pop(partition, ())]
        if any(left):
            self._in_flight[partition] = [batch for batch in left if batch]

    def forget(self) -> None:
        """Drop everything: after a rebalance each partition is fetched again from its committed offset."""
        self._in_flight.clear()

    def oldest(self, partition: TopicPartition) -> "ConsumerRecord[bytes, bytes] | None":
        """Return the record that is handled next, or None when none was fetched."""
        batches = self._in_flight.get(partition)
        return batches[0][0] if batches else None


def by_topic(partitions: Iterable[TopicPartition]) -> dict[str, list[int]]:
    """Return the numbers of partitions under their topics, for a log or for readiness."""
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for each in sorted(partitions):
        numbers[each.topic].append(each.partition)
    return dict(numbers)


def _from(batch: Batch, offset: int) -> Batch:
    return batch[bisect_left(batch, offset, key=attrgetter("offset")) :]
