"""Operators' commands in a world: replay, redrive, erase and rebuild, with the product's own code for each.

Their commands are not killed here (`tests/faults` does that), but all that they do comes between the steps of the
services.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeVar, cast

from aiokafka import TopicPartition
from pymongo.errors import PyMongoError

from schemas.dead_letters import key_id_in, tied_to
from schemas.outputs import Reden
from services.classifier.instructions import signed_wissing, with_herbeoordeling, with_publish_again
from services.classifier.mongo.documents import besluit_of
from services.classifier.mongo.register import BESLUITEN
from services.domain.besluit import BesluitRecord
from services.domain.case import Case
from services.domain.herbeoordeling import Feiten, Herbeoordeling
from services.domain.wissing import SoortWissing, Wissing
from services.operations.dead_letters.letters import position_in
from services.operations.rebuild.collections import identities, put_in_place
from services.projector.errors import NotProjectable
from services.projector.events import read
from services.projector.mongo.layout import Generation
from services.projector.mongo.register import MongoProjection
from services.projector.mongo.swap import COLLECTION, ONLY, Phase
from services.projector.mongo.writes import CLAIMS, Collection
from services.runtime.errors import TransientFailure
from services.runtime.letters.store import LETTER_KEYS, WRAPPED
from tests.simulate.inputs import corrected
from tests.simulate.kafka.log import Data
from tests.simulate.processes import READ
from tests.simulate.records import record_of
from tests.simulate.town import DATABASE, LETTERS, OUTPUTS, SEALER, SETTINGS, SLEUTELS, Town

T = TypeVar("T")

PAUSE_SECONDS: Final = 0.3
"""Before a step of a rebuild is tried again."""


class Command(StrEnum):
    """A command of an operator."""

    PUBLISH_AGAIN = "replay --publish-again"
    REJUDGE = "replay"
    REDRIVE = "dlq redrive"
    ERASE = "erase"
    REBUILD = "rebuild"


class Asked(NamedTuple):
    """A command, and when it is given."""

    seconds: float
    command: Command
    chance: float
    """Chooses the contact or the dead letter that it is about, among all that there is then."""


class Operator:
    """Gives commands."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self.asked_again: Counter[str] = Counter()
        """How often the events of a contact were asked for, by its contactId."""
        self._commands: Mapping[Command, Callable[[random.Random], Awaitable[None]]] = {
            Command.PUBLISH_AGAIN: self._publish_again,
            Command.REJUDGE: self._rejudge,
            Command.REDRIVE: self._redrive,
            Command.ERASE: self._erase,
            Command.REBUILD: self._rebuild,
        }

    async def work(self, asked: list[Asked]) -> None:
        """Give these commands, one after another."""
        for each in sorted(asked):
            await asyncio.sleep(max(0.0, each.seconds - self._town.world.now))
            self._town.world.note(f"COMMAND {each.command}")
            try:
                await self._commands[each.command](random.Random(each.chance))
            except NotProjectable as refusal:
                self._town.world.violated(f"{each.command} fails: {refusal}")

    def _chosen(self, chance: random.Random) -> BesluitRecord | None:
        """Return a decision in force about a contact that has a trace."""
        found = [
            besluit_of(each)
            for each in self._town.store.documents(BESLUITEN)
            if "contactId" in each and "plaatsgevondenOp" in each and "gewist" not in each
        ]
        return chance.choice(found) if found else None

    def _send(self, place: TopicPartition, data: Data) -> None:
        self._town.broker.append(place, data)

    def _contact(self, besluit: BesluitRecord) -> tuple[TopicPartition, Data, Case]:
        position = besluit.position
        assert position is not None, "it was judged here"
        place = TopicPartition(position.topic, position.partition)
        entry = self._town.broker.logs[place].entries[position.offset]
        case = READ(record_of(place, entry))
        assert isinstance(case, Case), "it was judged"
        return place, entry.data, case

    async def _publish_again(self, chance: random.Random) -> None:
        if besluit := self._chosen(chance):
            place, data, case = self._contact(besluit)
            self.asked_again[besluit.contact_id] += 1
            self._send(place, data._replace(headers=with_publish_again(data.headers, case, SLEUTELS)))

    async def _rejudge(self, chance: random.Random) -> None:
        if besluit := self._chosen(chance):
            place, data, _ = self._contact(besluit)
            asked = Herbeoordeling(besluit.besluitversie, chance.choice(list(Feiten)))
            self._send(place, data._replace(headers=with_herbeoordeling(data.headers, asked)))

    async def _redrive(self, chance: random.Random) -> None:
        letters = list(self._town.broker.logs[LETTERS].committed())
        if not letters:
            return
        letter = chance.choice(letters).data
        key = next(each for each in self._town.store.documents(LETTER_KEYS) if each["_id"] == key_id_in(letter.headers))
        if WRAPPED not in key:
            return
        SEALER.open(letter.value or b"", tied_to(letter.headers), key[WRAPPED])
        position = position_in(letter.headers)
        assert position is not None, "a letter says where its record lay"
        self._send(TopicPartition(position.topic, position.partition), corrected(chance))

    async def _erase(self, chance: random.Random) -> None:
        besluit = self._chosen(chance)
        if besluit is None or besluit.goes_out_with is None:
            return
        wissing = Wissing(
            opdracht=f"opdracht-{chance.random()}",
            soort=SoortWissing.CONTACT,
            verzoek="Z-1",
            reden=Reden.GEWIST,
            contact_key=besluit.key,
            revisie=besluit.revisie,
            besluitversie=besluit.besluitversie,
        )
        value, headers = signed_wissing(wissing, SLEUTELS)
        position = besluit.goes_out_with
        self._send(TopicPartition(position.topic, position.partition), Data(besluit.key.encode(), value, headers))

    # A rebuild

    async def _rebuild(self, _chance: random.Random) -> None:
        """Do the steps of `services.operations.rebuild.rebuild`, on its own collections and with its own swap."""
        store, client = self._town.store, cast("Any", self._town.client)
        database = client[DATABASE]
        for each in Collection:
            store.drop(Generation.FORMER.name_of(each))
            store.drop(Generation.NEW.name_of(each))
            store.collection(Generation.NEW.name_of(each))
        store.collection(CLAIMS)
        done: dict[TopicPartition, int] = {}
        new = MongoProjection(client, DATABASE, generation=Generation.NEW)
        await self._take_in(new, done)
        made = await _patiently(lambda: identities(database, Generation.NEW))
        await self._move(Phase.SWAPPING)
        await self._take_in(new, done)
        await put_in_place(database, made, cast("Any", _HeldLock()))
        await self._move(Phase.SWAPPED)
        await self._take_in(MongoProjection(client, DATABASE), done)
        await self._move(Phase.IDLE)

    async def _take_in(self, register: MongoProjection, done: dict[TopicPartition, int]) -> None:
        for place in OUTPUTS:
            for entry in list(self._town.broker.logs[place].committed(done.get(place, 0))):
                facts = [read(entry.data.value, SETTINGS.own_sources).fact]
                await _patiently(lambda f=facts: register.apply(f))  # type: ignore[misc] # bound now
                done[place] = entry.offset + 1

    async def _move(self, phase: Phase) -> None:
        collection = cast("Any", self._town.client)[DATABASE][COLLECTION]
        await _patiently(lambda: collection.update_one(ONLY, {"$set": {"phase": phase.value}}, upsert=True))


class _HeldLock:
    """The operators' lock, held."""

    async def confirm(self) -> None:
        pass


async def _patiently(step: Callable[[], Awaitable[T]]) -> T:
    while True:
        try:
            return await step()
        except (TransientFailure, PyMongoError):
            await asyncio.sleep(PAUSE_SECONDS)
