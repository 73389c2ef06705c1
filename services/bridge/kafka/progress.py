"""How far the projector is: its group's committed offsets, and whether a rebuild is putting collections in place."""

from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from pymongo.asynchronous.database import AsyncDatabase

from services.bridge.mongo.errors import waited_for
from services.runtime.errors import TransientFailure
from services.runtime.kafka.records import Record
from services.runtime.mongo.client import Document
from services.runtime.observe.health import Part

HERBOUW: Final = "herbouw"

IN_PLACE: Final = frozenset({"swapping", "swapped"})
"""The phases of a rebuild in which a document may be absent for a moment."""


class ProjectorProgress:
    """Asked only for a record that the projector does not show."""

    def __init__(self, admin: AIOKafkaAdminClient, group: str, database: AsyncDatabase[Document]) -> None:
        self._admin = admin
        self._group = group
        self._database = database

    async def is_past(self, record: Record) -> bool:
        """Whether the projector is past a record, as `ports.Progress` promises."""
        try:
            committed = await self._admin.list_consumer_group_offsets(self._group)
        except KafkaError as error:
            raise TransientFailure("Kafka does not tell how far the projector is.", part=Part.KAFKA) from error
        place = committed.get(record.place)
        if place is None or place.offset <= record.offset:
            return False
        with waited_for():
            rebuild = await self._database[HERBOUW].find_one({"_id": HERBOUW}, {"phase": 1})
        return rebuild is None or rebuild["phase"] not in IN_PLACE
