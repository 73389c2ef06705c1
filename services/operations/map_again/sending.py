"""Sends the events of messages that were mapped again, as the mapper does, and reads what the classifier decided.

It remembers nothing. An event has the id that follows from its contact and revisie, so one that is sent twice is
a repeat, which changes nothing. A new run finds the same event for what was decided by then, and sends only the rest.
"""

import asyncio
from asyncio import Future
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from schemas.positions import Position
from services.channels.loading import MappedChannel
from services.channels.mapper.encoding import event_of
from services.channels.mapper.event_keys import EventKeys
from services.classifier.mongo.documents import besluit_of, gewist_of
from services.classifier.mongo.register import BESLUITEN
from services.domain.besluit import BesluitRecord
from services.domain.ids import contact_key
from services.operations.classifier_group import ends_of, until_committed
from services.operations.kafka import STALL_SECONDS, started_producer
from services.operations.map_again.judging import MappedAnew, outcomes_in
from services.operations.mongo import Database
from services.operations.replay.requests import Answer
from services.operations.topic_reader import next_offsets
from services.runtime.kafka.clients import admin_client
from services.runtime.kafka.errors import translate_write_errors
from services.runtime.secret import load_sleutel
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Sending:
    """Sends the events of one channel."""

    producer: AIOKafkaProducer
    admin: AIOKafkaAdminClient
    register: Database
    settings: Settings
    channel: MappedChannel
    keys: EventKeys

    async def answers(self, asked: Sequence[MappedAnew]) -> Sequence[Answer]:
        """Send events, wait until the classifier has judged them, and return what came of each.

        Raises Unanswered when the classifier gets no further, TransientFailure when Kafka stops answering, and
        InvalidSettings when this user may not write.
        """
        if not asked:
            return []
        with translate_write_errors(self.settings, self.channel.contact_topic):
            async with asyncio.timeout(STALL_SECONDS):
                written = await asyncio.gather(*[await self._send(each) for each in asked])
        places = [Position(each.topic, each.partition, each.offset) for each in written]
        await until_committed(self.admin, self.settings, ends_of(places), len(asked))
        besluiten = await self._besluiten(asked)
        return [_answer(each, besluiten.get(self._key(each))) for each in asked]

    async def _send(self, asked: MappedAnew) -> Future[Any]:
        assert asked.compared.event is not None, "something is sent"
        event = event_of(asked.compared.record, self.channel, asked.compared.event, self.keys)
        assert event.key is not None, "the mapper gives every event a key"
        partitions = await self.producer.partitions_for(event.topic)
        sending: Future[Any] = await self.producer.send(
            event.topic,
            value=event.value,
            key=event.key,
            partition=crc32(event.key) % len(partitions),
            headers=list(event.headers),
        )
        return sending

    def _key(self, asked: MappedAnew) -> str:
        assert asked.compared.contact_id is not None, "an event names its contact"
        return contact_key(self.channel.mapping.bron, asked.compared.contact_id)

    async def _besluiten(self, asked: Sequence[MappedAnew]) -> Mapping[str, BesluitRecord]:
        documents = self.register[BESLUITEN].find({"_id": {"$in": sorted({self._key(each) for each in asked})}})
        return {each["_id"]: besluit_of(each) async for each in documents if gewist_of(each) is None}


def _answer(asked: MappedAnew, besluit: BesluitRecord | None) -> Answer:
    assert asked.compared.event is not None, "something was sent"
    if besluit is None or besluit.revisie != asked.compared.event.revisie:
        return Answer.LEFT
    wordt = [each.wordt for each in asked.onderwerpen if each.wordt is not None]
    return Answer.AS_SHOWN if outcomes_in(besluit) == wordt else Answer.OTHERWISE


@asynccontextmanager
async def sending(settings: Settings, register: Database, channel: MappedChannel) -> AsyncIterator[Sending]:
    """Connect to Kafka for the block.

    Raises TransientFailure when Kafka does not answer, InvalidSettings when this user may not write the events or read
    the offsets of the classifier.
    """
    async with admin_client(settings) as admin:
        # Before anything is sent: without the right to read the offsets there would be no answers.
        await next_offsets(admin, settings, settings.classifier_group)
        async with started_producer(settings, channel.contact_topic) as producer:
            yield Sending(producer, admin, register, settings, channel, EventKeys(load_sleutel(settings)))
