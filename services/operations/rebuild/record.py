"""The record of a rebuild in MongoDB: who makes it, how far it is, and what another needs to finish it.

Why a rebuild stops, in words for the operator, and how long it bears with MongoDB.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import pymongo
from aiokafka import TopicPartition
from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from services.projector.merging.documents import Document
from services.projector.mongo.swap import COLLECTION, ONLY, Phase
from services.projector.mongo.writes import Collection
from services.runtime.errors import KlantcontactError, TransientFailure
from services.runtime.mongo.errors import translate_mongo_errors
from services.runtime.settings import Settings
from services.runtime.waiting import pauses_within

SILENCE_SECONDS: Final = 15
"""After so long without a sign of life a rebuild counts as killed. An election of MongoDB takes less."""

SIGN_SECONDS: Final = 3.0

GOODBYE_SECONDS: Final = 5.0
"""For leaving nothing behind. A MongoDB that is away is not waited for: it all lapses."""


@dataclass(frozen=True, slots=True)
class Record:
    """What stood there: the rebuild that is under way, was interrupted, or was the last."""

    phase: Phase = Phase.IDLE
    started: datetime | None = None
    positions: Mapping[TopicPartition, int] = field(default_factory=dict)
    """How far the topics have been read into the new collections: the next offset of each partition."""
    made: Mapping[Collection, UUID] = field(default_factory=dict)
    """The new collections, by what MongoDB calls them whatever their name; from the swap on."""


class Claim:
    """Our right to make the one rebuild of this database. Every step is taken only while it is ours."""

    def __init__(self, database: AsyncDatabase[Document], holder: str, found: Record) -> None:
        self._state = database[COLLECTION]
        self._ours = {**ONLY, "holder": holder}
        self.found = found

    async def begin(self) -> None:
        """Say that something is being built from now on."""
        await self._step([{"$set": {"phase": Phase.BUILDING, "started": "$$NOW"}}])

    async def begin_swap(self, *, positions: Mapping[TopicPartition, int], made: Mapping[Collection, UUID]) -> None:
        """Let the projector stand still, and write down what whoever finishes the swap needs."""
        read = [{**partition._asdict(), "next": offset} for partition, offset in positions.items()]
        known = {collection.value: identity for collection, identity in made.items()}
        await self._step({"$set": {"phase": Phase.SWAPPING, "positions": read, "made": known}})

    async def move(self, phase: Phase) -> None:
        """Say that it has come to another phase."""
        await self._step({"$set": {"phase": phase}})

    async def show_life(self) -> None:
        """Say that it goes on."""
        await self._state.update_one(self._ours, [{"$set": {"seen": "$$NOW"}}])

    async def give_up(self) -> None:
        """Let others begin one."""
        await self._state.update_one(self._ours, {"$unset": {"holder": "", "by": ""}})

    async def _step(self, update: Any) -> None:  # noqa: ANN401 - a document or a pipeline, as the driver takes it
        stepped = await self._state.update_one(self._ours, update)
        if not stepped.matched_count:
            raise RebuildRefused(
                f"This rebuild gave no sign of life for {SILENCE_SECONDS} seconds, and another has begun since. "
                "Nothing was put in place by this one."
            )


async def read(database: AsyncDatabase[Document]) -> Record:
    """Give what stands there now."""
    return _record(await database[COLLECTION].find_one(ONLY) or {})


@asynccontextmanager
async def claimed(database: AsyncDatabase[Document]) -> AsyncIterator[Claim]:
    """Be the only one who rebuilds for the block. Raises RebuildRefused when another does, and says which."""
    holder = str(uuid4())
    claim = Claim(database, holder, await _take(database, holder))
    living = asyncio.create_task(_show_life(claim))
    try:
        yield claim
    finally:
        living.cancel()
        with suppress(PyMongoError), pymongo.timeout(GOODBYE_SECONDS):  # else it lapses
            await claim.give_up()


async def _take(database: AsyncDatabase[Document], holder: str) -> Record:
    state = database[COLLECTION]
    await state.update_one(ONLY, {"$setOnInsert": {"phase": Phase.IDLE}}, upsert=True)
    lapsed = {"$expr": {"$lt": ["$seen", {"$subtract": ["$$NOW", SILENCE_SECONDS * 1000]}]}}
    by = f"process {os.getpid()} on {socket.gethostname()}"
    before = await state.find_one_and_update(
        {**ONLY, "$or": [{"holder": {"$exists": False}}, lapsed]},
        [{"$set": {"holder": holder, "by": by, "seen": "$$NOW"}}],
        return_document=ReturnDocument.BEFORE,
    )
    if before is None:
        raise RebuildRefused(_who(await state.find_one(ONLY) or {}))
    return _record(before)


def _who(held: Document) -> str:
    if "by" not in held:
        return "Another rebuild has ended this very moment. Try again."
    lapses = held["seen"] + timedelta(seconds=SILENCE_SECONDS)
    return (
        f"Another rebuild is under way: {held['by']}, with a sign of life at {held['seen']:%H:%M:%S} UTC. "
        f"If it was killed, try again after {lapses:%H:%M:%S} UTC."
    )


async def _show_life(claim: Claim) -> None:
    while True:
        await asyncio.sleep(SIGN_SECONDS)
        with suppress(PyMongoError):  # it is tried again soon
            await claim.show_life()


def _record(stored: Document) -> Record:
    return Record(
        phase=Phase(stored.get("phase", Phase.IDLE)),
        started=stored.get("started"),
        positions={
            TopicPartition(each["topic"], each["partition"]): each["next"] for each in stored.get("positions", ())
        },
        made={Collection(name): identity for name, identity in stored.get("made", {}).items()},
    )


PATIENCE_SECONDS: Final = 30.0
"""With MongoDB while there is much to do: an election should not cost an hour's work."""


class RebuildRefused(KlantcontactError):
    """Something has to be done first."""


class RebuildStopped(KlantcontactError):
    """It met what it can't put into the new collections."""


def rebuild_told(settings: Settings) -> AbstractContextManager[None]:
    """Say in words for an operator what MongoDB answers; see `translate_mongo_errors`."""
    return translate_mongo_errors(
        settings, right="make, rename and drop collections with validators (the roles readWrite and dbAdmin) in"
    )


@contextmanager
def swap_told(settings: Settings) -> Iterator[None]:
    """Do the same, and say what an operator must do since the swap had begun."""
    try:
        with rebuild_told(settings):
            yield
    except TransientFailure as failure:
        raise TransientFailure(
            f"{failure} The swap had begun: run `klantcontact rebuild` again, which finishes it.", part=failure.part
        ) from failure


async def patiently(write: Callable[[], Awaitable[None]]) -> None:
    """Write, and bear with a MongoDB that is away for a while. Raises TransientFailure when it stays away."""
    for pause_seconds in pauses_within(PATIENCE_SECONDS):
        try:
            await write()
        except TransientFailure:
            await asyncio.sleep(pause_seconds)
        else:
            return
    await write()
