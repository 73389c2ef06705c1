"""What a service reads as a member of a consumer group, and what it does with it.

What was fetched of each assigned partition and is not handled yet.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Final

from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition

MAX_POLL_INTERVAL_MS: Final = 5 * 60 * 1000
"""Kafka's default. Nothing that goes well takes as long."""

Fetch = Sequence["ConsumerRecord[bytes, bytes]"]
"""What one poll gave, of several partitions; the records of one lie together, in their order."""

Fail = Callable[[BaseException], None]
"""Takes what nobody can handle."""


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """Hears from the group. Who overrides a method calls this one as well."""

    def __init__(self) -> None:
        self.is_known = False
        """Whether the group has told us which partitions are ours, be it none."""
        self.backlog = Backlog()
        """What of them is in hand."""

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:  # noqa: ARG002 - aiokafka's
        """All that we have is to be divided anew."""
        self.is_known = False

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:  # noqa: ARG002 - aiokafka's
        """This is ours now."""
        self.backlog.forget()
        self.is_known = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What is read, and what takes it."""

    topics: Sequence[str]
    group: str
    max_records: int
    """Of one fetch."""
    max_poll_interval_ms: int = MAX_POLL_INTERVAL_MS
    """How long one fetch may be handled before the group takes our partitions away."""
    handle: Callable[[Fetch], Awaitable[None]]
    """Takes a fetch; the next one comes when it has returned."""
    finish: Callable[[float], Awaitable[None]]
    """Finishes what is in flight before we leave, or leaves it undone after so many seconds."""
    tells_of_kafka: Callable[[], bool]
    """Whether what is in flight tells readiness of Kafka itself, and better than the watch could."""
    assignment: Assignment = field(default_factory=Assignment)


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
