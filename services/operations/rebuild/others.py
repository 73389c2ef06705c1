"""The fields that others own, carried over: the status of a taak, and any field that they put into documents.

That is done twice. Before the swap, all go from the live to the new collections. After it, later changes go from the
collections of before to those that are live now: only where these still hold the value that was carried first, since a
write after the swap is newer. A document may stand in the ordinary collection of one generation and in the confidential
one of the other: its fields are carried there.

The status of a taak is what one actor's people made of it. So it goes only to a document of the same decision or the
same actor. Else one of the two has taken in a decision that gave the taak to another actor, and so opened it, and the
other not yet.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pymongo import UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from services.operations.rebuild.collections import batches, by_id
from services.operations.topic_reader import Progress
from services.projector.merging.documents import Amendment, difference
from services.projector.merging.taak import MADE_BY_OTHERS, TO_BE_DONE, is_one_actor
from services.projector.mongo.layout import Generation
from services.projector.mongo.writes import OURS, WITH_FIELDS_OF_OTHERS, Collection, places_of
from services.runtime.mongo.client import Document

Fields = Mapping[str, Any]
"""The values that others own in one document, by path."""

STATUS: Final = f"interneTaak.{MADE_BY_OTHERS}"

OF_TAKEN: Final = places_of(Collection.INTERNE_TAKEN)

NOTHING: Final[Mapping[Collection, Fields]] = {
    each: {STATUS: TO_BE_DONE} if each in OF_TAKEN else {} for each in WITH_FIELDS_OF_OTHERS
}
"""The values when the projector alone has written."""

ACTOR: Final = "interneTaak.toegewezenAan"


@dataclass(frozen=True, slots=True)
class Theirs:
    """What others own in one document, and of a taak: to whom it is assigned, and by which decision."""

    fields: Fields
    actor: Document | None = None
    decision: tuple[object, object] | None = None

    def has_another_actor(self, other: "Theirs") -> bool:
        """Whether one of two has taken in a decision that gave the taak to another actor, and the other not."""
        return self.decision != other.decision and not is_one_actor(self.actor, other.actor)


def theirs(collection: Collection, document: Document) -> Theirs:
    """Return what others own in a document that was read with `_for_others`."""
    fields = of_others(collection, document)
    if collection not in OF_TAKEN:
        return Theirs(fields)
    # Damage may have taken away what is ours: a rebuild mends it.
    taak, herkomst, besluit = (document.get(name, {}) for name in ("interneTaak", "herkomst", "besluit"))
    return Theirs(fields, taak.get("toegewezenAan"), (herkomst.get("revisie"), besluit.get("besluitversie")))


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


def fitting(given: Theirs, there: Theirs) -> Fields:
    """Return the values to have in a document `there`: those that are given, but a status only for the same actor."""
    return _with_status(given.fields, there.fields) if there.has_another_actor(given) else given.fields


def left_alone(carried: Theirs, there: Theirs) -> Fields:
    """Return the values that stand `there` if others have written nothing since they were carried."""
    return _with_status(carried.fields, {STATUS: TO_BE_DONE}) if there.has_another_actor(carried) else carried.fields


def _with_status(fields: Fields, of: Fields) -> Fields:
    return {path: value for path, value in fields.items() if path != STATUS} | {
        path: value for path, value in of.items() if path == STATUS
    }


def since_carried(now: Fields, carried: Fields, there: Fields) -> Amendment:
    """Return the changes since the values were carried, where the carried values still stand."""
    changed = difference(now, carried)
    return Amendment(
        {path: value for path, value in changed.set.items() if there.get(path) == carried.get(path)},
        tuple(path for path in changed.unset if path in there and there[path] == carried[path]),
    )


class Carried:
    """Remembers what was carried to each document, to tell later what others have changed since."""

    def __init__(self) -> None:
        self._carried: dict[Collection, dict[str, Theirs]] = {each: {} for each in WITH_FIELDS_OF_OTHERS}
        """Without documents that only the projector has written: they are most of them."""
        self._actors: dict[str, Document | None] = {}
        """Each actor once: a municipality has far fewer than taken."""

    def carry(self, collection: Collection, identifier: str, given: Theirs, there: Theirs) -> Amendment:
        """Return the amendment that carries the given values to a new document."""
        fields = fitting(given, there)
        if fields != NOTHING[collection]:
            actor = self._actors.setdefault(repr(there.actor), there.actor)
            self._carried[collection][identifier] = replace(there, fields=fields, actor=actor)
        else:
            self._carried[collection].pop(identifier, None)
        return difference(fields, there.fields)

    def has_moved(self, collection: Collection, identifier: str, now: Theirs) -> bool:
        """Whether the document that was carried from is another one now."""
        carried = self._carried[collection].get(identifier)
        return now.fields != NOTHING[collection] if carried is None else now != carried

    def mend(self, collection: Collection, identifier: str, now: Theirs, there: Theirs) -> Amendment:
        """Return the amendment that carries what has moved since."""
        carried = self._carried[collection].get(identifier)
        stands = NOTHING[collection] if carried is None else left_alone(carried, there)
        return since_carried(fitting(now, there), stands, there.fields)


class CarryOver:
    """Carries fields over for one rebuild. It remembers them: some hundred bytes for each taak that was taken up."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database
        self._carried = Carried()

    async def before_swap(self, collections: Iterable[Collection], show: Progress) -> int:
        """Write the live collections' values to the new ones, and return how many documents that changed."""
        changed = done = 0
        for collection in (each for each in collections if each in WITH_FIELDS_OF_OTHERS):
            live = self._of(Generation.LIVE, collection)
            async for documents in batches(live, _for_others(collection)):
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
            async for documents in batches(former, _for_others(collection)):
                for live in self._places(Generation.LIVE, collection):
                    changed += await self._mend(collection, documents, live)
                done += len(documents)
                show(done, None)
        return changed

    async def _carry(self, collection: Collection, documents: list[Document], new: AsyncCollection[Document]) -> int:
        given = {each["_id"]: theirs(collection, each) for each in documents}
        there = await _there(new, collection, list(given))
        amendments = {each: self._carried.carry(collection, each, given[each], there[each]) for each in there}
        return await _write(new, _only_changes(amendments), there)

    async def _mend(self, collection: Collection, documents: list[Document], live: AsyncCollection[Document]) -> int:
        now = {each["_id"]: theirs(collection, each) for each in documents}
        moved = [each for each, given in now.items() if self._carried.has_moved(collection, each, given)]
        mended = 0
        while moved:
            there = await _there(live, collection, moved)
            changes = _only_changes(
                {each: self._carried.mend(collection, each, now[each], there[each]) for each in there}
            )
            written = await _write(live, changes, there)
            mended += written
            # Where one was not, the projector has given the taak to another actor meanwhile.
            moved = list(changes) if written < len(changes) else []
        return mended

    def _of(self, generation: Generation, collection: Collection) -> AsyncCollection[Document]:
        return self._database[generation.name_of(collection)]

    def _places(self, generation: Generation, collection: Collection) -> list[AsyncCollection[Document]]:
        """Return where a document of a collection may stand in another generation."""
        return [self._of(generation, each) for each in places_of(collection)]


def _for_others(collection: Collection) -> Mapping[str, int]:
    """Return the projection that leaves out what `theirs` does not need."""
    needed = {ACTOR, "herkomst", "besluit"} if collection in OF_TAKEN else set()
    return dict.fromkeys(OURS[collection] - needed, 0)


async def _there(
    target: AsyncCollection[Document], collection: Collection, identifiers: list[str]
) -> dict[str, Theirs]:
    found = await by_id(target, identifiers, _for_others(collection))
    return {identifier: theirs(collection, document) for identifier, document in found.items()}


def _only_changes(amendments: Mapping[str, Amendment]) -> dict[str, Amendment]:
    return {each: amendment for each, amendment in amendments.items() if amendment.set or amendment.unset}


async def _write(
    target: AsyncCollection[Document], amendments: Mapping[str, Amendment], there: Mapping[str, Theirs]
) -> int:
    """Write amendments, and return how many. A taak that has another actor by now than `there` is passed over."""
    updates = [
        UpdateOne(_as_it_is(identifier, there[identifier]), _update(amendment))
        for identifier, amendment in amendments.items()
    ]
    return (await target.bulk_write(updates, ordered=False)).matched_count if updates else 0


def _as_it_is(identifier: str, there: Theirs) -> Document:
    return {"_id": identifier} if there.actor is None else {"_id": identifier, ACTOR: there.actor}


def _update(amendment: Amendment) -> Document:
    update: Document = {}
    if amendment.set:
        update["$set"] = amendment.set
    if amendment.unset:
        update["$unset"] = dict.fromkeys(amendment.unset, "")
    return update
