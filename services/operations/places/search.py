"""The search through all places, for one subject."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Final

from schemas.reading.origin import Origin
from services.classifier.mongo.documents import besluit_of
from services.classifier.mongo.key import RegisterKey, configured_sleutels
from services.classifier.mongo.register import BESLUITEN
from services.domain.partij import PartijRecord
from services.operations.mongo import Database, Databases, read_databases
from services.operations.places import beyond, letters, projection, published, register
from services.operations.places.numbers import KlantNumbers
from services.operations.places.open_klant import open_klant
from services.operations.places.place import PlaceFound, Visitor, unvisited
from services.operations.places.searching import PlaceReader, PlaceSearch
from services.operations.places.traces import Traces
from services.operations.subjects import (
    ContactSubject,
    PartijSubject,
    Subject,
    SubjectUnknown,
    find_contact,
    find_partijen,
    sleutels_of,
)
from services.operations.topic_reader import Progress, topic_reader, unseen
from services.runtime.settings import Settings

READERS: Final[Sequence[PlaceReader]] = (
    published.messages,
    published.publishers,
    letters.letters,
    register.entries,
    register.decisions,
    projection.collections,
    published.outputs,
    open_klant,
    register.follow_ups,
    published.other_topics,
    register.other_collections,
    beyond.beyond,
)
"""Every kind of place. Topics of channels and publishers come first, since a number in one leads to contacts. A place
that another system has, such as a register that documents are copied to, gets a reader of its own here."""


async def look_everywhere(
    settings: Settings,
    traces: Traces,
    *,
    visit: Visitor = unvisited,
    progress: Progress = unseen,
    readers: Sequence[PlaceReader] = READERS,
) -> AsyncIterator[PlaceFound]:
    """Yield the answer of every place. Changes nothing and commits no offset.

    `visit` sees every document and record that is found: who calls has recorded that somebody is going to see them.
    Raises as `topic_reader` and `read_databases` do, since a place that could not be read is no *0 found*.
    """
    async with read_databases(settings) as databases, topic_reader(settings) as reader:
        search = PlaceSearch(
            settings=settings,
            register=databases.register,
            projection=databases.projection,
            reader=reader,
            traces=traces,
            visit=visit,
            progress=progress,
            now=datetime.now(UTC),
        )
        for read in readers:
            async for found in read(search):
                yield found


async def traces_of(settings: Settings, subject: Subject) -> Traces:
    """Return by what a subject is recognised, as far as the register knows it. Raises SubjectUnknown for a number or an
    id that nothing has, and as `find_contact` and `find_partijen` do.
    """
    async with read_databases(settings) as databases:
        if isinstance(subject, ContactSubject):
            return await _of_contact(databases, subject)
        return await _of_klant(settings, databases.register, subject)


async def _of_contact(databases: Databases, subject: ContactSubject) -> Traces:
    found = await find_contact(databases, subject)
    traces = Traces(is_klant=False, numbers=KlantNumbers(None, ()))
    traces.add_contact(found.key, Origin(found.source, found.contact_id), whole=True)
    if found.besluit is not None:
        traces.add_besluit(found.besluit)
    return traces


async def _of_klant(settings: Settings, database: Database, subject: PartijSubject) -> Traces:
    partijen = await find_partijen(settings, database, subject)
    links = set(await sleutels_of(settings, database, subject)) if subject.identities else set()
    if not partijen and not links:
        raise SubjectUnknown
    traces = Traces(is_klant=True, numbers=await _numbers(settings, database))
    traces.numbers.add(links)
    for partij in partijen:
        await add_partij(database, traces, partij)
    return traces


async def _numbers(settings: Settings, database: Database) -> KlantNumbers:
    """Return what recognises numbers. The key is needed: without it the topics could not be searched for a klant."""
    sleutels = configured_sleutels(settings)
    await RegisterKey(database, sleutels).check()
    return KlantNumbers(sleutels, ())


async def add_partij(database: Database, traces: Traces, partij: PartijRecord) -> None:
    """Note a partij of the klant, and the contacts that its decisions name."""
    traces.partij_ids.add(partij.partij_id)
    traces.numbers.add(partij.sleutels)
    if partij.grondsleutel is not None:
        traces.numbers.add([partij.grondsleutel])
    query = {"$or": [{"partijen.partijId": partij.partij_id}, {"intrekkingen.partijId": partij.partij_id}]}
    async for document in database[BESLUITEN].find(query):
        besluit = besluit_of(document)
        traces.add_besluit(besluit)
        for each in besluit.partijen:
            if each.partij_id == partij.partij_id:
                traces.numbers.add(each.sleutels)
