"""Numbers from MongoDB, in blocks: a batch takes one call at most, and usually none."""

from asyncio import Lock
from itertools import islice
from typing import Final

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection

from services.domain.numbers import LAST_NUMBER, NumberKind, Numbers
from services.runtime.errors import KlantcontactError
from services.runtime.mongo.client import Document

BLOCK: Final = 10_000
"""Numbers fetched at once. A restart loses the rest of a block: a millionth of all numbers at most."""

_COUNTERS: Final = "uitgegeven"


class NumbersExhausted(KlantcontactError):
    """All numbers of ten digits are handed out."""


class NumberBlocks:
    """Hands out numbers that no other instance has handed out or will hand out."""

    def __init__(self, collection: AsyncCollection[Document]) -> None:
        self._collection = collection
        self._left = {kind: iter(range(0)) for kind in NumberKind}
        self._remaining = dict.fromkeys(NumberKind, 0)
        self._lock = Lock()

    async def take(self, wanted: dict[NumberKind, int]) -> Numbers:
        """Return so many numbers of each kind. Numbers that stay unused leave a gap."""
        async with self._lock:
            short = {kind: max(BLOCK, count) for kind, count in wanted.items() if count > self._remaining[kind]}
            if short:
                await self._fetch(short)
            numbers = {kind.value: iter(tuple(islice(self._left[kind], wanted[kind]))) for kind in NumberKind}
            for kind, count in wanted.items():
                self._remaining[kind] -= count
        return Numbers(**numbers)

    async def _fetch(self, short: dict[NumberKind, int]) -> None:
        counters = await self._collection.find_one_and_update(
            {"_id": _COUNTERS},
            {"$inc": {kind.value: count for kind, count in short.items()}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        assert counters is not None, "an upsert gives a document"
        for kind, count in short.items():
            last = int(counters[kind.value])
            if last > LAST_NUMBER:
                raise NumbersExhausted
            self._left[kind] = iter(range(last - count + 1, last + 1))
            self._remaining[kind] = count
