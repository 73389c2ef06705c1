"""Instructions to the classifier, and its answers.

An instruction lies on the partition with whose record the events of the contact went out, so the classifier handles it
after them. Nothing is remembered here: after an interruption a new run finds what is left to erase, and asks for that.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4
from zlib import crc32

from aiokafka import TopicPartition

from schemas.positions import Position
from services.classifier.instructions import signed_wissing
from services.classifier.mongo.answers import WISSINGEN, answer_of
from services.domain.besluit import NOWHERE, BesluitRecord
from services.domain.outcome import InstructionAnswer
from services.domain.sleutels import Sleutels
from services.domain.wissing import Wissing
from services.operations.classifier_group import ClassifierRequests, classifier_requests
from services.operations.mongo import Database
from services.runtime.errors import KlantcontactError
from services.runtime.settings import Settings


class NotExecuted(KlantcontactError):
    """The classifier took an instruction for no instruction: it has another key, or is of an earlier release."""


@dataclass(frozen=True, slots=True)
class AskedWissing:
    """An instruction, and the decision that it is about; None where the register has none."""

    wissing: Wissing
    besluit: BesluitRecord | None = None


@dataclass(frozen=True, slots=True)
class Instructions:
    """Sends instructions, and returns the answers."""

    requests: ClassifierRequests
    register: Database
    settings: Settings
    sleutels: Sleutels

    async def answers(self, asked: Sequence[AskedWissing]) -> Sequence[InstructionAnswer]:
        """Send instructions, wait until the classifier has committed them, and return its answers.

        Raises Unanswered when it gets no further, NotExecuted, TransientFailure when Kafka stops answering, and
        InvalidSettings when this user may not write.
        """
        if not asked:
            return []
        for each in asked:
            value, headers = signed_wissing(each.wissing, self.sleutels)
            await self.requests.send(await self._place(each), value, key=_key_of(each), headers=headers)
        await self.requests.handled()
        return await self._answers([each.wissing for each in asked])

    async def _place(self, asked: AskedWissing) -> TopicPartition:
        """Return the partition with whose record the events of the contact went out."""
        if asked.besluit is not None:
            for position in (asked.besluit.goes_out_with, asked.besluit.position):
                if position is not None and position != NOWHERE and await self._is_there(position):
                    return TopicPartition(position.topic, position.partition)
        topic = self.settings.contact_topics[0]
        return TopicPartition(topic, crc32(_key_of(asked)) % len(await self.requests.partitions_of(topic)))

    async def _is_there(self, position: Position) -> bool:
        """Whether the classifier reads that partition: publishers can be given other topics."""
        if position.topic not in self.settings.input_topics:
            return False
        return position.partition in await self.requests.partitions_of(position.topic)

    async def _answers(self, asked: Sequence[Wissing]) -> list[InstructionAnswer]:
        ids = [each.opdracht for each in asked]
        found = {each["_id"]: each async for each in self.register[WISSINGEN].find({"_id": {"$in": ids}})}
        if len(found) < len(ids):
            raise NotExecuted(
                "The classifier has read an instruction to erase, and did not take it for one. Does it run with the "
                "key of this command, and in this release? The instruction is a dead letter: discard it."
            )
        return [answer_of(found[each.opdracht], each) for each in asked]

    async def forget(self, answers: Sequence[InstructionAnswer]) -> None:
        """Delete the answers: the classifier has committed the instructions, and does not read them again."""
        ids = [each.wissing.opdracht for each in answers]
        await self.register[WISSINGEN].delete_many({"_id": {"$in": ids}})


def _key_of(asked: AskedWissing) -> bytes:
    return (asked.wissing.contact_key or asked.wissing.partij_id or "").encode()


def new_id() -> str:
    """Return the id of an instruction."""
    return str(uuid4())


@asynccontextmanager
async def instructions(settings: Settings, register: Database, sleutels: Sleutels) -> AsyncIterator[Instructions]:
    """Connect to Kafka for the block. Raises as `classifier_requests` does."""
    async with classifier_requests(settings, *settings.input_topics) as requests:
        yield Instructions(requests, register, settings, sleutels)
