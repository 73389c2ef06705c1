"""What the projector made of a decision: whether everything stands there as decided. No content of it is ever read."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from schemas.outputs import IntrekkingResultaat
from services.domain.besluit import (
    Besluit,
    KlantcontactIntrekking,
    PartijBesluit,
    PartijIntrekking,
    TaakIntrekking,
    Uitgegeven,
)
from services.domain.ids import taak_id
from services.domain.numbers import NumberKind
from services.operations.mongo import Database
from services.projector.mongo.writes import Collection

Document = dict[str, Any]
Version = tuple[int, ...]
"""Revisie and besluitversie of a klantcontact or taak, versie of a partij: of two, the greater is the newer."""


class State(StrEnum):
    """How what stands there compares with what was decided."""

    STORED = "stored"
    """As decided, or as something newer made it."""
    REMOVED = "removed"
    """It was taken back, and is gone."""
    OUTDATED = "outdated"
    """As an earlier decision had it."""
    ABSENT = "absent"
    """It should be there and is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Projected:
    """One klantcontact, interne taak or partij of a contact, as the projector has it."""

    kind: NumberKind
    id: str
    nummer: str
    state: State
    version: Version | None
    """Of what stands there."""
    status: str | None = None
    """Of an interne taak."""
    leeg: bool | None = None
    """Whether a partij holds no name and no address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the decision in force leads to."""

    kind: NumberKind
    id: str
    nummer: str
    is_there: bool
    version: Version


@dataclass(frozen=True, slots=True)
class Documents:
    """What was read of the collections, by id."""

    there: Mapping[str, Document]
    gone: Mapping[str, Document]
    """What is remembered of what is vervallen."""


_TAAK_STATUS: Final = frozenset({"te_verwerken", "verwerkt"})
"""Those of VNG. The field is for others to write, so nothing else of it is shown."""

_NO_DETAILS: Final = {
    "$and": [
        *(
            {"$eq": [{"$type": f"${name}"}, "missing"]}
            for name in ("contactnaam", "organisatienaam", "bezoekadres", "correspondentieadres")
        ),
        {"$eq": ["$digitaleAdressen", []]},
    ]
}

_FIELDS: Final[Mapping[Collection, Document]] = {
    Collection.KLANTCONTACTEN: {"herkomst.revisie": 1, "besluit.besluitversie": 1},
    Collection.INTERNE_TAKEN: {"herkomst.revisie": 1, "besluit.besluitversie": 1, "interneTaak.status": 1},
    Collection.PARTIJEN: {"versie": 1, "leeg": _NO_DETAILS},
    Collection.VERVALLEN: {"revisie": 1, "besluitversie": 1, "versie": 1},
}


async def read_projected(database: Database, besluit: Besluit) -> tuple[Projected, ...]:
    """Read what the projector has of a contact, and compare."""
    wanted = list(wanted_of(besluit))
    ids = [each.id for each in wanted]
    found = await asyncio.gather(
        *(database[name].find({"_id": {"$in": ids}}, fields).to_list() for name, fields in _FIELDS.items())
    )
    *there, gone = ({each["_id"]: each for each in documents} for documents in found)
    documents = Documents({key: each for part in there for key, each in part.items()}, gone)
    return tuple(compared(each, documents) for each in wanted)


# What should be there ------------------------------------------------------------------------------------------------


def wanted_of(besluit: Besluit) -> Iterator[Wanted]:
    """Give all that a contact was ever given or touched, and what should have become of it."""
    for had in besluit.uitgegeven:
        yield _klantcontact(besluit, had)
        if had.taak_nummer is not None:
            yield _taak(besluit, had, had.taak_nummer)
    yield from _partijen(besluit)


def _klantcontact(besluit: Besluit, had: Uitgegeven) -> Wanted:
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


def _taak(besluit: Besluit, had: Uitgegeven, nummer: str) -> Wanted:
    taken_back = next(
        (
            each
            for each in besluit.intrekkingen
            if isinstance(each, TaakIntrekking) and each.onderwerp_id == had.onderwerp_id
        ),
        None,
    )
    return Wanted(
        kind=NumberKind.INTERNE_TAAK,
        id=taak_id(besluit.source, besluit.contact_id, had.onderwerp_id),
        nummer=nummer,
        is_there=taken_back is None,
        version=_version(besluit, had, taken_back),
    )


def _version(besluit: Besluit, had: Uitgegeven, taken_back: KlantcontactIntrekking | TaakIntrekking | None) -> Version:
    """Give the judgement whose event holds: the one that took it back, or first said what is in force."""
    if taken_back is not None:
        return taken_back.aanleiding.revisie, taken_back.aanleiding.besluitversie
    onderwerp = next(each for each in besluit.onderwerpen if each.onderwerp_id == had.onderwerp_id)
    return besluit.revisie, onderwerp.sinds.besluitversie if onderwerp.sinds else besluit.besluitversie


def _partijen(besluit: Besluit) -> Iterator[Wanted]:
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


# What is there -------------------------------------------------------------------------------------------------------


def compared(wanted: Wanted, documents: Documents) -> Projected:
    """Tell how what was decided stands there."""
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


def _state(wanted: Wanted, version: Version | None, *, is_there: bool) -> State:
    if version is None:
        # What is vervallen is not remembered for ever.
        return State.ABSENT if wanted.is_there else State.REMOVED
    if version < wanted.version:
        return State.OUTDATED
    return State.STORED if is_there else State.REMOVED


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
