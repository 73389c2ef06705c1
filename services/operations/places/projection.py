"""What the projector's collections hold of a subject: those in use, those of before a rebuild and of one that runs."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import pymongo

from services.operations.explain.search import READING_ALL_SECONDS
from services.operations.mongo import Database
from services.operations.places.place import FoundItem, PlaceFound, PlaceKind, StayTerm, Tally
from services.operations.places.searching import PlaceSearch
from services.operations.places.traces import Traces, key_in
from services.projector.mongo.layout import Generation, remembered_seconds
from services.projector.mongo.writes import SINCE, Collection
from services.runtime.mongo.client import Document

_KLANTCONTACTEN: Final = (Collection.KLANTCONTACTEN, Collection.KLANTCONTACTEN_VERTROUWELIJK)
_TAKEN: Final = (Collection.INTERNE_TAKEN, Collection.INTERNE_TAKEN_VERTROUWELIJK)
_IN_ORDER: Final = (*_KLANTCONTACTEN, *_TAKEN, Collection.PARTIJEN, Collection.VERVALLEN)
"""A klantcontact tells which taken are about the klant."""


async def collections(search: PlaceSearch) -> AsyncIterator[PlaceFound]:
    """Look in every collection of the projector that exists."""
    there = set(await search.projection.list_collection_names())
    for collection in _IN_ORDER:
        for generation in Generation:
            name = generation.name_of(collection)
            if name in there:
                yield await _look(search, collection, generation)


async def _look(search: PlaceSearch, collection: Collection, generation: Generation) -> PlaceFound:
    name, tally = generation.name_of(collection), Tally()
    async for document in _found(search, collection, name):
        gone_after = _forgotten(search, document) if collection is Collection.VERVALLEN else None
        tally.add(str(document["_id"]), contents=collection is not Collection.VERVALLEN, until=gone_after)
        if collection in _KLANTCONTACTEN:
            search.traces.things.add(document["_id"])
        search.visit(FoundItem(place=name, kind=PlaceKind.PROJECTION, id=str(document["_id"]), content=document))
    if generation is not Generation.LIVE:
        return tally.place(name, PlaceKind.PROJECTION, StayTerm.REBUILD)
    if collection is Collection.VERVALLEN:
        days = timedelta(seconds=remembered_seconds(search.settings)).days
        return tally.place(
            name, PlaceKind.PROJECTION, StayTerm.EXPIRY, days=days, settings=("KLANTCONTACT_OUTPUT_RETENTION_DAYS",)
        )
    return tally.place(name, PlaceKind.PROJECTION, StayTerm.OWN)


def _forgotten(search: PlaceSearch, document: Document) -> datetime:
    since: datetime = document[SINCE]
    return since + timedelta(seconds=remembered_seconds(search.settings))


async def _found(search: PlaceSearch, collection: Collection, name: str) -> AsyncIterator[Document]:
    queries = [each for each in _queries(collection, search.traces) if each]
    seen = set()
    with pymongo.timeout(READING_ALL_SECONDS):
        if queries:
            async for document in search.projection[name].find({"$or": queries}):
                seen.add(document["_id"])
                yield document
        if nameless := search.traces.nameless():
            also = [each async for each in _of_keys(search.projection, name, nameless) if each not in seen]
            async for document in search.projection[name].find({"_id": {"$in": also}}):
                yield document


def _queries(collection: Collection, traces: Traces) -> Sequence[Document]:
    """Return the queries of what is about the subject in a collection; one has to match."""
    things, contacts = {"$in": sorted(traces.things)}, list(traces.names())
    of_contact = [{"herkomst.contactId": each.contact_id, "herkomst.source": each.source} for each in contacts]
    brought: list[Document] = [
        {"bijdragen": {"$elemMatch": {"contactId": each.contact_id, "source": each.source}}} for each in contacts
    ]
    if collection in _KLANTCONTACTEN:
        of_klant: list[Document] = [{"betrokkenen.wasPartij.partijId": {"$in": sorted(traces.partij_ids)}}]
        points: list[Document] = [{"onderwerpobjecten.wasKlantcontact.klantcontactId": things}]
        return [{"_id": things}, *of_contact, *(of_klant if traces.is_klant else points)]
    if collection in _TAKEN:
        return [{"_id": things}, {"interneTaak.aanleidinggevendKlantcontact.klantcontactId": things}, *of_contact]
    if collection is Collection.PARTIJEN:
        return [{"_id": {"$in": sorted(traces.partij_ids)}}] if traces.is_klant else brought
    marked: Document = {"_id": {"$in": sorted(traces.ids | traces.remains)}}
    return [marked] if traces.is_klant else [marked, *brought]


async def _of_keys(database: Database, name: str, keys: set[str]) -> AsyncIterator[str]:
    """Yield the ids of the documents whose contact has one of these keys: all are read, since its name is not known."""
    fields = {"herkomst.source": 1, "herkomst.contactId": 1, "bijdragen.source": 1, "bijdragen.contactId": 1}
    async for document in database[name].find({}, fields):
        if any(key_in(each) in keys for each in (document.get("herkomst"), *document.get("bijdragen", ()))):
            yield document["_id"]
