"""The record of each dead letter in MongoDB: what was done with it, by whom and when; nothing of its content.

The key that opens a letter stands apart (`services/runtime/letters/store.py`), and goes when the letter is discarded.

A letter without a record is open. A record stays some time longer than its letter does in Kafka. A command that changes
states holds the operators' lock (`services/operations/lock.py`), so a state that it has read does not change under it.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from services.operations.dead_letters.letters import Letter
from services.operations.dead_letters.opening import LetterOpener, sealers_of
from services.operations.dead_letters.selection import LetterState
from services.operations.dead_letters.topics import letter_topic
from services.operations.lock import COLLECTION as LOCK
from services.operations.lock import Lock, operators_lock
from services.operations.mongo import Database
from services.runtime.letters.store import LETTER_KEYS, discard_keys
from services.runtime.mongo.client import Document, connect
from services.runtime.mongo.errors import translate_mongo_errors
from services.runtime.settings import Settings

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

COLLECTION: Final = "dead_letters"

SLACK: Final = timedelta(days=30)
"""A record outlives its letter by this: Kafka drops a segment some time after its last record has expired."""

MAX_CHANGES: Final = 20
"""Of one letter, the newest: a document has a largest size. The audit trail has them all."""

TTL_INDEX: Final = "forgotten_after"
EXPIRES_AT: Final = "expiresAt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A command did something with a letter."""

    state: LetterState
    by: str
    at: datetime
    attempt: int
    """How often the letter had failed by then."""
    reason: str | None = None
    corrected: bool = False
    """Whether it went back with another content than it came with."""


@dataclass(frozen=True, slots=True)
class Aim:
    """The state that a command brings letters to. A second run passes over letters that have it already."""

    state: LetterState
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """All that is recorded of one letter, oldest first."""

    changes: tuple[Change, ...] = ()

    @property
    def state(self) -> LetterState:
        """The state after the last change."""
        return self.changes[-1].state if self.changes else LetterState.OPEN

    @property
    def told(self) -> str:
        """The state in words for an operator."""
        if self.state is not LetterState.REDRIVEN:
            return self.state
        return f"{self.state} {'corrected' if self.changes[-1].corrected else 'as it came'}"

    def has_come_to(self, aim: Aim) -> bool:
        """Whether the last change was the one that a command aims at."""
        return bool(self.changes) and Aim(self.changes[-1].state, self.changes[-1].corrected) == aim


UNTOUCHED: Final = History()


class LetterStates:
    """Reads and writes those records. Every method raises TransientFailure when MongoDB is away."""

    def __init__(self, database: Database, settings: Settings, topic: str) -> None:
        """`topic`: that of the letters."""
        self._database = database
        self._topic = topic
        self._collection: AsyncCollection[Document] = database[COLLECTION]
        self._settings = settings
        self._opener = LetterOpener(database, sealers_of(settings), settings.dead_letter_retention_days)
        self._kept = timedelta(days=settings.dead_letter_retention_days) + SLACK
        self._prepared = False

    async def letters(self, records: "Sequence[ConsumerRecord[bytes, bytes]]") -> list[Letter]:
        """Return the letters of some records of the topic, with the contents that can be opened."""
        with translate_mongo_errors(self._settings, right=f"read the collection {LETTER_KEYS} of"):
            return await self._opener.letters(records)

    async def histories(self, letters: Sequence[Letter]) -> list[History]:
        """Return the history of each of these letters, in their order."""
        keys = [self._key(letter) for letter in letters]
        with self._told():
            known = {each["_id"]: _history(each) async for each in self._collection.find({"_id": {"$in": keys}})}
        return [known.get(key, UNTOUCHED) for key in keys]

    @asynccontextmanager
    async def locked(self, command: str) -> AsyncIterator[Lock]:
        """Hold the operators' lock for the block. Raises LockRefused when another command holds it."""
        with self._told():
            async with operators_lock(self._database, command) as lock:
                yield lock

    async def confirm(self, lock: Lock) -> None:
        """Raise LockLost when another command has taken the lock."""
        with self._told():
            await lock.confirm()

    async def change(self, changes: Iterable[tuple[Letter, Change]], lock: Lock) -> None:
        """Record changes of some letters, all or none. The content of those that are discarded is gone for good.

        Raises LockLost when another command has taken the lock.
        """
        given = list(changes)
        updates = self._upserts((letter, self._changed(change)) for letter, change in given)
        sealed = {letter.key_id: change.state for letter, change in given if letter.key_id is not None}
        discarded = [key_id for key_id, state in sealed.items() if state is LetterState.DISCARDED]

        async def write(session: AsyncClientSession) -> None:
            await self._collection.bulk_write(updates, ordered=False, session=session)
            if discarded:
                await discard_keys(self._database, discarded, session)

        if updates:
            with self._told():
                await self._prepare()
                await lock.write(write)

    def _upserts(self, updates: Iterable[tuple[Letter, Document]]) -> list[UpdateOne]:
        return [UpdateOne({"_id": self._key(letter)}, update, upsert=True) for letter, update in updates]

    def _changed(self, change: Change) -> Document:
        return self._pushed("changes", MAX_CHANGES, _document(change))

    def _pushed(self, name: str, most: int, entry: Document) -> Document:
        return {
            "$push": {name: {"$each": [entry], "$slice": -most}},
            "$max": {EXPIRES_AT: entry["at"] + self._kept},
        }

    async def _prepare(self) -> None:
        """Make the index by which MongoDB removes old records: at the first write, since a reader may not write."""
        if not self._prepared:
            await self._collection.create_index(EXPIRES_AT, name=TTL_INDEX, expireAfterSeconds=0)
            self._prepared = True

    def _told(self) -> AbstractContextManager[None]:
        return translate_mongo_errors(
            self._settings, right=f"read and write the collections {COLLECTION}, {LETTER_KEYS} and {LOCK} of"
        )

    def _key(self, letter: Letter) -> str:
        """Return a name that is unique for good: in a topic that was made anew, the same place holds another letter."""
        written = round(letter.written_at.timestamp() * 1000)
        return f"{self._topic}/{letter.id}@{written}"


@asynccontextmanager
async def letter_states(settings: Settings, within: str | None = None) -> AsyncIterator[LetterStates]:
    """Open the records of a topic of letters for the block: of the classifier's topic where none is named.

    Raises InvalidFilter when there is no such topic, TransientFailure when MongoDB is away.
    """
    topic = letter_topic(settings, within)
    client = await connect(settings)
    async with client:
        yield LetterStates(client[settings.register_database], settings, topic)


def _document(change: Change) -> Document:
    document: Document = {"state": change.state.value, "by": change.by, "at": change.at, "attempt": change.attempt}
    if change.reason is not None:
        document["reason"] = change.reason
    if change.corrected:
        document["corrected"] = True
    return document


def _history(document: Document) -> History:
    changes = document.get("changes", ())
    return History(tuple(Change(**{**each, "state": LetterState(each["state"])}) for each in changes))


@dataclass(slots=True)
class LetterCounts:
    """How many letters a command has handled so far."""

    done: int = 0
    """Sent back or discarded, and recorded."""
    earlier: int = 0
    """Passed over: a run before this one had done the same with them."""
    skipped: Counter[str] = field(default_factory=Counter)
    """Left as they were, by reason."""
