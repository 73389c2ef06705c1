"""What came of the contacts of a selftest: decisions, events and documents. Only ids are compared."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import orjson

from schemas.reading.origin import origin_in
from services.classifier.mongo.documents import besluit_of, gewist_of
from services.classifier.mongo.register import BESLUITEN
from services.domain.besluit import BesluitRecord
from services.domain.ids import contact_key
from services.operations.explain.projected import ProjectedState, read_projected, wanted_of
from services.operations.mongo import Database
from services.operations.places.events import as_object
from services.operations.topic_reader import Stretch, TopicReader
from services.projector.mongo.writes import Collection

PATIENCE_SECONDS: Final = 60.0
"""With the projector. It takes less than a second when it has nothing else to do."""

LOOK_SECONDS: Final = 0.1
"""Between two looks, which is how exactly a time is told."""

_AS_DECIDED: Final = {ProjectedState.STORED, ProjectedState.REMOVED}


async def decisions(register: Database, source: str, contact_ids: Iterable[str]) -> Mapping[str, BesluitRecord]:
    """Return the decisions about these contacts, by contactId. Those that were erased are left out."""
    keys = {contact_key(source, each): each for each in contact_ids}
    documents = await register[BESLUITEN].find({"_id": {"$in": list(keys)}}).to_list()
    return {keys[each["_id"]]: besluit_of(each) for each in documents if gewist_of(each) is None}


def outcome_of(besluit: BesluitRecord) -> str:
    """Return the outcome of each onderwerp: its rule, and what became of the partij."""
    return ", ".join(
        f"{each.regel.value} ({each.partij.value})" if each.partij else each.regel.value for each in besluit.onderwerpen
    )


async def events_since(reader: TopicReader, begins: Sequence[Stretch], source: str) -> Counter[str]:
    """Return how often the id of each event of a source stands in the output topics since then."""
    ends = {each.place: each.end for each in begins}
    topics = {each.topic for each in begins}
    since = [replace(each, begin=ends.get(each.place, each.begin)) for each in await reader.whole(*topics)]
    found: Counter[str] = Counter()
    async for batch in reader.records(since):
        for record in batch:
            event = _event_in(record.value)
            if origin_in(as_object(event.get("data")).get("herkomst")).source == source:
                found[str(event.get("id"))] += 1
    return found


def _event_in(value: bytes | None) -> Mapping[str, object]:
    try:
        return as_object(orjson.loads(value or b""))
    except orjson.JSONDecodeError:
        return {}


async def until(holds: Callable[[], Awaitable[bool]]) -> float | None:
    """Return after how many seconds something holds; None when it does not within a minute."""
    began = time.monotonic()
    while not await holds():
        if time.monotonic() - began > PATIENCE_SECONDS:
            return None
        await asyncio.sleep(LOOK_SECONDS)
    return time.monotonic() - began


async def are_stored(projection: Database, besluiten: Iterable[BesluitRecord]) -> bool:
    """Whether the collections hold everything as it was decided."""
    found = [each for besluit in besluiten for each in await read_projected(projection, besluit)]
    return all(each.state in _AS_DECIDED for each in found)


def ids_of(besluiten: Iterable[BesluitRecord]) -> list[str]:
    """Return the ids of the klantcontacten, taken and partijen of these decisions."""
    return sorted({each.id for besluit in besluiten for each in wanted_of(besluit)})


async def are_gone(projection: Database, ids: Sequence[str]) -> bool:
    """Whether no collection but that of the markers holds any of these."""
    for name in Collection:
        if name is not Collection.VERVALLEN and await projection[name].find_one({"_id": {"$in": ids}}, {"_id": 1}):
            return False
    return True
