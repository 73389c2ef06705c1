"""How far each partition has been projected, kept in the consumer group."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from services.projector.ports import Partition
from services.runtime.errors import PartitionLost, TransientFailure
from services.runtime.kafka.assignment import Backlog
from services.runtime.observe.health import Part

COMMIT_SECONDS: Final = 5.0
"""aiokafka tries for ever. A commit takes milliseconds; after this long readiness has to say that it fails."""


class GroupPositions:
    """Commits through the consumer that reads the partitions."""

    def __init__(self, consumer: Callable[[], AIOKafkaConsumer], backlog: Backlog) -> None:
        """Take the consumer that is in the group, and who hears what is done."""
        self._consumer = consumer
        self._backlog = backlog

    async def commit(self, next_offsets: Mapping[Partition, int]) -> None:
        """Commit, as `ports.Positions` promises."""
        offsets = {TopicPartition(*partition): offset for partition, offset in next_offsets.items()}
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                await self._consumer().commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            # The group has divided the partitions anew. It gives each from its committed position on, to us as well.
            raise PartitionLost from error
        except TimeoutError as error:
            raise TransientFailure("Kafka does not take our position.", part=Part.KAFKA) from error
        except KafkaError as error:
            if not error.retriable:
                raise
            raise TransientFailure("Kafka does not take our position.", part=Part.KAFKA) from error
        for partition, offset in offsets.items():
            self._backlog.handled(partition, offset)
