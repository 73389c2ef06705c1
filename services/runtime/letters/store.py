"""The keys of dead letters in MongoDB, one document each: kept before the letter goes out, and deleted to forget it.

They stand in a collection of their own. So the classifier may add a key and read none, an operator who lists letters
needs no right to change them, and a key goes when its time comes while the record of who did what stays.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Final, Protocol

from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from services.runtime.letters.sealing import LetterKey, Sealer
from services.runtime.mongo.client import Document

LETTER_KEYS: Final = "dead_letter_keys"

WRAPPED: Final = "wrapped"
CONTACT: Final = "contact"
GONE: Final = "gone"
EXPIRES_AT: Final = "expiresAt"
SLEUTELVERSIE: Final = "sleutelversie"

REWRAPPED_AT_ONCE: Final = 500


class KeyGone(StrEnum):
    """Why a key was deleted before its time. Its document stays until then, without the key."""

    DISCARDED = "discarded"
    ERASED = "erased"


class LetterKeys(Protocol):
    """Where the classifier keeps the keys of the letters that it is about to publish."""

    async def keep(self, keys: Sequence[LetterKey]) -> None:
        """Keep some keys. Those that are kept already stay. Raises TransientFailure when the database is away."""


async def forget_letters(
    database: AsyncDatabase[Document], contact_keys: Collection[str], session: AsyncClientSession | None = None
) -> int:
    """Make the dead letters of some contacts unreadable for good. Returns how many.

    `contact_keys`: as `services.domain.ids.contact_key` makes them. A letter that does not say whose it is can't be
    found like this; it expires. Raises PyMongoError.
    """
    forget: Document = {"$set": {GONE: KeyGone.ERASED}, "$unset": {WRAPPED: "", SLEUTELVERSIE: "", CONTACT: ""}}
    of_these = {CONTACT: {"$in": sorted(contact_keys)}}
    return (await database[LETTER_KEYS].update_many(of_these, forget, session=session)).modified_count


async def discard_keys(
    database: AsyncDatabase[Document], key_ids: Collection[str], session: AsyncClientSession | None = None
) -> int:
    """Make these letters unreadable for good, since an operator discards them.

    Returns how many. Raises PyMongoError.
    """
    forget: Document = {"$set": {GONE: KeyGone.DISCARDED}, "$unset": {WRAPPED: "", SLEUTELVERSIE: ""}}
    of_these = {"_id": {"$in": sorted(key_ids)}, WRAPPED: {"$exists": True}}
    return (await database[LETTER_KEYS].update_many(of_these, forget, session=session)).modified_count


async def rewrap(database: AsyncDatabase[Document], old: Sealer, new: Sealer) -> int:
    """Wrap every key that the old version of the register's key wraps by the new one. Returns how many.

    A run that is interrupted is started again and does the rest. Settings with both keys open all letters meanwhile.
    Raises SealedByAnotherKey and PyMongoError.
    """
    collection, number = database[LETTER_KEYS], 0
    of_old = {SLEUTELVERSIE: old.sleutelversie}
    while some := await collection.find(of_old, {WRAPPED: 1}).limit(REWRAPPED_AT_ONCE).to_list():
        updates = [
            # Only as it was read: a key that is discarded meanwhile must not come back.
            UpdateOne(
                {"_id": each["_id"], WRAPPED: each[WRAPPED]},
                {"$set": {WRAPPED: old.rewrapped(each[WRAPPED], new), SLEUTELVERSIE: new.sleutelversie}},
            )
            for each in some
        ]
        number += (await collection.bulk_write(updates, ordered=False)).modified_count
    return number


async def number_wrapped_before(database: AsyncDatabase[Document], sleutelversie: int) -> int:
    """Return how many letters an older version of the register's key opens. Raises PyMongoError."""
    return await database[LETTER_KEYS].count_documents({SLEUTELVERSIE: {"$lt": sleutelversie}})
