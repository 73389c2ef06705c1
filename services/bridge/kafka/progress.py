"""How far the projector is: its group's committed offsets, and whether a rebuild is putting collections in place."""

from collections.abc import Awaitable, Callable

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from services.runtime.errors import TransientFailure
from services.runtime.kafka.errors import translate_kafka_errors
from services.runtime.kafka.records import Record
from services.runtime.observe.health import Part
from services.runtime.settings import Settings


class KafkaProjectorProgress:
    """The bridge asks it only about a record that the projector does not show."""

    def __init__(self, admin: AIOKafkaAdminClient, group: str, are_whole: Callable[[], Awaitable[bool]]) -> None:
        """`group`: the projector's. `are_whole`: whether no rebuild is putting its collections in place."""
        self._admin = admin
        self._group = group
        self._are_whole = are_whole

    async def require_right(self, settings: Settings) -> None:
        """Check that this user may see the projector's group, before the first record needs it.

        Raises InvalidSettings where Kafka refuses, TransientFailure where it does not answer.
        """
        with translate_kafka_errors(settings, right=f"see the group {self._group}"):
            await self._admin.list_consumer_group_offsets(self._group)

    async def is_past(self, record: Record) -> bool:
        """Whether the projector is past a record, as `ports.ProjectorProgress` promises."""
        try:
            committed = await self._admin.list_consumer_group_offsets(self._group)
        except KafkaError as error:
            raise TransientFailure("Kafka does not tell how far the projector is.", part=Part.KAFKA) from error
        place = committed.get(record.place)
        return place is not None and place.offset > record.offset and await self._are_whole()
