"""The record of a rebuild in MongoDB: how far it is, and what the next rebuild needs to finish it.

Why a rebuild stops, in words for the operator, and how long it bears with MongoDB.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from aiokafka import TopicPartition
from pymongo.asynchronous.client_session import AsyncClientSession

from services.operations.lock import Lock, LockLost, operators_lock
from services.operations.mongo import Database, Databases
from services.projector.mongo.swap import COLLECTION, ONLY, Phase
from services.projector.mongo.writes import Collection
from services.runtime.errors import KlantcontactError, TransientFailure
from services.runtime.mongo.client import Document
from services.runtime.mongo.errors import translate_mongo_errors
from services.runtime.settings import Settings
from services.runtime.stops.store import SKIPPED, positions_of, skipped_id
from services.runtime.waiting import pauses_within

GOODBYE_SECONDS: Final = 5.0
"""For throwing away what was built. A MongoDB that is away is not waited for: the next rebuild does it."""


@dataclass(frozen=True, slots=True)
class RebuildState:
    """The rebuild that is under way, was interrupted, or was the last."""

    phase: Phase = Phase.IDLE
    started: datetime | None = None
    positions: Mapping[TopicPartition, int] = field(default_factory=dict)
    """How far the topics have been read into the new collections: the next offset of each partition."""
    made: Mapping[Collection, UUID] = field(default_factory=dict)
    """The new collections with their UUIDs, which a rename leaves as they are; from the swap on."""


class RebuildRecord:
    """Writes how far a rebuild is, each time together with the lease of the operators' lock.

    Every method raises LockLost, with nothing written, when another command has taken the lock.
    """

    def __init__(
        self, database: Database, lock: Lock, found: RebuildState, skipped: frozenset[tuple[str, int, int]]
    ) -> None:
        self._record = database[COLLECTION]
        self._skipped = database[SKIPPED]
        self.lock = lock
        self.found = found
        """What stood there before."""
        self.skipped = skipped
        """Topic, partition and offset of the records that were skipped."""

    async def begin(self) -> None:
        """Record that a rebuild is under way from now on."""
        await self._write([{"$set": {"phase": Phase.BUILDING, "started": "$$NOW"}}])

    async def begin_swap(self, *, positions: Mapping[TopicPartition, int], made: Mapping[Collection, UUID]) -> None:
        """Make the projector stand still, and record all that another process needs to finish the swap."""
        read = [{**partition._asdict(), "next": offset} for partition, offset in positions.items()]
        known = {collection.value: identity for collection, identity in made.items()}
        await self._write({"$set": {"phase": Phase.SWAPPING, "positions": read, "made": known}})

    async def move(self, phase: Phase) -> None:
        """Record that the rebuild has come to another phase."""
        await self._write({"$set": {"phase": phase}})

    async def end_swap(self) -> None:
        """Record that the new collections are in place, and since when the former ones are the former ones."""
        await self._write([{"$set": {"phase": Phase.SWAPPED, "swapped": "$$NOW"}}])

    async def forget_skipped(self, positions: AbstractSet[tuple[str, int, int]]) -> None:
        """Forget records that were skipped: the collections now hold their events."""
        identifiers = [skipped_id(*position) for position in positions]

        async def write(session: AsyncClientSession) -> None:
            await self._skipped.delete_many({"_id": {"$in": identifiers}}, session=session)

        if identifiers:
            await self.lock.write(write)

    async def _write(self, update: Any) -> None:  # noqa: ANN401 - a document or a pipeline, as the driver takes it
        async def write(session: AsyncClientSession) -> None:
            await self._record.update_one(ONLY, update, session=session)

        await self.lock.write(write)


@asynccontextmanager
async def locked_record(databases: Databases, command: str) -> AsyncIterator[RebuildRecord]:
    """Hold the operators' lock for the block. Raises LockRefused when another command holds it.

    The lock stands with the register and the record with the collections that are rebuilt: a transaction spans both.
    """
    database = databases.projection
    async with operators_lock(databases.register, command) as lock:
        record = database[COLLECTION]
        await record.update_one(ONLY, {"$setOnInsert": {"phase": Phase.IDLE}}, upsert=True)
        found = _state_of(await record.find_one(ONLY) or {})
        skipped = positions_of(await database[SKIPPED].find().to_list())
        yield RebuildRecord(database, lock, found, skipped)


def _state_of(stored: Document) -> RebuildState:
    return RebuildState(
        phase=Phase(stored.get("phase", Phase.IDLE)),
        started=stored.get("started"),
        positions={
            TopicPartition(each["topic"], each["partition"]): each["next"] for each in stored.get("positions", ())
        },
        made={Collection(name): identity for name, identity in stored.get("made", {}).items()},
    )


PATIENCE_SECONDS: Final = 30.0
"""How long a write waits for MongoDB: an election should not cost an hour's work."""


class RebuildRefused(KlantcontactError):
    """The operator has to do something else first; the message says what."""


class RebuildStopped(KlantcontactError):
    """A record or a document can't go into the new collections; the message says which."""


def rebuild_told(settings: Settings) -> AbstractContextManager[None]:
    """Put MongoDB's errors into words for an operator; see `translate_mongo_errors`."""
    return translate_mongo_errors(
        settings, right="make, rename and drop collections with validators (the role operator of docs/roles.md) in"
    )


TO_BE_FINISHED: Final = "The swap had begun: run `klantcontact rebuild` again, which finishes it."


@contextmanager
def swap_told(settings: Settings) -> Iterator[None]:
    """Put errors into words as `rebuild_told` does, and add what the operator must do since the swap had begun."""
    try:
        with rebuild_told(settings):
            yield
    except TransientFailure as failure:
        raise TransientFailure(f"{failure} {TO_BE_FINISHED}", part=failure.part) from failure
    except LockLost as lost:
        raise LockLost(f"{lost} {TO_BE_FINISHED}") from lost


async def patiently(write: Callable[[], Awaitable[None]]) -> None:
    """Write, with retries while MongoDB is away. Raises TransientFailure when it stays away."""
    for pause_seconds in pauses_within(PATIENCE_SECONDS):
        try:
            await write()
        except TransientFailure:
            await asyncio.sleep(pause_seconds)
        else:
            return
    await write()
