"""MongoDB in readiness and metrics: whether it has a primary that answers, and how much it holds."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

import pymongo
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from services.runtime.ending import Ending
from services.runtime.mongo.client import Client, Document
from services.runtime.observe import metrics
from services.runtime.observe.health import LOOK_SECONDS, Facts, Health, Part
from services.runtime.waiting import repeated

ANSWER_SECONDS: Final = 3.0
"""Patience with one question to the primary, which a healthy one answers in a millisecond. An election takes two
seconds, and readiness should not fall for every one."""

COUNT_SECONDS: Final = 15.0
"""How often documents are counted: as often as Prometheus usually asks."""


PRIMARY: Final = "primary"
"""As a reporter to readiness."""


@asynccontextmanager
async def watched(
    client: Client,
    health: Health,
    ending: Ending,
    *,
    count: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[None]:
    """Ask for the primary every second within the block, and call `count`, if any, every quarter of a minute."""
    watch = PrimaryWatch(client, health)
    async with AsyncExitStack() as repeating:
        await repeating.enter_async_context(repeated(watch.look, ending, seconds=LOOK_SECONDS))
        if count is not None:
            await repeating.enter_async_context(repeated(count, ending, seconds=COUNT_SECONDS))
        yield


class PrimaryWatch:
    """Asks for the primary, and reports the answer to readiness."""

    def __init__(self, client: Client, health: Health) -> None:
        self._client = client
        self._health = health
        self._primary: str | None = None
        self._answered_at = time.monotonic()
        health.describe(Part.MONGODB, self._facts)

    async def look(self) -> None:
        """Ask once."""
        self._primary = await self._ask()
        if self._primary is None:
            self._health.set(Part.MONGODB, f"no primary has answered for {ANSWER_SECONDS:.0f} seconds", by=PRIMARY)
        else:
            self._answered_at = time.monotonic()
            self._health.set(Part.MONGODB, None, by=PRIMARY)

    async def _ask(self) -> str | None:
        """Return the address of the primary (of mongos, in a sharded cluster), or None when none takes writes."""
        try:
            with pymongo.timeout(ANSWER_SECONDS):
                hello = await self._client.admin.command("hello")
        except PyMongoError:
            return None
        return str(hello.get("me", "mongos")) if hello.get("isWritablePrimary") else None

    def _facts(self) -> Facts:
        return {"primary": self._primary, "answered_seconds_ago": round(time.monotonic() - self._answered_at, 1)}


async def count_documents(database: AsyncDatabase[Document], collections: Sequence[str]) -> None:
    """Set the metric of how many documents there are, rounded. While MongoDB is away the number stays."""
    with suppress(PyMongoError):
        for name in collections:
            number = await database[name].estimated_document_count()
            metrics.COLLECTION_DOCUMENTS.labels(name).set(rounded(number))


def rounded(number: int) -> int:
    """Return a number to the nearest thousand.

    Whether one contact added a partij would tell its publisher if the register knew a BSN.
    """
    return round(number, -3)
