"""Numbers from MongoDB, in blocks: a batch takes one call at most, and usually none.

Only what is registered uses a number up. Those that a batch took and did not need are used next.
"""

from asyncio import Lock
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError

from services.domain.numbers import LAST_NUMBER, NumberKind, Numbers
from services.runtime.errors import TransientFailure
from services.runtime.mongo.client import Document
from services.runtime.observe import metrics

BLOCK: Final = 10_000
"""Numbers fetched at once. A restart loses the rest of a block: a millionth of all numbers at most."""

_COUNTERS: Final = "uitgegeven"


class NumbersExhausted(TransientFailure):
    """All numbers of ten digits of a series are handed out. New things wait; all else is handled."""


class Taken:
    """Numbers that one batch may use."""

    def __init__(self, taken: Mapping[NumberKind, list[int]]) -> None:
        self._taken = taken
        self._left: dict[NumberKind, Iterator[int]] = {kind: iter(numbers) for kind, numbers in taken.items()}
        self.numbers = Numbers(**{kind.value: left for kind, left in self._left.items()})

    def unused(self) -> Mapping[NumberKind, list[int]]:
        """Return those that the batch has not used. It can use none after that."""
        return {kind: list(left) for kind, left in self._left.items()}

    def all(self) -> Mapping[NumberKind, list[int]]:
        """Return all of them, for a batch that is certainly not recorded."""
        return self._taken


class NumberBlocks:
    """Hands out numbers that no other instance has handed out or will hand out."""

    def __init__(self, collection: AsyncCollection[Document]) -> None:
        self._collection = collection
        self._left = {kind: deque[int]() for kind in NumberKind}
        self._lock = Lock()

    async def take(self, wanted: Mapping[NumberKind, int]) -> Taken:
        """Return so many numbers of each kind. Raises NumbersExhausted when a series has fewer left."""
        async with self._lock:
            short = {kind: max(BLOCK, count) for kind, count in wanted.items() if count > len(self._left[kind])}
            if short:
                await self._fetch(short)
            for kind, count in wanted.items():
                if count > len(self._left[kind]):
                    raise NumbersExhausted(
                        f"The numbers of ten digits for {kind} are all handed out: nothing new of that kind can be "
                        "registered, and new contacts wait."
                    )
            return Taken({kind: [self._left[kind].popleft() for _ in range(wanted[kind])] for kind in NumberKind})

    def put_back(self, numbers: Mapping[NumberKind, list[int]]) -> None:
        """Take back numbers that were not used. The next batch gets them first."""
        for kind, unused in numbers.items():
            self._left[kind].extendleft(reversed(unused))

    async def measure(self) -> None:
        """Set the metric of how many numbers are handed out. While MongoDB is away the number stays."""
        with suppress(PyMongoError):
            counters = await self._collection.find_one({"_id": _COUNTERS}) or {}
            for kind in NumberKind:
                metrics.NUMBERS_HANDED_OUT.labels(kind=kind.value).set(counters.get(kind.value, 0))

    async def _fetch(self, short: Mapping[NumberKind, int]) -> None:
        """Fetch blocks; the last one of a series is as long as what is left of it."""
        before = await self._collection.find_one_and_update(
            {"_id": _COUNTERS},
            [{"$set": {kind.value: _raised(kind, count) for kind, count in short.items()}}],
            upsert=True,
            return_document=ReturnDocument.BEFORE,
        )
        for kind, count in short.items():
            handed_out = int((before or {}).get(kind.value, 0))
            self._left[kind].extend(range(handed_out + 1, min(handed_out + count, LAST_NUMBER) + 1))


def _raised(kind: NumberKind, count: int) -> Document:
    return {"$min": [LAST_NUMBER, {"$add": [{"$ifNull": [f"${kind.value}", 0]}, count]}]}
