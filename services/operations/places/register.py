"""What the register holds of a subject: its entry, its decisions, and any id of it in another collection."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final

import pymongo
from pymongo.errors import OperationFailure

from services.classifier.mongo.documents import besluit_of
from services.classifier.mongo.register import BESLUITEN, PARTIJREGISTER
from services.operations.dead_letters.states import COLLECTION as LETTER_RECORDS
from services.operations.explain.search import READING_ALL_SECONDS
from services.operations.mongo import Database
from services.operations.places.place import FoundItem, PlaceFound, PlaceKind, StayTerm, Tally
from services.operations.places.searching import PlaceSearch
from services.operations.places.traces import Traces, key_in, names_one_of
from services.projector.mongo.layout import Generation
from services.projector.mongo.writes import Collection
from services.runtime.mongo.client import Document
from services.runtime.mongo.errors import REFUSED_USER

TOMBSTONES: Final = "besluiten: tombstones"
"""What is left of a contact that was erased: that it was, when, and for which request."""

FOLLOW_UPS: Final = "besluiten: follow-ups"
"""Decisions about contacts that follow up the one that is sought: each names the id of its klantcontact."""

_MOMENTS: Final = ("gegeven", "ingetrokken", "gevuld")


async def entries(search: PlaceSearch) -> AsyncIterator[PlaceFound]:
    """Look in `partijregister`: the klant itself, and what a contact did to any partij."""
    traces, tally = search.traces, Tally()
    query = _of_klant(traces) if traces.is_klant else _named_at([*_MOMENTS], traces)
    async for document in _every(search.register, PARTIJREGISTER, query, traces):
        tally.add(str(document["_id"]), contents=False)
        _show(search, PARTIJREGISTER, document)
    yield tally.place(PARTIJREGISTER, PlaceKind.REGISTER, StayTerm.OWN)


def _of_klant(traces: Traces) -> Sequence[Document]:
    sleutels = traces.numbers.wanted
    return [
        {"_id": {"$in": sorted(traces.partij_ids)}},
        {"sleutels": {"$in": sleutels}},
        {"gereserveerd": {"$in": sleutels}},
        {"grondsleutel": {"$in": sleutels}},
    ]


async def decisions(search: PlaceSearch) -> AsyncIterator[PlaceFound]:
    """Look in `besluiten`: decisions about the subject, and those of other contacts that name it."""
    found, erased = Tally(), Tally()
    async for document in _every(search.register, BESLUITEN, decisions_about(search.traces), search.traces):
        if "source" not in document:
            erased.add(document["_id"], contents=False)
        else:
            _learn(search.traces, document)
            if not _is_about_others(search.traces, document):
                found.add(document["_id"], contents=False, until=document.get("vervaltOp"))
                _show(search, BESLUITEN, document)
    yield found.place(BESLUITEN, PlaceKind.REGISTER, StayTerm.OWN)
    yield erased.place(TOMBSTONES, PlaceKind.REGISTER, StayTerm.REGISTER)


def _learn(traces: Traces, document: Document) -> None:
    """Note what a decision record names. Where it names no partij of the klant, nobody knew who the klant was.

    The decision of another contact that names the one that is sought is not noted.
    """
    besluit = besluit_of(document)
    if not traces.is_klant and besluit.key not in traces.contacts:
        return
    names_klant = not besluit.partijen_ever.isdisjoint(traces.partij_ids)
    if traces.is_klant and besluit.key in traces.contacts and "gewist" not in document and not names_klant:
        traces.whole.add(besluit.key)
    traces.add_besluit(besluit)


def _is_about_others(traces: Traces, document: Document) -> bool:
    """Whether this is what is left of a contact out of which the klant was erased: it names the others only."""
    if not traces.is_klant or "gewist" not in document:
        return False
    links = {link for each in document["partijen"] for link in each.get("sleutels", ())}
    names_klant = not besluit_of(document).partijen_ever.isdisjoint(traces.partij_ids)
    return not names_klant and links.isdisjoint(traces.numbers.wanted)


def decisions_about(traces: Traces) -> Sequence[Document]:
    """Return the queries of the decisions that name a subject; one has to match.

    Some have no index: each decision would pay for it, and only such a search asks.
    """
    keys: Document = {"_id": {"$in": sorted(traces.contacts)}}
    if traces.is_klant:
        partijen = {"$in": sorted(traces.partij_ids)}
        by_link: Document = {"partijen.sleutels": {"$in": traces.numbers.wanted}}
        return [keys, {"partijen.partijId": partijen}, {"intrekkingen.partijId": partijen}, by_link]
    stands = [f"partijen.stand.{each}" for each in _MOMENTS]
    return [keys, *_named_at(stands, traces)]


async def follow_ups(search: PlaceSearch) -> AsyncIterator[PlaceFound]:
    """Look in `besluiten` for contacts that follow up one that is sought; its klantcontacten are known by now."""
    tally = Tally()
    if not search.traces.is_klant:
        query = {"vervolg.klantcontactId": {"$in": sorted(search.traces.things)}}
        async for document in _every(search.register, BESLUITEN, [query]):
            tally.add(document["_id"], contents=False)
    yield tally.place(FOLLOW_UPS, PlaceKind.REGISTER, StayTerm.OWN)


def _named_at(paths: Sequence[str], traces: Traces) -> list[Document]:
    """Return the queries of documents that name one of the contacts at one of these places in them."""
    return [
        {f"{path}.contactId": origin.contact_id, f"{path}.source": origin.source}
        for path in paths
        for origin in traces.names()
    ]


async def _every(
    database: Database, collection: str, queries: Sequence[Document], traces: Traces | None = None
) -> AsyncIterator[Document]:
    """Yield the documents that match, and those that name a contact of which only the key is known: all are read."""
    seen = set()
    # Now: what is read may tell their names, and these queries do not have them.
    nameless = traces.nameless() if traces is not None and not traces.is_klant else set()
    with pymongo.timeout(READING_ALL_SECONDS):
        if queries:
            async for document in database[collection].find({"$or": list(queries)}):
                seen.add(document["_id"])
                yield document
        if nameless:
            fields = {"partijen.stand": 1, **dict.fromkeys(_MOMENTS, 1)}
            holders = database[collection].find({}, fields)
            also = [each["_id"] async for each in holders if each["_id"] not in seen and _names(each, nameless)]
            async for document in database[collection].find({"_id": {"$in": also}}):
                yield document


def _names(document: Document, keys: set[str]) -> bool:
    """Whether a document of the register names a contact with one of these keys as the origin of something."""
    stands = [document, *(each["stand"] for each in document.get("partijen", ()) if "stand" in each)]
    moments = [stand[name] for stand in stands for name in _MOMENTS if name in stand]
    return any(key_in(each) in keys for each in moments)


def _show(search: PlaceSearch, place: str, document: Document) -> None:
    search.visit(FoundItem(place=place, kind=PlaceKind.REGISTER, id=str(document["_id"]), content=document))


# Other collections ---------------------------------------------------------------------------------------------------

READ_APART: Final = frozenset(
    {PARTIJREGISTER, BESLUITEN, LETTER_RECORDS}
    | {generation.name_of(collection) for generation in Generation for collection in Collection}
)
"""The collections that other readers look in."""


async def other_collections(search: PlaceSearch) -> AsyncIterator[PlaceFound]:
    """Look for any id of the subject, and for the position of any of its records, in every other collection."""
    seen: set[tuple[str, str]] = set()
    for database in (search.register, search.projection):
        for name in sorted(await database.list_collection_names()):
            if name.startswith("system.") or name in READ_APART or (database.name, name) in seen:
                continue
            seen.add((database.name, name))
            yield await _other(search, database, name)


async def _other(search: PlaceSearch, database: Database, name: str) -> PlaceFound:
    tally, ids = Tally(), search.traces.ids | search.traces.contacts.keys()
    lay_at = {(each.topic, each.partition, each.offset) for each in search.traces.positions}
    try:
        with pymongo.timeout(READING_ALL_SECONDS):
            async for document in database[name].find({}):
                if names_one_of(ids, _texts_in(document)) or _position_in(document) in lay_at:
                    tally.add(str(document["_id"]), contents=False)
    except OperationFailure as error:
        if error.code not in REFUSED_USER:
            raise
        return PlaceFound(name=name, kind=PlaceKind.REGISTER, found=None, term=StayTerm.UNKNOWN)
    return tally.place(name, PlaceKind.REGISTER, StayTerm.REGISTER)


def _texts_in(document: Document) -> bytes:
    """Return all texts of a document, names of fields included, to be searched at once."""
    return "\n".join(_walked(document)).encode(errors="replace")


def _walked(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for name, value in node.items():
            yield str(name)
            yield from _walked(value)
    elif isinstance(node, list):
        for value in node:
            yield from _walked(value)


def _position_in(document: Document) -> tuple[Any, Any, Any]:
    return document.get("topic"), document.get("partition"), document.get("offset")
