"""Reads what decides about retention: decision records, the partijen of them, and what is stored of klantcontacten."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from services.classifier.mongo.documents import besluit_of, gewist_of
from services.classifier.mongo.register import BESLUITEN, PARTIJREGISTER
from services.domain.besluit import BesluitRecord, PartijIntrekking
from services.operations.mongo import Database, Databases
from services.operations.retain.selection import StoredContact, StoredKlantcontact, StoredPartij
from services.projector.merging.taak import TO_BE_DONE
from services.projector.mongo.writes import Collection
from services.runtime.mongo.client import Document

READ_AT_ONCE: Final = 500
"""Decision records of a page: less than a megabyte."""

DETAILS: Final = ("contactnaam", "organisatienaam", "digitaleAdressen", "bezoekadres", "correspondentieadres")
"""The fields of a betrokkene with a name or an address."""

KLANTCONTACT_FIELDS: Final[Document] = {
    "onderwerpobjecten.onderwerpobjectidentificator.codeObjecttype": 1,
    **{f"betrokkenen.{name}": 1 for name in DETAILS},
}
"""Whether details are there can only be seen by reading them. They go no further than this module."""

ZAAK: Final = "zaak"
"""The codeObjecttype of one."""

DONE: Final = "verwerkte_taken"
"""A collection of the register: when `retain` first saw that a taak was done. The status itself has no moment."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some decisions, and what decides about them."""

    contacts: Sequence[StoredContact]
    besluiten: Mapping[str, BesluitRecord]
    unseen: Sequence[str]
    """The contacts of which a registered klantcontact, or its taak, is not stored: a person has to look."""
    newly_done: Mapping[str, datetime] = field(default_factory=dict)
    """The taken that are done and were not seen to be so before."""


async def pages(databases: Databases, now: datetime) -> AsyncIterator[Page]:
    """Yield all decisions that left a trace, page by page; no tombstones. Raises PyMongoError."""
    last: str | None = None
    while documents := await _besluiten(databases.register, last):
        last = documents[-1]["_id"]
        besluiten = {each["_id"]: besluit_of(each) for each in documents if gewist_of(each) is None}
        traced = {key: each for key, each in besluiten.items() if not each.without_trace}
        yield await _page(databases, traced, now)


async def _besluiten(register: Database, last: str | None) -> list[Document]:
    after: Document = {} if last is None else {"_id": {"$gt": last}}
    return await register[BESLUITEN].find(after, sort=[("_id", 1)], limit=READ_AT_ONCE).to_list()


async def _page(databases: Databases, besluiten: Mapping[str, BesluitRecord], now: datetime) -> Page:
    klantcontacten = await _stored(
        databases.projection,
        (Collection.KLANTCONTACTEN, Collection.KLANTCONTACTEN_VERTROUWELIJK),
        [each for besluit in besluiten.values() for each in _klantcontact_ids(besluit)],
        KLANTCONTACT_FIELDS,
    )
    taken = await _stored(
        databases.projection,
        (Collection.INTERNE_TAKEN, Collection.INTERNE_TAKEN_VERTROUWELIJK),
        [each for besluit in besluiten.values() for each in _taak_ids(besluit)],
        {"interneTaak.status": 1, "interneTaak.afgehandeldOp": 1},
    )
    done = await _done(databases.register, taken, now)
    restricted = await _restricted(databases.register, besluiten.values())
    return page_of(besluiten, klantcontacten, taken, done, restricted, now)


def page_of(
    besluiten: Mapping[str, BesluitRecord],
    klantcontacten: Mapping[str, Document],
    taken: Mapping[str, Document],
    done: Mapping[str, datetime],
    restricted: AbstractSet[str],
    now: datetime,
) -> Page:
    """Return decisions with what is stored of them. `done`: when each taak was seen to be done, which may be now."""
    contacts: list[StoredContact] = []
    unseen: list[str] = []
    for key, besluit in besluiten.items():
        if not (set(_klantcontact_ids(besluit)) <= klantcontacten.keys() and set(_taak_ids(besluit)) <= taken.keys()):
            unseen.append(key)
            continue
        beperkt = not restricted.isdisjoint(besluit.partijen_ever)
        stored = _klantcontacten(besluit, klantcontacten, taken, done)
        contacts.append(StoredContact(key, besluit.moment.op, stored, beperkt))
    newly = {taak: since for taak, since in done.items() if since == now}
    return Page(contacts, besluiten, unseen, newly)


def _klantcontacten(
    besluit: BesluitRecord,
    klantcontacten: Mapping[str, Document],
    taken: Mapping[str, Document],
    done: Mapping[str, datetime],
) -> list[StoredKlantcontact]:
    found: list[StoredKlantcontact] = []
    for onderwerp, klantcontact_id in zip(besluit.registered(), _klantcontact_ids(besluit), strict=True):
        document = klantcontacten[klantcontact_id]
        taak_id = besluit.taak_id_of(onderwerp.onderwerp_id) if onderwerp.interne_taak else None
        found.append(
            StoredKlantcontact(
                klantcontact_id,
                onderwerp.regel,
                zaak=any(_is_zaak(each) for each in document.get("onderwerpobjecten", ())),
                taak_open=taak_id is not None and taken[taak_id]["interneTaak"].get("status") == TO_BE_DONE,
                contactgegevens=any(each.get(name) for each in document["betrokkenen"] for name in DETAILS),
                gereed_op=done.get(taak_id) if taak_id is not None else None,
            )
        )
    return found


def _klantcontact_ids(besluit: BesluitRecord) -> list[str]:
    given = {each.onderwerp_id: each.klantcontact_id for each in besluit.uitgegeven}
    return [given[each.onderwerp_id] for each in besluit.registered()]


def _taak_ids(besluit: BesluitRecord) -> list[str]:
    return [besluit.taak_id_of(each.onderwerp_id) for each in besluit.registered() if each.interne_taak]


def _is_zaak(onderwerpobject: Mapping[str, Any]) -> bool:
    named = onderwerpobject.get("onderwerpobjectidentificator", {})
    return str(named.get("codeObjecttype", "")).lower() == ZAAK


async def _stored(
    projection: Database, collections: Iterable[Collection], ids: Sequence[str], fields: Document
) -> dict[str, Document]:
    if not ids:
        return {}
    query = {"_id": {"$in": ids}}
    return {each["_id"]: each for name in collections for each in await projection[name].find(query, fields).to_list()}


async def _done(register: Database, taken: Mapping[str, Document], now: datetime) -> dict[str, datetime]:
    """Return when each taak that is done was so: as its handlers wrote, else as `retain` saw, which may be now."""
    finished = {
        taak: each["interneTaak"] for taak, each in taken.items() if each["interneTaak"].get("status") != TO_BE_DONE
    }
    if not finished:
        return {}
    seen = await register[DONE].find({"_id": {"$in": sorted(finished)}}).to_list()
    done = {**dict.fromkeys(finished, now), **{each["_id"]: each["gezienOp"] for each in seen}}
    written = {
        taak: each["afgehandeldOp"]
        for taak, each in finished.items()
        if isinstance(each.get("afgehandeldOp"), datetime)
    }
    return {**done, **written}


async def forget_gone(databases: Databases) -> None:
    """Forget when taken were done that are not stored any more: erased, or withdrawn. Raises PyMongoError."""
    last = ""
    while ids := [
        each["_id"]
        for each in await databases.register[DONE]
        .find({"_id": {"$gt": last}}, {"_id": 1}, sort=[("_id", 1)], limit=READ_AT_ONCE)
        .to_list()
    ]:
        last = ids[-1]
        places = (Collection.INTERNE_TAKEN, Collection.INTERNE_TAKEN_VERTROUWELIJK)
        there = await _stored(databases.projection, places, ids, {"_id": 1})
        if gone := [each for each in ids if each not in there]:
            await databases.register[DONE].delete_many({"_id": {"$in": gone}})


async def _restricted(register: Database, besluiten: Iterable[BesluitRecord]) -> set[str]:
    ids = sorted({each for besluit in besluiten for each in besluit.partijen_ever})
    if not ids:
        return set()
    query = {"_id": {"$in": ids}, "beperkt": {"$exists": True}}
    return {each["_id"] async for each in register[PARTIJREGISTER].find(query, {"_id": 1})}


async def known_and_restricted(register: Database, changes: Sequence[BesluitRecord]) -> tuple[set[str], set[str]]:
    """Return the partijen of these changes that a contact knows, and those that are restricted. Raises PyMongoError."""
    ids = sorted({partij.partij_id for each in changes for partij in each.partijen})
    of_contacts = {"partijen.partijId": {"$in": ids}, "onderwerpen.0": {"$exists": True}}
    found = register[BESLUITEN].find(of_contacts, {"partijen.partijId": 1})
    known = {partij["partijId"] async for each in found for partij in each["partijen"]}
    return known, await _restricted(register, changes)


async def contactless(register: Database) -> list[StoredPartij]:
    """Return the entries of partijen that no contact knows. Raises PyMongoError.

    One without a grondsleutel was made for a single contact, and stays as long as the decision about that.
    """
    query = {"contacten": {"$exists": False}, "grondsleutel": {"$ne": None}}
    found = register[PARTIJREGISTER].find(query, {"nummer": 1, "beperkt": 1}).sort("_id")
    return [StoredPartij(each["_id"], each["nummer"], "beperkt" in each) async for each in found]


def let_go(besluiten: Iterable[BesluitRecord], partijen: Mapping[str, Any]) -> Mapping[str, datetime]:
    """Return when these decisions last let go of each of some partijen."""
    last: dict[str, datetime] = {}
    for besluit in besluiten:
        for each in besluit.intrekkingen:
            if isinstance(each, PartijIntrekking) and each.partij_id in partijen:
                since = each.aanleiding.besloten_op
                last[each.partij_id] = max(since, last.get(each.partij_id, since))
    return last
