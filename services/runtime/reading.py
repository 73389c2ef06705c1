"""What a service reads as a member of a consumer group, and what it does with it."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition

from services.runtime.backlog import Backlog

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
