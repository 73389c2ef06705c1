"""What was done with each dead letter, by whom and when, in MongoDB: nothing of a letter's content or of its values.

A letter of which nothing is recorded is open. A record goes some time after its letter has gone from Kafka.
"""

import os
import pwd
import socket
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import UpdateOne
from pymongo.asynchronous.collection import AsyncCollection

from services.operations.database import mongo_told
from services.operations.dead_letters.letters import Letter
from services.operations.dead_letters.selection import State
from services.runtime import mongo
from services.runtime.settings import Settings

Document = dict[str, Any]

COLLECTION: Final = "dead_letters"

SLACK: Final = timedelta(days=30)
"""A record stays so much longer than its letter can: Kafka drops a segment some time after its last record expired."""

MAX_CHANGES: Final = 20
MAX_ACCESSES: Final = 100
"""Of one letter, the newest of each: a document has an end. The log has every access."""

TTL_INDEX: Final = "forgotten_after"
EXPIRES_AT: Final = "expiresAt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Somebody did something with a letter."""

    state: State
    by: str
    at: datetime
    attempt: int
    """How often the letter had failed by then."""
    reason: str | None = None
    corrected: bool = False
    """Whether it went back otherwise than it had come."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What a command makes of letters, so that they are known when it is started again."""

    state: State
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody saw what a letter holds."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class History:
    """All that is recorded of one letter, oldest first."""

    changes: tuple[Change, ...] = ()
    accesses: tuple[Access, ...] = ()

    @property
    def state(self) -> State:
        """Give what the last change made of it."""
        return self.changes[-1].state if self.changes else State.OPEN

    @property
    def told(self) -> str:
        """Say in words what the last change made of it."""
        if self.state is not State.REDRIVEN:
            return self.state
        return f"{self.state} {'corrected' if self.changes[-1].corrected else 'as it came'}"

    def has_come_to(self, aim: Aim) -> bool:
        """Tell whether the last change was the same as that of a command."""
        return bool(self.changes) and Aim(self.changes[-1].state, self.changes[-1].corrected) == aim


UNTOUCHED: Final = History()


class LetterStates:
    """Reads and writes those records. Every method raises TransientFailure when MongoDB is away."""

    def __init__(self, client: mongo.Client, settings: Settings) -> None:
        self._collection: AsyncCollection[Document] = client[settings.mongo_database][COLLECTION]
        self._settings = settings
        self._kept = timedelta(days=settings.dead_letter_retention_days) + SLACK
        self._prepared = False

    async def histories(self, letters: Sequence[Letter]) -> list[History]:
        """Give what is recorded of each of these letters, in their order."""
        keys = [self._key(letter) for letter in letters]
        with self._told():
            found = self._collection.find({"_id": {"$in": keys}})
            known = {each["_id"]: _history(each) async for each in found}
        return [known.get(key, UNTOUCHED) for key in keys]

    async def change(self, changes: Iterable[tuple[Letter, Change]]) -> None:
        """Record what was done with some letters, at once."""
        await self._push("changes", MAX_CHANGES, [(letter, _document(change)) for letter, change in changes])

    async def note_accesses(self, letters: Iterable[Letter], access: Access) -> None:
        """Record that somebody is going to see what some letters hold."""
        await self._push("accesses", MAX_ACCESSES, [(letter, {"by": access.by, "at": access.at}) for letter in letters])

    async def _push(self, name: str, most: int, entries: Sequence[tuple[Letter, Document]]) -> None:
        updates = [
            UpdateOne(
                {"_id": self._key(letter)},
                {
                    "$push": {name: {"$each": [entry], "$slice": -most}},
                    "$max": {EXPIRES_AT: entry["at"] + self._kept},
                },
                upsert=True,
            )
            for letter, entry in entries
        ]
        if updates:
            with self._told():
                await self._prepare()
                await self._collection.bulk_write(updates, ordered=False)

    async def _prepare(self) -> None:
        """Let MongoDB remove what has had its time; at the first write, since to look one needs no right to write."""
        if not self._prepared:
            await self._collection.create_index(EXPIRES_AT, name=TTL_INDEX, expireAfterSeconds=0)
            self._prepared = True

    def _told(self) -> AbstractContextManager[None]:
        return mongo_told(self._settings, right=f"read and write the collection {COLLECTION} of")

    def _key(self, letter: Letter) -> str:
        """Name a letter for good: in a topic that was made anew the same place holds another one."""
        written = round(letter.written_at.timestamp() * 1000)
        return f"{self._settings.dead_letter_topic}/{letter.id}@{written}"


@asynccontextmanager
async def letter_states(settings: Settings) -> AsyncIterator[LetterStates]:
    """Give the records for the block. Raises TransientFailure when MongoDB is away."""
    client = await mongo.connect(settings)
    async with client:
        yield LetterStates(client, settings)


def whoever_asks() -> str:
    """Name the user of the operating system and the machine, as `user@host`."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may run under a number that has no name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _document(change: Change) -> Document:
    document: Document = {"state": change.state.value, "by": change.by, "at": change.at, "attempt": change.attempt}
    if change.reason is not None:
        document["reason"] = change.reason
    if change.corrected:
        document["corrected"] = True
    return document


def _history(document: Document) -> History:
    return History(
        tuple(Change(**{**each, "state": State(each["state"])}) for each in document.get("changes", ())),
        tuple(Access(each["by"], each["at"]) for each in document.get("accesses", ())),
    )
