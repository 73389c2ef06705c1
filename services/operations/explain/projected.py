"""Whether the projector's collections hold a contact as it was decided. No content of them is read."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from schemas.outputs import IntrekkingResultaat
from services.domain.besluit import (
    BesluitRecord,
    KlantcontactIntrekking,
    PartijBesluit,
    PartijIntrekking,
    TaakIntrekking,
    Uitgegeven,
)
from services.domain.numbers import NumberKind
from services.operations.mongo import Database
from services.projector.mongo.writes import Collection, places_of
from services.runtime.mongo.client import Document

Version = tuple[int, ...]
"""Revisie and besluitversie of a klantcontact or taak, versie of a partij. The greater one is the newer."""


class ProjectedState(StrEnum):
    """How the projector's collections compare with the decision."""

    STORED = "stored"
    """They hold it as decided, or newer."""
    REMOVED = "removed"
    """It was taken back, and they hold it no longer."""
    OUTDATED = "outdated"
    """They hold it as an earlier decision left it."""
    ABSENT = "absent"
    """They should hold it and do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Projected:
    """One klantcontact, interne taak or partij of a contact, as the projector has it."""

    kind: NumberKind
    id: str
    nummer: str
    state: ProjectedState
    version: Version | None
    """Of the document, or of the marker that remembers one that is vervallen."""
    status: str | None = None
    """Of an interne taak."""
    leeg: bool | None = None
    """Whether a partij holds no name and no address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One klantcontact, interne taak or partij as the decision in force wants it."""

    kind: NumberKind
    id: str
    nummer: str
    is_there: bool
    version: Version


@dataclass(frozen=True, slots=True)
class Documents:
    """The fields that were read of the collections, by id."""

    there: Mapping[str, Document]
    gone: Mapping[str, Document]
    """The markers of what is vervallen."""


_TAAK_STATUS: Final = frozenset({"te_verwerken", "verwerkt"})
"""VNG's values. Other systems write the field too, so any other value of it is not shown."""

_NO_DETAILS: Final = {
    "$and": [
        *(
            {"$eq": [{"$type": f"${name}"}, "missing"]}
            for name in ("contactnaam", "organisatienaam", "bezoekadres", "correspondentieadres")
        ),
        {"$eq": ["$digitaleAdressen", []]},
    ]
}

_REVISION: Final = {"herkomst.revisie": 1, "besluit.besluitversie": 1}
_REVISION_AND_STATUS: Final = {**_REVISION, "interneTaak.status": 1}

_FIELDS: Final[Mapping[Collection, Document]] = {
    **dict.fromkeys(places_of(Collection.KLANTCONTACTEN), _REVISION),
    **dict.fromkeys(places_of(Collection.INTERNE_TAKEN), _REVISION_AND_STATUS),
    Collection.PARTIJEN: {"versie": 1, "leeg": _NO_DETAILS},
    Collection.VERVALLEN: {"revisie": 1, "besluitversie": 1, "versie": 1},
}


async def read_projected(database: Database, besluit: BesluitRecord) -> tuple[Projected, ...]:
    """Return what the projector has of a contact, each compared with the decision."""
    wanted = list(wanted_of(besluit))
    ids = [each.id for each in wanted]
    found = await asyncio.gather(
        *(database[name].find({"_id": {"$in": ids}}, fields).to_list() for name, fields in _FIELDS.items())
    )
    *there, gone = ({each["_id"]: each for each in documents} for documents in found)
    documents = Documents({key: each for part in there for key, each in part.items()}, gone)
    return tuple(compared(each, documents) for each in wanted)


# What was decided ---------------------------------------------------------------------------------------------------


def wanted_of(besluit: BesluitRecord) -> Iterator[Wanted]:
    """Return everything that a contact ever registered or touched, as the decision in force wants it."""
    for had in besluit.uitgegeven:
        yield _klantcontact(besluit, had)
        if had.taak_nummer is not None:
            yield _taak(besluit, had, had.taak_nummer)
    yield from _partijen(besluit)


def _klantcontact(besluit: BesluitRecord, had: Uitgegeven) -> Wanted:
    taken_back = next(
        (
            each
            for each in besluit.intrekkingen
            if isinstance(each, KlantcontactIntrekking)
            and each.onderwerp_id == had.onderwerp_id
            and not each.verplaatst
        ),
        None,
    )
    return Wanted(
        kind=NumberKind.KLANTCONTACT,
        id=had.klantcontact_id,
        nummer=had.klantcontact_nummer,
        is_there=taken_back is None,
        version=_version(besluit, had, taken_back),
    )


def _taak(besluit: BesluitRecord, had: Uitgegeven, nummer: str) -> Wanted:
    taken_back = next(
        (
            each
            for each in besluit.intrekkingen
            if isinstance(each, TaakIntrekking) and each.onderwerp_id == had.onderwerp_id and not each.verplaatst
        ),
        None,
    )
    return Wanted(
        kind=NumberKind.INTERNE_TAAK,
        id=besluit.taak_id_of(had.onderwerp_id),
        nummer=nummer,
        is_there=taken_back is None,
        # A klantcontact that goes out again without somebody who was erased leaves its taak as it was.
        version=(besluit.revisie, 1)
        if taken_back is None and besluit.gewist is not None
        else _version(besluit, had, taken_back),
    )


def _version(
    besluit: BesluitRecord, had: Uitgegeven, taken_back: KlantcontactIntrekking | TaakIntrekking | None
) -> Version:
    """Return the judgement whose event holds: the one that took it back, or the first that said what is in force."""
    if taken_back is not None:
        return taken_back.aanleiding.revisie, taken_back.aanleiding.besluitversie
    onderwerp = next(each for each in besluit.onderwerpen if each.onderwerp_id == had.onderwerp_id)
    return besluit.revisie, besluit.judgement_of(onderwerp)


def _partijen(besluit: BesluitRecord) -> Iterator[Wanted]:
    newest: dict[str, Wanted] = {}
    for each in (*besluit.intrekkingen, *besluit.partijen):
        if not isinstance(each, PartijIntrekking | PartijBesluit):
            continue
        known = newest.get(each.partij_id)
        if known is None or (each.versie,) >= known.version:
            newest[each.partij_id] = Wanted(
                kind=NumberKind.PARTIJ,
                id=each.partij_id,
                nummer=each.nummer,
                is_there=each.resultaat is not IntrekkingResultaat.VERVALLEN,
                version=(each.versie,),
            )
    yield from newest.values()


# What is held --------------------------------------------------------------------------------------------------------


def compared(wanted: Wanted, documents: Documents) -> Projected:
    """Return how the collections hold one thing that was decided."""
    there, gone = documents.there.get(wanted.id), documents.gone.get(wanted.id)
    version = _version_there(wanted.kind, there) if there else _version_gone(wanted.kind, gone) if gone else None
    return Projected(
        kind=wanted.kind,
        id=wanted.id,
        nummer=wanted.nummer,
        state=_state(wanted, version, is_there=there is not None),
        version=version,
        status=_status(there) if there and wanted.kind is NumberKind.INTERNE_TAAK else None,
        leeg=bool(there["leeg"]) if there and wanted.kind is NumberKind.PARTIJ else None,
    )


def _state(wanted: Wanted, version: Version | None, *, is_there: bool) -> ProjectedState:
    if version is None:
        # A marker is deleted after some time.
        return ProjectedState.ABSENT if wanted.is_there else ProjectedState.REMOVED
    if version < wanted.version:
        return ProjectedState.OUTDATED
    return ProjectedState.STORED if is_there else ProjectedState.REMOVED


def _version_there(kind: NumberKind, document: Document) -> Version:
    if kind is NumberKind.PARTIJ:
        return (int(document["versie"]),)
    return int(document["herkomst"]["revisie"]), int(document["besluit"]["besluitversie"])


def _version_gone(kind: NumberKind, document: Document) -> Version:
    names: Iterable[str] = ("versie",) if kind is NumberKind.PARTIJ else ("revisie", "besluitversie")
    return tuple(int(document[name]) for name in names)


def _status(taak: Document) -> str:
    status = taak["interneTaak"]["status"]
    return status if status in _TAAK_STATUS else "other"
