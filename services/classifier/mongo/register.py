"""The partijregister and the besluiten in MongoDB: a batch's reads and writes are one transaction.

All that two instances could disagree on is in it. A new klant that both see becomes one partij with one number: the
second to commit meets a write conflict or a sleutel that is taken, and starts again from what the first has written.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import count
from typing import Final, TypeVar

from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from services.classifier.mongo.answers import WISSINGEN, Answers
from services.classifier.mongo.claims import Claims
from services.classifier.mongo.documents import add_stored, partij_of
from services.classifier.mongo.indexes import create_indexes
from services.classifier.mongo.key_versions import SETTLED, KeyMoved, KeyState, KeyVersions, Translation
from services.classifier.mongo.numbers import NumberBlocks, Taken
from services.classifier.mongo.queries import asked_partijen, most_numbers, revised
from services.classifier.mongo.reads import (
    AT_ONCE,
    MAX_BESLUITEN_BYTES,
    MAX_FOLDED,
    add_bijdragen,
    add_changes,
    stored_besluiten,
)
from services.classifier.mongo.recording import Recorder
from services.classifier.mongo.tallies import Tallies
from services.domain.case import Case
from services.domain.numbers import LAST_NUMBER, NO_NUMBERS, Numbers
from services.domain.outcome import Executed, InstructionAnswer, Outcome
from services.domain.policy import Beleid
from services.domain.register import Register
from services.domain.sleutels import NewerSleutel
from services.domain.wissing import Wissing
from services.runtime.errors import TransientFailure
from services.runtime.exactly_once.ports import share_of
from services.runtime.letters.store import forget_letters
from services.runtime.mongo.client import Document
from services.runtime.mongo.errors import Meaning, is_refused_by_validator, meaning_of, mongo_is_away
from services.runtime.mongo.health import count_documents
from services.runtime.settings import Settings

PARTIJREGISTER: Final = "partijregister"
BESLUITEN: Final = "besluiten"
NUMMERS: Final = "nummers"

KEPT_WITHOUT_TRACE: Final = timedelta(days=120)
"""The shortest time that a decision without a trace is kept: longer than topics are kept by default."""

SLACK: Final = timedelta(days=30)
"""Kafka deletes a segment some time after its last record has expired."""

MAX_CONFLICTS: Final = 30
"""How often a batch is retried because another instance committed first. Each time one of them gets on, so this many
means that something else is wrong: the batch then waits as it does while the database is away. When each time a key was
taken, the fault lies in what we insert, and the error is raised."""

T = TypeVar("T")

LONGEST_PAUSE_SECONDS: Final = 0.2
"""Between two attempts: as long as a slow transaction takes."""


def kept_without_trace(settings: Settings) -> timedelta:
    """Return how long a decision without a trace is kept: longer than topics keep a record that could repeat it."""
    longest = max(settings.contact_retention_days, settings.dead_letter_retention_days, settings.output_retention_days)
    return max(KEPT_WITHOUT_TRACE, timedelta(days=longest) + SLACK)


class MongoRegister:
    """The real RegisterStore."""

    def __init__(
        self,
        client: AsyncMongoClient[Document],
        database: str,
        beleid: Beleid,
        *,
        kept_without_trace: timedelta = KEPT_WITHOUT_TRACE,
        key: KeyVersions | None = None,
    ) -> None:
        """`client` is of a replica set. `prepare` must have run before the first batch.

        `key`: the key that this process and the register agreed on; None where nobody will replace it.
        """
        self._client = client
        self._database = client[database]
        self._beleid = beleid
        self._partijen = self._database[PARTIJREGISTER]
        self._besluiten = self._database[BESLUITEN]
        self._tallies = Tallies(self._database, beleid)
        self._numbers = NumberBlocks(self._database[NUMMERS])
        self._claims = Claims()
        self._recorder = Recorder(self._partijen, self._besluiten, kept_without_trace)
        self._answers = Answers(self._database[WISSINGEN])
        self._key = key

    async def prepare(self) -> None:
        """Create the indexes on which the promises rest; those that exist stay as they are.

        Raises TransientFailure when the database is away.
        """
        try:
            await create_indexes(self._partijen, self._besluiten)
        except PyMongoError as error:
            if meaning_of(error) is Meaning.AWAY:
                raise mongo_is_away(error) from error
            raise

    async def count(self) -> None:
        """Set the metrics of how many documents there are, and of how many numbers are handed out.

        Raises InvalidSettings when the register has got a key that this process does not have.
        """
        if self._key is not None:
            with suppress(PyMongoError):
                await self._key.refresh()
        await count_documents(self._database, (PARTIJREGISTER, BESLUITEN))
        await self._numbers.measure()

    async def transact(
        self, batch: Sequence[Case], judge: Callable[[Register], Sequence[Outcome]]
    ) -> Sequence[Outcome]:
        """Look up, judge and record a batch, all or nothing, as the port promises."""
        keys = {case.key for case in batch}
        keys.update(sleutel for case in batch for of_one in case.sleutels for sleutel in of_one)
        async with self._claims.hold(keys):
            return await self._attempt_until_first(lambda state: self._attempt(batch, judge, state))

    async def erase(self, wissing: Wissing, execute: Callable[[Register], InstructionAnswer]) -> InstructionAnswer:
        """Look up, execute and record an instruction, all or nothing, as the port promises."""
        keys = {each for each in (wissing.contact_key, wissing.partij_id) if each is not None}
        async with self._claims.hold(keys):
            return await self._attempt_until_first(lambda state: self._attempt_erasure(wissing, execute, state))

    async def _attempt_until_first(self, attempt: Callable[[KeyState | None], Awaitable[T]]) -> T:
        only_doubled = True
        for number in range(MAX_CONFLICTS):
            state = self._key.state if self._key is not None else None
            try:
                return await attempt(state)
            except (KeyMoved, NewerSleutel):
                await self._heed_key(state)
                continue
            except PyMongoError as error:
                if state is not None and is_refused_by_validator(error):
                    await self._heed_key(state)
                    continue
                meaning = meaning_of(error)
                if meaning is Meaning.AWAY:
                    raise mongo_is_away(error) from error
                only_doubled &= meaning is Meaning.DOUBLED
                if meaning is Meaning.OURS or (only_doubled and number == MAX_CONFLICTS - 1):
                    raise
            await asyncio.sleep(random.uniform(0, min(LONGEST_PAUSE_SECONDS, 0.002 * 2**number)))  # noqa: S311 - it spreads instances
        raise TransientFailure("The register is too busy to record this batch: other instances commit first each time.")

    async def _heed_key(self, went_by: KeyState | None) -> None:
        assert self._key is not None and went_by is not None, "somebody has replaced it"  # noqa: PT018
        try:
            await self._key.heed_refusal(went_by)
        except PyMongoError as error:
            raise mongo_is_away(error) from error

    def _hashes(self, batch: Sequence[Case], state: KeyState | None) -> Translation:
        return SETTLED if self._key is None or state is None else self._key.translation(state, batch)

    async def _attempt(
        self, batch: Sequence[Case], judge: Callable[[Register], Sequence[Outcome]], state: KeyState | None
    ) -> Sequence[Outcome]:
        register = Register(self._beleid, NO_NUMBERS)
        taken: Taken | None = None
        hashes = self._hashes(batch, state)
        async with self._client.start_session() as session:
            await session.start_transaction(
                read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority")
            )
            try:
                most_bytes = round(MAX_BESLUITEN_BYTES * share_of(len(batch))) if len(batch) > 1 else None
                await self._look_up(batch, register, session, hashes, most_bytes=most_bytes)
                taken = await self._numbers.take(most_numbers(batch, register))
                register.numbers = taken.numbers
                known_partijen, known_besluiten = dict(register.partijen), set(register.besluiten)
                outcomes = judge(register)
                await self._recorder.record(register, known_partijen, known_besluiten, session, hashes)
                await self._tallies.count(outcomes, session)
                if self._key is not None and state is not None:
                    await self._key.verify(state, outcomes, session)
            except BaseException:
                if taken is not None:
                    self._numbers.put_back(taken.all())
                await session.abort_transaction()
                raise
            # Whether a commit that fails was made is not certain, so what it uses is gone.
            self._numbers.put_back(taken.unused())
            await session.commit_transaction()
        return outcomes

    async def _attempt_erasure(
        self, wissing: Wissing, execute: Callable[[Register], InstructionAnswer], state: KeyState | None
    ) -> InstructionAnswer:
        register, hashes = Register(self._beleid, NO_NUMBERS), self._hashes((), state)
        async with (
            self._client.start_session() as session,
            await session.start_transaction(
                read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority")
            ),
        ):
            if (answered := await self._answers.find(wissing, session)) is not None:
                return answered
            await self._look_up_erasure(wissing, register, session, hashes)
            known_partijen, known_besluiten = dict(register.partijen), set(register.besluiten)
            answer = execute(register)
            await self._recorder.record(register, known_partijen, known_besluiten, session, hashes)
            if isinstance(answer, Executed):
                own = {wissing.contact_key} if wissing.contact_key is not None else set()
                await forget_letters(self._database, own | register.gewist.keys(), session)
            await self._answers.keep(answer, session)
        return answer

    async def _look_up_erasure(
        self, wissing: Wissing, register: Register, session: AsyncClientSession, hashes: Translation
    ) -> None:
        ids = {wissing.partij_id} if wissing.partij_id is not None else set()
        if wissing.contact_key is not None:
            for document in await self._besluiten.find({"_id": wissing.contact_key}, session=session).to_list():
                add_stored(register, hashes.read(document))
            touched = register.besluiten.get(wissing.contact_key)
            ids.update(each.partij_id for each in (touched.partijen if touched is not None else ()))
        async for document in self._partijen.find({"_id": {"$in": sorted(ids)}}, session=session):
            register.add_partij(partij_of(hashes.read_partij(document)))
        if wissing.contact_key is not None:
            await add_bijdragen(self._besluiten, ids, register, session, hashes.read, most=None)
        await add_changes(self._besluiten, ids, register, session, hashes.read)

    # Looking up

    async def look_up(self, batch: Sequence[Case], register: Register | None = None) -> Register:
        """Return what the register knows for a batch, to judge it without recording. Numbers are made up.

        A `register` of an earlier batch is filled further: its changes count instead of the stored documents.
        Raises PyMongoError: the caller is no service that could wait.
        """
        if register is None:
            # Higher than all that are in use, as new ones are: of two forgotten partijen the lowest comes back.
            first = LAST_NUMBER + 1
            register = Register(self._beleid, Numbers(count(first), count(first), count(first)))
        hashes = self._key.of_reader(batch) if self._key is not None else SETTLED
        async with self._client.start_session(snapshot=True) as session:
            await self._look_up(batch, register, session, hashes)
        return register

    async def _look_up(
        self,
        batch: Sequence[Case],
        register: Register,
        session: AsyncClientSession,
        hashes: Translation,
        *,
        most_bytes: int | None = None,
    ) -> None:
        async for document in stored_besluiten(self._besluiten, batch, session, most_bytes):
            if document["_id"] not in register.changed_besluiten:
                add_stored(register, hashes.read(document))
        asked = asked_partijen(batch, register, as_stored=hashes.as_stored)
        if asked:
            for document in await self._partijen.find(asked, session=session, batch_size=AT_ONCE).to_list():
                if document["_id"] not in register.changed_partijen:
                    register.add_partij(partij_of(hashes.read_partij(document)))
        corrected = revised(batch, register)
        if corrected:
            most = MAX_FOLDED // len(corrected) if most_bytes is not None else None
            touchable = register.touchable(corrected, batch)
            await add_bijdragen(self._besluiten, touchable, register, session, hashes.read, most=most)
