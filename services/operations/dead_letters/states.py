"""What was done with each dead letter, by whom and when, in MongoDB: nothing of a letter's content or of its values.

A letter of which nothing is recorded is open. A record goes some time after its letter has gone from Kafka. Whoever
sends a letter back claims it first, so that nobody discards what is on its way, nor sends what was discarded.

What came of a command over many letters.
"""

import os
import pwd
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pymongo
from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from services.operations.dead_letters.letters import Letter
from services.operations.dead_letters.selection import State
from services.runtime.mongo.client import OPERATION_MILLISECONDS, Client, connect
from services.runtime.mongo.errors import translate_mongo_errors
from services.runtime.settings import Settings

Document = dict[str, Any]

COLLECTION: Final = "dead_letters"

SLACK: Final = timedelta(days=30)
"""A record stays so much longer than its letter can: Kafka drops a segment some time after its last record expired."""

MAX_CHANGES: Final = 20
MAX_ACCESSES: Final = 100
"""Of one letter, the newest of each: a document has an end. The log has every access."""

MAX_SENDING: Final = timedelta(minutes=2)
"""So long a claim holds: a batch takes a second, or a minute when Kafka falls silent. What an interrupted redrive has
left is free again after it. The clocks of operators' machines differ by less."""

SENDING_SINCE: Final = "sendingSince"
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
    is_being_sent: bool = False
    """Whether it may be on its way back at this moment."""

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

Meant = Callable[[History], bool]
"""Tells whether a letter is meant, by what is recorded of it."""


class LetterStates:
    """Reads and writes those records. Every method raises TransientFailure when MongoDB is away."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._collection: AsyncCollection[Document] = client[settings.mongo_database][COLLECTION]
        self._settings = settings
        self._kept = timedelta(days=settings.dead_letter_retention_days) + SLACK
        self._prepared = False

    async def histories(self, letters: Sequence[Letter]) -> list[History]:
        """Give what is recorded of each of these letters, in their order."""
        with self._told():
            return await self._histories(letters)

    async def claim(self, letters: Sequence[Letter], meant: Meant) -> list[History]:
        """Claim those of these letters that are meant, for sending; give what was recorded of each just before."""
        now = datetime.now(UTC)
        update = {"$set": {SENDING_SINCE: now}, "$max": {EXPIRES_AT: now + self._kept}}
        return await self._update_meant([(letter, update) for letter in letters], meant)

    async def release(self, letters: Sequence[Letter]) -> None:
        """Give up claims without having sent."""
        if letters:
            with self._told():
                keys = [self._key(letter) for letter in letters]
                await self._collection.update_many({"_id": {"$in": keys}}, {"$unset": {SENDING_SINCE: ""}})

    async def change(self, changes: Iterable[tuple[Letter, Change]]) -> None:
        """Record what was done with letters that were claimed, at once; that ends the claims."""
        await self._update([(letter, self._changed(change)) for letter, change in changes])

    async def change_meant(self, changes: Iterable[tuple[Letter, Change]], meant: Meant) -> list[History]:
        """Record a change of those of some letters that are meant; give what was recorded of each just before."""
        return await self._update_meant([(letter, self._changed(change)) for letter, change in changes], meant)

    async def note_accesses(self, letters: Iterable[Letter], access: Access) -> None:
        """Record that somebody is going to see what some letters hold."""
        update = self._pushed("accesses", MAX_ACCESSES, {"by": access.by, "at": access.at})
        await self._update([(letter, update) for letter in letters])

    async def _histories(self, letters: Sequence[Letter], session: AsyncClientSession | None = None) -> list[History]:
        keys = [self._key(letter) for letter in letters]
        found = self._collection.find({"_id": {"$in": keys}}, session=session)
        known = {each["_id"]: _history(each) async for each in found}
        return [known.get(key, UNTOUCHED) for key in keys]

    async def _update_meant(self, updates: Sequence[tuple[Letter, Document]], meant: Meant) -> list[History]:
        """Update what is meant by what is recorded then; a transaction, so that nobody comes in between."""
        letters = [letter for letter, _ in updates]

        async def read_and_write(session: AsyncClientSession) -> list[History]:
            histories = await self._histories(letters, session)
            chosen = [update for update, history in zip(updates, histories, strict=True) if meant(history)]
            if chosen:
                await self._collection.bulk_write(self._upserts(chosen), ordered=False, session=session)
            return histories

        if not updates:
            return []
        with self._told(), pymongo.timeout(OPERATION_MILLISECONDS / 1_000):
            await self._prepare()
            async with self._client.start_session() as session:
                return await session.with_transaction(
                    read_and_write, read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority")
                )

    async def _update(self, updates: Sequence[tuple[Letter, Document]]) -> None:
        if updates:
            with self._told():
                await self._prepare()
                await self._collection.bulk_write(self._upserts(updates), ordered=False)

    def _upserts(self, updates: Sequence[tuple[Letter, Document]]) -> list[UpdateOne]:
        return [UpdateOne({"_id": self._key(letter)}, update, upsert=True) for letter, update in updates]

    def _changed(self, change: Change) -> Document:
        return self._pushed("changes", MAX_CHANGES, _document(change)) | {"$unset": {SENDING_SINCE: ""}}

    def _pushed(self, name: str, most: int, entry: Document) -> Document:
        return {
            "$push": {name: {"$each": [entry], "$slice": -most}},
            "$max": {EXPIRES_AT: entry["at"] + self._kept},
        }

    async def _prepare(self) -> None:
        """Let MongoDB remove what has had its time; at the first write, since to look one needs no right to write."""
        if not self._prepared:
            await self._collection.create_index(EXPIRES_AT, name=TTL_INDEX, expireAfterSeconds=0)
            self._prepared = True

    def _told(self) -> AbstractContextManager[None]:
        return translate_mongo_errors(self._settings, right=f"read and write the collection {COLLECTION} of")

    def _key(self, letter: Letter) -> str:
        """Name a letter for good: in a topic that was made anew the same place holds another one."""
        written = round(letter.written_at.timestamp() * 1000)
        return f"{self._settings.dead_letter_topic}/{letter.id}@{written}"


@asynccontextmanager
async def letter_states(settings: Settings) -> AsyncIterator[LetterStates]:
    """Give the records for the block. Raises TransientFailure when MongoDB is away."""
    client = await connect(settings)
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
        SENDING_SINCE in document and datetime.now(UTC) - document[SENDING_SINCE] < MAX_SENDING,
    )


BEING_SENT: Final = (
    f"it is being sent back, or was when that was interrupted; start again in {MAX_SENDING.seconds // 60} minutes"
)


@dataclass(slots=True)
class Outcome:
    """How far a command has come."""

    done: int = 0
    """What it was to do, and is recorded."""
    earlier: int = 0
    """They had come to the same before: by a run of it that was interrupted, as a rule."""
    skipped: Counter[str] = field(default_factory=Counter)
    """How many were left as they were, by reason."""

    def still_meant(
        self, letters: Sequence[Letter], histories: Sequence[History], meant: Meant, aim: Aim
    ) -> list[Letter]:
        """Give those of these letters that are meant by what is recorded of them now, and count the others."""
        chosen = []
        for letter, history in zip(letters, histories, strict=True):
            if meant(history):
                chosen.append(letter)
            elif history.is_being_sent:
                self.skipped[BEING_SENT] += 1
            elif history.has_come_to(aim):
                self.earlier += 1
            else:
                self.skipped[f"it is {history.told} by now"] += 1
        return chosen
