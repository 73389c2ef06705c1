"""Sends requests to the classifier as records in its topics, and waits until its group has handled them.

It remembers nothing: after an interruption, a command finds out by itself what is left.
"""

import asyncio
import time
from asyncio import Future
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from schemas.cloudevents import Header
from schemas.positions import Position
from services.operations.kafka import STALL_SECONDS, started_producer
from services.operations.topic_reader import next_offsets
from services.runtime.errors import KlantcontactError
from services.runtime.kafka.clients import admin_client
from services.runtime.kafka.errors import translate_write_errors
from services.runtime.settings import Settings

PATIENCE_SECONDS: Final = 60.0
"""How long the classifier may get no further. After a crash, another instance takes over within half of it."""

LOOK_SECONDS: Final = 0.2
"""Between two looks at the committed offsets of the classifier: a batch takes about as long."""


class Unanswered(KlantcontactError):
    """The classifier gets no further with what was asked of it. The requests stay in the topic."""


@dataclass(slots=True)
class ClassifierRequests:
    """Sends requests, many at a time, and waits for the classifier."""

    settings: Settings
    producer: AIOKafkaProducer
    admin: AIOKafkaAdminClient
    _sending: list[tuple[str, Future[Any]]] = field(default_factory=list)
    """Each request that Kafka does not have yet, with its topic."""
    _written: list[Position] = field(default_factory=list)

    async def send(
        self, place: TopicPartition | str, value: bytes | None, *, key: bytes | None, headers: Sequence[Header]
    ) -> None:
        """Send a request to a partition, or to the one of its key in a topic.

        Raises TransientFailure when Kafka stops answering, InvalidSettings when this user may not write.
        """
        topic, partition = (place, None) if isinstance(place, str) else place
        with translate_write_errors(self.settings, topic):
            async with asyncio.timeout(STALL_SECONDS):
                sending = await self.producer.send(topic, value, key=key, partition=partition, headers=list(headers))
        self._sending.append((topic, sending))

    async def written(self) -> None:
        """Wait until Kafka has all that was sent. Raises as `send` does."""
        sending, self._sending = self._sending, []
        with translate_write_errors(self.settings, *sorted({topic for topic, _ in sending})):
            async with asyncio.timeout(STALL_SECONDS):
                written = await asyncio.gather(*(each for _, each in sending))
        self._written += [Position(each.topic, each.partition, each.offset) for each in written]

    async def handled(self) -> Sequence[Position]:
        """Wait until the classifier has committed all that was sent since the last time. Return where it lies.

        Raises as `send` does, and Unanswered when the classifier gets no further.
        """
        await self.written()
        places, self._written = self._written, []
        if places:
            await until_committed(self.admin, self.settings, ends_of(places), len(places))
        return places

    async def partitions_of(self, topic: str) -> set[int]:
        """Return the partitions of a topic."""
        found: set[int] = await self.producer.partitions_for(topic)
        return found


@asynccontextmanager
async def classifier_requests(settings: Settings, *topics: str) -> AsyncIterator[ClassifierRequests]:
    """Connect to Kafka for the block, to send to these topics.

    Raises TransientFailure when Kafka does not answer, InvalidSettings when this user may not write there or read the
    offsets of the classifier.
    """
    async with admin_client(settings) as admin:
        # Before anything is sent: without the right to read the offsets no command would see that it is handled.
        await next_offsets(admin, settings, settings.classifier_group)
        async with started_producer(settings, *topics) as producer:
            yield ClassifierRequests(settings, producer, admin)


def ends_of(places: Iterable[Position]) -> dict[TopicPartition, int]:
    """Return for each partition the offset behind the last of these records."""
    ends: dict[TopicPartition, int] = {}
    for each in places:
        partition = TopicPartition(each.topic, each.partition)
        ends[partition] = max(ends.get(partition, 0), each.offset + 1)
    return ends


async def until_committed(
    admin: AIOKafkaAdminClient, settings: Settings, ends: Mapping[TopicPartition, int], number: int
) -> None:
    """Wait until the classifier's group has committed up to these offsets, behind `number` requests.

    Raises Unanswered when it gets no further, and as `next_offsets` does.
    """
    far, since = -1, time.monotonic()
    while True:
        committed = await next_offsets(admin, settings, settings.classifier_group)
        # No further than the requests lie: records that arrive after them are no answer.
        reached = {partition: min(committed.get(partition, 0), end) for partition, end in ends.items()}
        if reached == ends:
            return
        if (now_far := sum(reached.values())) > far:
            far, since = now_far, time.monotonic()
        elif time.monotonic() - since > PATIENCE_SECONDS:
            raise Unanswered(
                f"The classifier has got no further for {PATIENCE_SECONDS:.0f} seconds with the last {number} "
                "requests: is it running (`klantcontact doctor`)? The requests stay in the topic, and it handles "
                "them as soon as it runs. Start this again then to see the rest."
            )
        await asyncio.sleep(LOOK_SECONDS)
