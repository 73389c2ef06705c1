"""`audit_head`: the newest record of the audit trail, as MongoDB knows it, and whose turn it is to append.

Kafka comes first: a record is committed in the topic, then noted here, and only then does its command show or change
something. So what lies in the topic after the record that is noted here was never acted upon; a command was killed in
between, or is at work. What is noted here and missing in the topic was cut off. The next append notes its own record.

The turn only keeps commands from fencing each other time and again. The topic's transactional id is what prevents two
of them from appending at once, also when the lease of one that stood still has lapsed.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final
from uuid import uuid4

import pymongo
from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError, PyMongoError

from services.operations.audit.chain import Link
from services.operations.mongo import Database
from services.runtime.errors import TransientFailure
from services.runtime.mongo.client import Document
from services.runtime.observe.health import Part

COLLECTION: Final = "audit_head"

TURN_SECONDS: Final = 5
"""The lease of a turn. A turn whose command was killed holds the others up so long; an append takes 0.1 s."""

WAIT_SECONDS: Final = 60.0
"""Patience with the others: some hundred of them get their turn within it."""

PAUSE_SECONDS: Final = (0.005, 0.04)
"""Between two questions for the turn."""

RELEASE_SECONDS: Final = 2.0
"""A MongoDB that is away is not waited for: the turn lapses."""

NOTHING: Final = 0
"""The sequence number while the trail is empty."""


class AuditHead:
    """The document of one trail. Its methods raise PyMongoError."""

    def __init__(self, database: Database, topic: str) -> None:
        self._collection: AsyncCollection[Document] = database[COLLECTION]
        self._only = {"_id": topic}

    async def newest(self) -> Link | None:
        """Return the newest record that was noted; None when the document is missing or none was."""
        document = await self._collection.find_one(self._only)
        return _link(document) if document else None

    async def exists(self) -> bool:
        """Whether the document is there. The first append makes it before it writes."""
        return await self._collection.find_one(self._only, {"_id": 1}) is not None

    @asynccontextmanager
    async def turn(self) -> AsyncIterator["Turn"]:
        """Provide the turn for the block. Raises TransientFailure when the others leave none."""
        holder = str(uuid4())
        turn = Turn(self._collection, self._only, holder, await self._take(holder))
        try:
            yield turn
        finally:
            with suppress(PyMongoError), pymongo.timeout(RELEASE_SECONDS):
                await turn.release()

    async def _take(self, holder: str) -> Link | None:
        with suppress(DuplicateKeyError):  # another made it at the same moment
            await self._collection.update_one(self._only, {"$setOnInsert": {"sequence": NOTHING}}, upsert=True)
        lapsed = {"$expr": {"$lt": ["$turn.since", {"$subtract": ["$$NOW", TURN_SECONDS * 1000]}]}}
        ends_at = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < ends_at:
            taken = await self._collection.find_one_and_update(
                {**self._only, "$or": [{"turn": {"$exists": False}}, lapsed]},
                [{"$set": {"turn": {"holder": holder, "since": "$$NOW"}}}],
                return_document=ReturnDocument.AFTER,
            )
            if taken is not None:
                return _link(taken)
            await asyncio.sleep(random.uniform(*PAUSE_SECONDS))  # noqa: S311 - it spreads load and keeps no secret
        raise TransientFailure("Other commands keep appending to the audit trail. Try again.", part=Part.MONGODB)


class Turn:
    """The turn of this process, and the newest record that was noted when it began."""

    def __init__(self, collection: AsyncCollection[Document], only: Document, holder: str, noted: Link | None) -> None:
        self._collection = collection
        self._only = only
        self._ours = {**only, "turn.holder": holder}
        self.noted = noted

    async def note(self, newest: Link) -> None:
        """Note a record that Kafka has committed. A later one that another has noted meanwhile stays."""
        await self._collection.update_one(
            {**self._only, "sequence": {"$lt": newest.sequence}},
            {"$set": {"sequence": newest.sequence, "hash": newest.hash, "at": newest.at}},
        )

    async def release(self) -> None:
        """Give the turn to the others, unless one of them has taken it."""
        await self._collection.update_one(self._ours, {"$unset": {"turn": ""}})


def _link(document: Document) -> Link | None:
    if document.get("sequence", NOTHING) == NOTHING:
        return None
    return Link(sequence=document["sequence"], hash=document["hash"], at=document["at"])
