"""The comparison of the new collections with the live ones: every id, and the contents of a sample.

Both go on changing, so documents that differ at first are compared again after both have come further (`rebuild.py`).

The report of a rebuild to the operator.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from services.operations.rebuild.collections import BATCH, by_id
from services.operations.topic_reader import Progress, Stretch
from services.projector.mongo.layout import Generation
from services.projector.mongo.writes import OURS, Collection
from services.runtime.mongo.client import Document

SAMPLE: Final = 1_000
"""Documents of each collection in the sample. A fault in one of 300 is then seen with 97% certainty."""

COUNTERS_OF_MERGING: Final = frozenset({"versies"})
"""They say which event gave a field, and nobody reads them. In compacted topics that event can be an older one, which
says the same (`docs/architecture/projector.md`, "Compacted topics")."""

MAX_LISTED: Final = 10_000
"""Ids of a kind that are kept, to compare again and to show. More than that are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One collection: live and new."""

    collection: Collection
    live: int
    new: int
    compared: int
    """How many documents were compared in contents."""
    only_live: Sequence[str] = ()
    only_new: Sequence[str] = ()
    changed: Sequence[str] = ()
    unlisted: int = 0
    """How many more ids stand in only one of the two."""

    @property
    def differences(self) -> int:
        """How many documents are not the same in both, or stand in only one."""
        return len(self.only_live) + len(self.only_new) + len(self.changed) + self.unlisted


async def compare(database: AsyncDatabase[Document], show: Progress) -> list[Comparison]:
    """Compare every id, and a sample of the documents: all of them where there are few."""
    total = sum([await database[each].estimated_document_count() for each in Collection])
    done, comparisons = 0, []
    for collection in Collection:
        sides = _Sides(database, collection)
        counts = _Counts()
        async for identifier, in_live, in_new in sides.merged():
            counts.take(identifier, in_live=in_live, in_new=in_new)
            if counts.seen % BATCH == 0:
                show(done + counts.seen, max(total, done + counts.seen))
        done += counts.seen
        sample = await sides.sample()
        comparisons.append(
            Comparison(
                collection=collection,
                live=counts.live,
                new=counts.new,
                compared=len(sample),
                only_live=counts.only_live,
                only_new=counts.only_new,
                changed=await sides.changed(sample),
                unlisted=counts.unlisted,
            )
        )
    show(done, done)
    return comparisons


async def compare_again(database: AsyncDatabase[Document], before: Sequence[Comparison]) -> list[Comparison]:
    """Compare again the documents that differed, and no others."""
    return [await _again(_Sides(database, each.collection), each) for each in before]


async def _again(sides: "_Sides", before: Comparison) -> Comparison:
    in_doubt = [*before.only_live, *before.only_new, *before.changed]
    live, new = await sides.there(in_doubt)
    return Comparison(
        collection=before.collection,
        live=before.live,
        new=before.new,
        compared=before.compared,
        only_live=[each for each in in_doubt if each in live and each not in new],
        only_new=[each for each in in_doubt if each in new and each not in live],
        changed=[each for each in in_doubt if each in live and each in new and live[each] != new[each]],
        unlisted=before.unlisted,
    )


class _Counts:
    """The ids of both sides, counted, and listed where they stand in only one."""

    def __init__(self) -> None:
        self.seen = self.live = self.new = self.unlisted = 0
        self.only_live: list[str] = []
        self.only_new: list[str] = []

    def take(self, identifier: str, *, in_live: bool, in_new: bool) -> None:
        self.seen += 1
        self.live += in_live
        self.new += in_new
        if in_live and in_new:
            return
        listed = self.only_live if in_live else self.only_new
        if len(listed) < MAX_LISTED:
            listed.append(identifier)
        else:
            self.unlisted += 1


class _Sides:
    """A collection live and new."""

    def __init__(self, database: AsyncDatabase[Document], collection: Collection) -> None:
        self._live = database[Generation.LIVE.name_of(collection)]
        self._new = database[Generation.NEW.name_of(collection)]
        self._fields: Mapping[str, int] = dict.fromkeys(OURS[collection] - COUNTERS_OF_MERGING, 1)

    async def merged(self) -> AsyncIterator[tuple[str, bool, bool]]:
        """Yield every id, in order, with whether it is live and whether it is new."""
        live, new = _ids(self._live), _ids(self._new)
        left, right = await anext(live, None), await anext(new, None)
        while left is not None or right is not None:
            first = min(each for each in (left, right) if each is not None)
            yield first, left == first, right == first
            if left == first:
                left = await anext(live, None)
            if right == first:
                right = await anext(new, None)

    async def sample(self) -> list[str]:
        """Return the ids of some live documents: of all, where there are few."""
        if await self._live.count_documents({}, limit=SAMPLE + 1) <= SAMPLE:
            return [each async for each in _ids(self._live)]
        cursor = await self._live.aggregate([{"$sample": {"size": SAMPLE}}, {"$project": {"_id": 1}}])
        return list({each["_id"] for each in await cursor.to_list()})

    async def changed(self, identifiers: Sequence[str]) -> list[str]:
        """Return the ids of documents whose fields of ours are not the same in both."""
        live, new = await self.there(identifiers)
        return [each for each in identifiers if each in live and each in new and live[each] != new[each]]

    async def there(self, identifiers: Sequence[str]) -> tuple[dict[str, Document], dict[str, Document]]:
        """Return our fields of the documents that exist, live and new."""
        live: dict[str, Document] = {}
        new: dict[str, Document] = {}
        for some in _cut(identifiers):
            live |= await by_id(self._live, some, self._fields)
            new |= await by_id(self._new, some, self._fields)
        return live, new


def _cut(identifiers: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(identifiers), BATCH):
        yield list(identifiers[start : start + BATCH])


async def _ids(collection: AsyncCollection[Document]) -> AsyncIterator[str]:
    # From the index alone, in its order; simple binary comparison, as Python compares such texts.
    async with collection.find({}, {"_id": 1}, batch_size=BATCH).sort("_id", 1).hint("_id_") as cursor:
        async for each in cursor:
            yield each["_id"]


class RebuildOutcome(StrEnum):
    """How a rebuild ended."""

    SWAPPED = "swapped"
    COMPARED = "compared"
    """A dry run: nothing was put in place."""
    DIFFERENT = "different"
    """Nothing was put in place, since new and live collections differ."""
    FINISHED = "finished"
    """An earlier rebuild had been interrupted in its swap; this run finished that swap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a rebuild did."""

    outcome: RebuildOutcome
    interrupted: datetime | None = None
    """When an earlier, interrupted rebuild began: it was thrown away or (FINISHED) finished now."""
    events: int = 0
    passed_over: Mapping[str, int] = field(default_factory=dict)
    """How many records on the topics are not ours, by reason (`ForeignReason`)."""
    trimmed: Sequence[Stretch] = ()
    """The partitions whose beginning retention has removed."""
    live_documents_of: datetime | None = None
    """When the live documents were taken in, for events that the topics no longer hold; None: they were not needed."""
    live_documents: int = 0
    comparisons: Sequence[Comparison] = ()
    projector_behind: int = 0
    """How many events the projector had still to do when the comparison ended."""
    carried_over: int = 0
    """How many documents got fields that others own."""
