"""Who reads the topics of the classifier's events: the consumer groups that Kafka knows, and how far each has come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiokafka import TopicPartition

from services.operations.topic_reader import next_offsets
from services.runtime.kafka.clients import admin_client
from services.runtime.kafka.errors import translate_kafka_errors
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class ReadingGroup:
    """A consumer group that has read an output topic."""

    name: str
    offsets: Mapping[TopicPartition, int]
    """Where it continues."""

    @property
    def topics(self) -> Sequence[str]:
        """The output topics that it reads."""
        return sorted({each.topic for each in self.offsets})

    def has_read(self, topic: str, partition: int, offset: int) -> bool | None:
        """Whether it has read past a record; None where it does not read that topic."""
        if topic not in self.topics:
            return None
        return self.offsets.get(TopicPartition(topic, partition), 0) > offset


async def reading_groups(settings: Settings) -> Sequence[ReadingGroup]:
    """Return the groups of subscribers, the projector's included, as far as this user may see them.

    Raises as `translate_kafka_errors` does. Kafka leaves out a group that this user has no right to describe.
    """
    outputs = set(settings.output_topics)
    found = []
    async with admin_client(settings) as admin:
        with translate_kafka_errors(settings, right="list the consumer groups"):
            names = sorted({str(each[0]) for each in await admin.list_consumer_groups()})
        for name in names:
            committed = await next_offsets(admin, settings, name)
            offsets = {place: offset for place, offset in committed.items() if place.topic in outputs}
            if offsets:
                found.append(ReadingGroup(name, offsets))
    return found
