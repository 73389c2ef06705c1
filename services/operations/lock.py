"""The operators' lock: of the commands that change dead letters or rebuild collections, one runs at a time.

The lock is a lease in MongoDB, by MongoDB's clock alone. Its holder renews it every few seconds. The lease of a holder
that was killed or stands still lapses, and the next command takes the lock over.

Fencing, for a holder that wakes after another command has taken its lock:

- `Lock.write` renews the lease and writes in one transaction. A take-over comes before it, and the write is refused; or
  after it, and finds a fresh lease.
- `Lock.confirm` comes directly before each step that no transaction can hold: a record sent to Kafka, a collection
  renamed or dropped.

What risk is left: a process may stand still between `confirm` and its step, or with records in its Kafka producer. They
go out when it wakes, unmarked: at most one batch. The same revisie sent twice changes nothing (`schemas/decision.md`,
"Repeats"). A rename names its collection by identity and does nothing where that is in place.
"""

import asyncio
import os
import pwd
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Final, TypeVar
from uuid import uuid4

import pymongo
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from services.operations.mongo import Database
from services.operations.wording import to_the_second
from services.runtime.errors import KlantcontactError
from services.runtime.mongo.client import OPERATION_MILLISECONDS, Document

T = TypeVar("T")

COLLECTION: Final = "operators_lock"
"""Holds one document, with the fields of the holder while a command holds the lock."""

ONLY: Final = {"_id": "operators"}

LEASE_SECONDS: Final = 15
"""An election of MongoDB takes less, and an operator whose command was killed waits no longer than that."""

RENEW_SECONDS: Final = 3.0

FRESH_SECONDS: Final = 2 * RENEW_SECONDS
"""A lease that was renewed within this time is not asked for: at least nine more seconds of it are left."""

RELEASE_SECONDS: Final = 5.0
"""A MongoDB that is away is not waited for at the end: the lease lapses."""

CLOCK: Final[int] = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""The clock that runs on while the machine sleeps, where the system has one."""


class LockRefused(KlantcontactError):
    """Another command holds the operators' lock. The message names it, and nothing was done."""


class LockLost(KlantcontactError):
    """This command stood still for too long, and another took the operators' lock. It stops before its next step."""


class Lock:
    """The lock in the hands of this process. Its methods raise PyMongoError when MongoDB is away."""

    def __init__(self, database: Database, holder: str) -> None:
        self._client = database.client
        self._collection = database[COLLECTION]
        self._ours = {**ONLY, "holder": holder}
        self._renewed_at = time.clock_gettime(CLOCK)
        self._is_lost = False

    async def take(self, command: str) -> None:
        """Acquire the lock if nobody holds it or the lease has lapsed. Raises LockRefused, which names the holder."""
        await self._collection.update_one(ONLY, {"$setOnInsert": ONLY}, upsert=True)
        lapsed = {"$expr": {"$lt": ["$seen", {"$subtract": ["$$NOW", LEASE_SECONDS * 1000]}]}}
        holder = {
            "holder": self._ours["holder"],
            "command": command,
            "by": {"$literal": operator_name()},
            "process": os.getpid(),
            "since": "$$NOW",
            "seen": "$$NOW",
        }
        self._renewed_at = time.clock_gettime(CLOCK)
        taken = await self._collection.update_one(
            {**ONLY, "$or": [{"holder": {"$exists": False}}, lapsed]}, [{"$set": holder}]
        )
        if not taken.matched_count:
            raise LockRefused(_refusal(await self._collection.find_one(ONLY) or {}))

    async def renew(self) -> None:
        """Renew the lease. Raises LockLost when another command holds the lock by now."""
        asked_at = time.clock_gettime(CLOCK)
        await self._renew()
        self._renewed_at = asked_at

    async def confirm(self) -> None:
        """Raise LockLost unless the lease is fresh. Asks MongoDB only when it was not renewed for some seconds."""
        if self._is_lost or time.clock_gettime(CLOCK) - self._renewed_at > FRESH_SECONDS:
            await self.renew()

    def heed_loss(self) -> None:
        """Raise LockLost when a renewal has found the lock lost. Asks nobody."""
        if self._is_lost:
            raise LockLost

    async def write(self, work: Callable[[AsyncClientSession], Awaitable[T]]) -> T:
        """Return what `work` returns, done in one transaction with a renewal. Raises LockLost with nothing written."""

        async def fenced(session: AsyncClientSession) -> T:
            await self._renew(session)
            return await work(session)

        with pymongo.timeout(OPERATION_MILLISECONDS / 1_000):
            async with self._client.start_session() as session:
                return await session.with_transaction(
                    fenced, read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority")
                )

    async def release(self) -> None:
        """Release the lock."""
        await self._collection.replace_one(self._ours, {})

    async def _renew(self, session: AsyncClientSession | None = None) -> None:
        renewed = await self._collection.update_one(self._ours, [{"$set": {"seen": "$$NOW"}}], session=session)
        if not renewed.matched_count:
            self._is_lost = True
            raise LockLost


@asynccontextmanager
async def operators_lock(database: Database, command: str) -> AsyncIterator[Lock]:
    """Hold the lock for the block. Raises LockRefused when another command holds it, PyMongoError."""
    lock = Lock(database, str(uuid4()))
    await lock.take(command)
    renewing = asyncio.create_task(_renew_repeatedly(lock))
    try:
        yield lock
    finally:
        renewing.cancel()
        with suppress(PyMongoError), pymongo.timeout(RELEASE_SECONDS):
            await lock.release()


async def _renew_repeatedly(lock: Lock) -> None:
    with suppress(LockLost):
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            with suppress(PyMongoError):  # the next renewal comes soon
                await lock.renew()


def _refusal(held: Document) -> str:
    if "holder" not in held:
        return "Another command has just released the operators' lock. Try again."
    free_at = held["seen"] + timedelta(seconds=LEASE_SECONDS + 1)  # the second that is shown is rounded down
    return (
        f"`klantcontact {held['command']}` holds the operators' lock: process {held['process']} of {held['by']}, since "
        f"{to_the_second(held['since'])}, with a sign of life at {to_the_second(held['seen'])}. Nothing was done. Try "
        f"again when it has ended; if it was killed, after {to_the_second(free_at)}."
    )


def operator_name() -> str:
    """Return the user of the operating system and the machine, as `user@host`."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may run under a number that has no name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
