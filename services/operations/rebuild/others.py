"""The fields that others own, carried over: the status of a taak, and any field that they put into documents.

That is done twice. Before the swap, all go from the live to the new collections. After it, later changes go from the
collections of before to those that are live now: only where these still hold the value that was carried first, since a
write after the swap is newer. A document may stand in the ordinary collection of one generation and in the confidential
one of the other: its fields are carried there.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pymongo import UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from services.operations.rebuild.collections import batches, by_id
from services.operations.topic_reader import Progress
from services.projector.merging.documents import Amendment
from services.projector.mongo.layout import Generation
from services.projector.mongo.writes import OURS, WITH_FIELDS_OF_OTHERS, Collection, places_of
from services.runtime.mongo.client import Document

Fields = Mapping[str, Any]
"""The values that others own in one document, by path."""

_NOTHING_OF_TAKEN: Final[Fields] = {"interneTaak.status": "te_verwerken"}

NOTHING: Final[Mapping[Collection, Fields]] = {
    each: _NOTHING_OF_TAKEN if each in places_of(Collection.INTERNE_TAKEN) else {} for each in WITH_FIELDS_OF_OTHERS
}
"""The values when the projector alone has written."""


def of_others(collection: Collection, document: Document) -> Fields:
    """Return the values that others own in a document, by path."""
    return dict(_fields(OURS[collection], document))


def _fields(ours: frozenset[str], document: Document) -> Iterator[tuple[str, Any]]:
    shared = {path.split(".")[0] for path in ours if "." in path}
    for name, value in document.items():
        if name in shared:
            inner = {f"{name}.{each}": below for each, below in value.items()}
            yield from ((path, below) for path, below in inner.items() if path not in ours)
        elif name not in ours and name != "_id":
            yield name, value


def difference(wanted: Fields, there: Fields) -> Amendment:
    """Return the amendment that makes `there` equal to `wanted`."""
    return Amendment(
        {path: value for path, value in wanted.items() if path not in there or there[path] != value},
        tuple(path for path in there if path not in wanted),
    )


def since_carried(now: Fields, carried: Fields, there: Fields) -> Amendment:
    """Return the changes since the values were carried, where the carried values still stand."""
    changed = difference(now, carried)
    return Amendment(
        {path: value for path, value in changed.set.items() if there.get(path) == carried.get(path)},
        tuple(path for path in changed.unset if path in there and there[path] == carried[path]),
    )


class CarryOver:
    """Carries fields over for one rebuild. It remembers them: some hundred bytes for each taak that was taken up."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database
        self._carried: dict[Collection, dict[str, Fields]] = {each: {} for each in WITH_FIELDS_OF_OTHERS}

    async def before_swap(self, collections: Iterable[Collection], show: Progress) -> int:
        """Write the live collections' values to the new ones, and return how many documents that changed."""
        changed = done = 0
        for collection in (each for each in collections if each in WITH_FIELDS_OF_OTHERS):
            live = self._of(Generation.LIVE, collection)
            async for documents in batches(live, _without_ours(collection)):
                for new in self._places(Generation.NEW, collection):
                    changed += await self._carry(collection, documents, new)
                done += len(documents)
                show(done, None)
        return changed

    async def after_swap(self, show: Progress) -> int:
        """Write later changes from the collections of before to the live ones, and return the number of documents."""
        changed = done = 0
        for collection in WITH_FIELDS_OF_OTHERS:
            former = self._of(Generation.FORMER, collection)
            async for documents in batches(former, _without_ours(collection)):
                for live in self._places(Generation.LIVE, collection):
                    changed += await self._mend(collection, documents, live)
                done += len(documents)
                show(done, None)
        return changed

    async def _carry(self, collection: Collection, documents: list[Document], new: AsyncCollection[Document]) -> int:
        wanted = {each["_id"]: of_others(collection, each) for each in documents}
        there = await _there(new, collection, list(wanted))
        for identifier in there:
            self._remember(collection, identifier, wanted[identifier])
        return await _write(new, {each: difference(wanted[each], there[each]) for each in there})

    async def _mend(self, collection: Collection, documents: list[Document], live: AsyncCollection[Document]) -> int:
        now = {each["_id"]: of_others(collection, each) for each in documents}
        moved = [each for each, fields in now.items() if fields != self._what_was_carried(collection, each)]
        there = await _there(live, collection, moved) if moved else {}
        amendments = {
            each: since_carried(now[each], self._what_was_carried(collection, each), there[each]) for each in there
        }
        return await _write(live, amendments)

    def _remember(self, collection: Collection, identifier: str, fields: Fields) -> None:
        if fields != NOTHING[collection]:
            self._carried[collection][identifier] = fields
        else:
            self._carried[collection].pop(identifier, None)

    def _what_was_carried(self, collection: Collection, identifier: str) -> Fields:
        return self._carried[collection].get(identifier, NOTHING[collection])

    def _of(self, generation: Generation, collection: Collection) -> AsyncCollection[Document]:
        return self._database[generation.name_of(collection)]

    def _places(self, generation: Generation, collection: Collection) -> list[AsyncCollection[Document]]:
        """Return where a document of a collection may stand in another generation."""
        return [self._of(generation, each) for each in places_of(collection)]


def _without_ours(collection: Collection) -> Mapping[str, int]:
    return dict.fromkeys(OURS[collection], 0)


async def _there(
    target: AsyncCollection[Document], collection: Collection, identifiers: list[str]
) -> dict[str, Fields]:
    found = await by_id(target, identifiers, _without_ours(collection))
    return {identifier: of_others(collection, document) for identifier, document in found.items()}


async def _write(target: AsyncCollection[Document], amendments: Mapping[str, Amendment]) -> int:
    updates = [
        UpdateOne({"_id": identifier}, _update(amendment))
        for identifier, amendment in amendments.items()
        if amendment.set or amendment.unset
    ]
    if updates:
        await target.bulk_write(updates, ordered=False)
    return len(updates)


def _update(amendment: Amendment) -> Document:
    update: Document = {}
    if amendment.set:
        update["$set"] = amendment.set
    if amendment.unset:
        update["$unset"] = dict.fromkeys(amendment.unset, "")
    return update
