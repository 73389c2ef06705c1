"""The keys of dead letters, kept in MongoDB before the letters go out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, PyMongoError

from services.runtime.letters.sealing import LetterKey
from services.runtime.letters.store import CONTACT, EXPIRES_AT, LETTER_KEYS, SLEUTELVERSIE, WRAPPED, forget_letters
from services.runtime.mongo.client import Document
from services.runtime.mongo.errors import Meaning, meaning_of, mongo_is_away

DECISIONS: Final = "besluiten"
"""The collection in which the classifier keeps its decisions, and what is left of those that were erased."""

ERASED: Final = [{"gewistOp": {"$exists": True}}, {"gewist": {"$exists": True}}]
"""What is left of a contact that was erased, as a whole or in part."""


class MongoLetterKeys:
    """The real LetterKeys.

    Once it has kept keys it looks for erasures, and an erasure forgets the keys that it finds. So only a letter that is
    refused in the same moment can outlast one, until it expires.
    """

    def __init__(self, database: AsyncDatabase[Document], kept: timedelta) -> None:
        """`kept`: as long as the topic keeps a letter. Without its key nobody opens a letter that is still there."""
        self._database = database
        self._collection = database[LETTER_KEYS]
        self._kept = kept

    async def prepare(self) -> None:
        """Create the indexes. Raises TransientFailure when the database is away."""
        with _told():
            await self._collection.create_index(EXPIRES_AT, expireAfterSeconds=0)
            await self._collection.create_index(CONTACT, sparse=True)

    async def keep(self, keys: Sequence[LetterKey]) -> None:
        """Keep some keys, as `LetterKeys` promises."""
        with _told():
            try:
                await self._collection.insert_many([self._document(each) for each in keys], ordered=False)
            except BulkWriteError as error:
                # Where the answer was lost, the keys are tried again, and stand there.
                if meaning_of(error) is not Meaning.DOUBLED:
                    raise
            await self._forget_erased([each.contact_key for each in keys if each.contact_key is not None])

    async def _forget_erased(self, contact_keys: Sequence[str]) -> None:
        """Forget the letters of contacts that were erased: a wrong event about one is no repeat, and is refused."""
        if not contact_keys:
            return
        erased = {"_id": {"$in": sorted(contact_keys)}, "$or": ERASED}
        found = [each["_id"] async for each in self._database[DECISIONS].find(erased, {"_id": 1})]
        if found:
            await forget_letters(self._database, found)

    def _document(self, key: LetterKey) -> Document:
        document: Document = {
            "_id": key.key_id,
            WRAPPED: key.wrapped,
            SLEUTELVERSIE: key.sleutelversie,
            EXPIRES_AT: key.made_at + self._kept,
        }
        if key.contact_key is not None:
            document[CONTACT] = key.contact_key
        if key.source is not None:
            document["source"] = key.source
        return document


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except PyMongoError as error:
        if meaning_of(error) is Meaning.OURS:
            raise
        raise mongo_is_away(error) from error
