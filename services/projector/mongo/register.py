"""The register in MongoDB. A batch is one transaction, so that two instances can work on the same partij at once."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from bson import ObjectId
from pymongo import AsyncMongoClient, DeleteOne, InsertOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from services.projector.events import Fact
from services.projector.merging.projection import States, Touched, joined, project, touched_by
from services.projector.mongo import layout, swap
from services.projector.mongo.errors import Again, failure_of
from services.projector.mongo.layout import Generation
from services.projector.mongo.stored import places_to_look, states_of
from services.projector.mongo.writes import (
    CLAIMED,
    CLAIMS,
    Amend,
    Claim,
    Collection,
    Insert,
    Placed,
    Remove,
    Whole,
    moving,
    places_of,
    plan,
)
from services.runtime.errors import TransientFailure
from services.runtime.mongo.client import Document
from services.runtime.mongo.health import count_documents
from services.runtime.observe import metrics
from services.runtime.observe.health import Part
from services.runtime.waiting import pauses

Operation = InsertOne[Document] | UpdateOne | DeleteOne

Changes = Callable[[States], States]
"""Returns what changes, from what is known."""

MAX_COLLISIONS = 6
"""Attempts that may collide with another transaction before readiness says so. Those of other instances take
milliseconds, and the pauses add up to seconds. So a killed instance left it, and MongoDB ends it by itself."""

IN_THE_WAY = (
    "Another transaction holds documents that this one changes. If a killed instance left it, MongoDB ends it after "
    "its transactionLifetimeLimitSeconds (60 unless set otherwise)."
)

_REVISION = {"herkomst.revisie": 1, "besluit.besluitversie": 1}
_OF_ONE: Mapping[Collection, Mapping[str, int]] = {
    Collection.KLANTCONTACTEN: _REVISION,
    Collection.INTERNE_TAKEN: {**_REVISION, "interneTaak.toegewezenAan": 1},
}
FIELDS: Mapping[Collection, Mapping[str, int]] = {
    each: fields for kind, fields in _OF_ONE.items() for each in places_of(kind)
}
"""The fields that are read of klantcontacten and taken; of the other collections, all."""


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class MongoProjection:
    """The collections of one generation, which `layout.prepare` has prepared."""

    def __init__(
        self,
        client: AsyncMongoClient[Document],
        database_name: str,
        now: Callable[[], datetime] = utc_now,
        generation: Generation = Generation.LIVE,
    ) -> None:
        self._client = client
        self._database = client[database_name]
        self._now = now
        self._generation = generation

    async def apply(self, facts: Sequence[Fact]) -> None:
        """Merge facts into the collections, as `ports.Register` promises."""
        await self._merge(touched_by(facts), lambda known: project(known, facts))

    async def absorb(self, states: States) -> None:
        """Merge the states of another generation, on the same terms as `apply`. Their documents must be whole."""
        await self._merge(states.touched, lambda known: joined(known, states))

    async def _merge(self, touched: Touched, changes: Changes) -> None:
        for pause_seconds in islice(pauses(), MAX_COLLISIONS):
            try:
                await self._transact(touched, changes)
            except PyMongoError as error:
                failure = failure_of(error)
                if not isinstance(failure, Again):
                    raise failure from None  # the text of the cause may hold values
                await asyncio.sleep(pause_seconds)
            else:
                return
        raise TransientFailure(IN_THE_WAY, part=Part.MONGODB)

    async def prepare(self, remember_seconds: int) -> None:
        """Prepare the collections. Raises TransientFailure when MongoDB is away."""
        try:
            await self._step_back()
            await layout.prepare(self._database, remember_seconds, self._generation)
        except PyMongoError as error:
            failure = failure_of(error)
            if isinstance(failure, TransientFailure):
                raise failure from error
            raise

    async def count(self) -> None:
        """Set the metrics of stored documents and open taken."""
        await count_documents(self._database, tuple(Collection))
        with suppress(PyMongoError):
            metrics.OPEN_TAKEN.set(await layout.count_open_taken(self._database))

    async def _transact(self, touched: Touched, changes: Changes) -> None:
        async with (
            self._client.start_session() as session,
            await session.start_transaction(
                read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority")
            ),
        ):
            await self._step_back(session)
            known = await self._read(touched, session)
            changed = changes(known)
            whole = await self._read_whole(moving(known, changed), session)
            writes = plan(known, changed, whole, self._now())
            for name, operations in self._operations(writes).items():
                await self._database[name].bulk_write(operations, ordered=False, session=session)

    async def _step_back(self, session: AsyncClientSession | None = None) -> None:
        if self._generation is Generation.LIVE:
            await swap.step_back(self._database, session)

    def _collection(self, collection: Collection) -> AsyncCollection[Document]:
        return self._database[self._generation.name_of(collection)]

    def _operations(self, writes: Iterable[Placed]) -> dict[str, list[Operation]]:
        """Return the operations by the name of their collection."""
        names = {each: self._generation.name_of(each) for each in Collection}
        operations: dict[str, list[Operation]] = defaultdict(list)
        places: list[str] = []
        for collection, write in writes:
            if isinstance(write, Claim):
                places.append(f"{names[collection]}/{write.identifier}")
            else:
                operations[names[collection]].append(_operation(write))
        if places:
            # In the order of their index, which MongoDB then walks once.
            claims = {"_id": ObjectId(), CLAIMED: sorted(places)}
            # PyMongo sends the inserts of an unordered batch before its deletes.
            return {CLAIMS: [InsertOne(claims), DeleteOne({"_id": claims["_id"]})], **operations}
        return operations

    # Reading ----------------------------------------------------------------------------------------------------------

    async def _read(self, touched: Touched, session: AsyncClientSession) -> States:
        found: dict[Collection, list[Document]] = {}
        # A thing stands in one place: one that is found is looked for no further.
        seen: set[str] = set()
        for collection, identifiers in places_to_look(touched).items():
            found[collection] = await self._find(collection, identifiers - seen, session, FIELDS.get(collection))
            seen.update(each["_id"] for each in found[collection])
        return states_of(found)

    async def _read_whole(self, leaving: Mapping[Collection, list[str]], session: AsyncClientSession) -> Whole:
        """Return the stored documents of what moves to another collection: the fields of others move along."""
        found = [await self._find(collection, ids, session) for collection, ids in leaving.items()]
        return {each["_id"]: each for documents in found for each in documents}

    async def _find(
        self,
        collection: Collection,
        identifiers: Iterable[str],
        session: AsyncClientSession,
        fields: Mapping[str, int] | None = None,
    ) -> list[Document]:
        ids = list(identifiers)
        if not ids:
            return []
        # One reply holds them all: the largest batch is far below the size limit of a reply.
        cursor = self._collection(collection).find(
            {"_id": {"$in": ids}}, fields, session=session, batch_size=len(ids) + 1
        )
        return await cursor.to_list()


# Writing --------------------------------------------------------------------------------------------------------------


def _operation(write: Insert | Amend | Remove) -> Operation:
    match write:
        case Insert():
            return InsertOne(write.document)
        case Amend():
            return UpdateOne({"_id": write.identifier}, _update(write))
        case Remove():
            return DeleteOne({"_id": write.identifier})


def _update(write: Amend) -> dict[str, Any]:
    update: dict[str, Any] = {"$set": write.amendment.set}
    if write.amendment.unset:
        update["$unset"] = dict.fromkeys(write.amendment.unset, "")
    return update
