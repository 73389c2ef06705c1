"""Requests to the classifier for new judgements, or for events again, and its answers.

A request is a copy of the contact's own record, with a header, on the same partition of its topic. The owner of that
partition decides, after all that lies before it there. Nothing is remembered here: after an interruption, a new run
finds no difference for contacts that were judged again, and asks only for the rest. Events that were asked for are
asked for again; they have the ids that they had.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from aiokafka import TopicPartition

from schemas.cloudevents import Header
from services.classifier.instructions import with_herbeoordeling
from services.classifier.mongo.documents import besluit_of, gewist_of
from services.classifier.mongo.register import BESLUITEN
from services.domain.besluit import NOWHERE, BesluitRecord
from services.domain.herbeoordeling import Feiten, Herbeoordeling
from services.domain.ids import contact_key
from services.operations.classifier_group import ClassifierRequests, classifier_requests
from services.operations.mongo import Database
from services.operations.replay.differences import OnderwerpOutcome
from services.operations.replay.judging import Examined
from services.runtime.settings import Settings


class Answer(StrEnum):
    """How the classifier answered a request."""

    AS_SHOWN = "judged as shown"
    OTHERWISE = "judged otherwise than shown"
    """The classifier has another policy than this run, or the facts have changed meanwhile."""
    LEFT = "left as it was"
    """The classifier found no difference: it has another policy than this run."""
    PUBLISHED = "published again"
    NOT_PUBLISHED = "not published again"
    """Another revisie or judgement is in force by now, or our own code failed on the events."""


Answered = tuple[Examined, Answer]


@dataclass(slots=True)
class Requests:
    """Sends requests, many at a time, and returns the answers."""

    sender: ClassifierRequests
    database: Database
    feiten: Feiten | None
    _waiting: list[Examined] = field(default_factory=list)

    async def ask(self, examined: Examined) -> None:
        """Ask for a new judgement, or for events.

        Raises TransientFailure when Kafka stops answering, InvalidSettings when this user may not write.
        """
        record = examined.record
        place = TopicPartition(record.topic, record.partition)
        await self.sender.send(place, record.value, key=record.key, headers=self._headers(examined))
        self._waiting.append(examined)

    def _headers(self, examined: Examined) -> list[Header]:
        if examined.to_publish is not None:
            return list(examined.to_publish.headers)
        assert examined.difference is not None, "something is asked for"
        assert self.feiten is not None, "a difference is judged by facts"
        asked = Herbeoordeling(examined.difference.besluitversie, self.feiten)
        return with_herbeoordeling(examined.record.headers, asked)

    async def answers(self) -> Sequence[Answered]:
        """Wait until all requests are judged, and return the answers.

        Raises as `ask` does, and Unanswered when the classifier gets no further.
        """
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return []
        await self.sender.handled()
        return await self._compared(waiting)

    async def _compared(self, asked: Sequence[Examined]) -> list[Answered]:
        keys = [_key(each) for each in asked]
        documents = await self.database[BESLUITEN].find({"_id": {"$in": keys}}).to_list()
        now = {each["_id"]: besluit_of(each) for each in documents if gewist_of(each) is None}
        return [(examined, _answer(examined, now.get(key))) for examined, key in zip(asked, keys, strict=True)]


def _key(examined: Examined) -> str:
    if examined.difference is not None:
        return contact_key(examined.difference.source, examined.difference.contact_id)
    assert examined.to_publish is not None, "something is asked for"
    return examined.to_publish.key


def _answer(examined: Examined, besluit: BesluitRecord | None) -> Answer:
    if (to_publish := examined.to_publish) is not None:
        is_published = (
            besluit is not None
            and (besluit.revisie, besluit.besluitversie) == (to_publish.revisie, to_publish.besluitversie)
            and besluit.sent_with != NOWHERE
        )
        return Answer.PUBLISHED if is_published else Answer.NOT_PUBLISHED
    asked = examined.difference
    assert asked is not None, "something is asked for"
    if besluit is None or (besluit.revisie, besluit.besluitversie) == (asked.revisie, asked.besluitversie):
        return Answer.LEFT
    outcomes = {each.onderwerp_id: OnderwerpOutcome.of(each) for each in besluit.onderwerpen}
    as_shown = all(outcomes.get(each.onderwerp_id) == each.wordt for each in asked.onderwerpen)
    return Answer.AS_SHOWN if as_shown else Answer.OTHERWISE


@asynccontextmanager
async def requests(settings: Settings, database: Database, feiten: Feiten | None) -> AsyncIterator[Requests]:
    """Connect to Kafka for the block. Raises as `classifier_requests` does."""
    async with classifier_requests(settings, *settings.contact_topics) as sender:
        yield Requests(sender, database, feiten)
