"""The documents of the register: the domain's own values with camelCase names.

Moments are texts with microseconds: a BSON date has milliseconds, too few to show which of two moments was first.

Each aanleiding of a decision stands once in its document, under `aanleidingen`. What goes back to it has its place
there: a contact can take back hundreds of things for one reason. An earlier release wrote the aanleiding at each of
them; such a document is read too.
"""

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
from cattrs.preconf.bson import make_converter
from cattrs.strategies import configure_tagged_union
from pydantic.alias_generators import to_camel

from schemas.positions import Position
from services.domain.besluit import (
    Aanleiding,
    BesluitRecord,
    Intrekking,
    KlantcontactIntrekking,
    OnderwerpBesluit,
    PartijBesluit,
    PartijIntrekking,
    TaakIntrekking,
    Uitgegeven,
    Vervolg,
    Voorganger,
)
from services.domain.consent import Moment
from services.domain.partij import Bijdrage, PartijRecord, Stand
from services.runtime.mongo.client import Document

_INTREKKINGEN: Final = (KlantcontactIntrekking, TaakIntrekking, PartijIntrekking)
_PARTS: Final = (
    Moment,
    Stand,
    OnderwerpBesluit,
    PartijBesluit,
    Uitgegeven,
    *_INTREKKINGEN,
    Vervolg,
    Position,
    Voorganger,
)

_converter = make_converter()


@lru_cache(maxsize=1024)
def _text_of(moment: datetime) -> str:
    # Cached: a batch has one moment of decision, and a contact's own moment stands in its record and at its partijen.
    return moment.isoformat(timespec="microseconds")


def _functions(value_type: type[Any]) -> tuple[Callable[[Any], Document], Callable[[Any, Any], Any]]:
    """Return what writes a value, and what reads it."""
    names = {field.name: override(rename=to_camel(field.name)) for field in fields(value_type)}
    # The library names fields by keyword, beside its own keywords.
    write: Callable[..., Any] = make_dict_unstructure_fn(value_type, _converter, _cattrs_omit_if_default=True, **names)  # type: ignore[arg-type]
    read: Callable[..., Any] = make_dict_structure_fn(value_type, _converter, **names)  # type: ignore[arg-type]
    return write, read


def _register(value_type: type[Any]) -> None:
    write, read = _functions(value_type)
    _converter.register_unstructure_hook(value_type, write)
    _converter.register_structure_hook(value_type, read)


_converter.register_unstructure_hook(datetime, _text_of)
_converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
_write_aanleiding, _read_aanleiding = _functions(Aanleiding)
# As they are: `_store_once` puts its place where an aanleiding stood, and `_in_place` the aanleiding itself.
_converter.register_unstructure_hook(Aanleiding, lambda aanleiding: aanleiding)
_converter.register_structure_hook(
    Aanleiding, lambda given, kind: given if isinstance(given, Aanleiding) else _read_aanleiding(given, kind)
)
for _part in _PARTS:
    _register(_part)
configure_tagged_union(Intrekking, _converter, tag_name="soort")
for _whole in (BesluitRecord, PartijRecord):  # after their parts, whose converters are built into theirs
    _register(_whole)


def besluit_document(besluit: BesluitRecord, kept_without_trace: timedelta) -> Document:
    """Return the document of a decision. Without a trace it is shortened, and MongoDB deletes it some day."""
    without_trace = besluit.without_trace
    document: Document = _converter.unstructure(besluit.shortened() if without_trace else besluit)
    document["_id"] = document.pop("key")
    _store_once(document)
    if without_trace:
        document["vervaltOp"] = besluit.besloten_op.astimezone(UTC) + kept_without_trace
    return document


def besluit_of(document: Document) -> BesluitRecord:
    """Return the decision that a document holds."""
    return _converter.structure({**document, **_in_place(document), "key": document["_id"]}, BesluitRecord)


def _store_once(document: Document) -> None:
    """Put each aanleiding in a list, and its place there where it stood."""
    pointing = [(each, "aanleiding") for each in document.get("intrekkingen", ())]
    pointing += [(each, "sinds") for each in document["onderwerpen"] if "sinds" in each]
    places: dict[Aanleiding, int] = {}
    for part, name in pointing:
        part[name] = places.setdefault(part[name], len(places))
    if places:
        document["aanleidingen"] = [_write_aanleiding(each) for each in places]


def _in_place(document: Document) -> Document:
    """Return the parts of a document that point to an aanleiding, with the aanleiding itself."""
    if "aanleidingen" not in document:
        return {}
    once = [_read_aanleiding(each, Aanleiding) for each in document["aanleidingen"]]
    return {
        "intrekkingen": [{**each, "aanleiding": once[each["aanleiding"]]} for each in document.get("intrekkingen", ())],
        "onderwerpen": [
            {**each, "sinds": once[each["sinds"]]} if "sinds" in each else each for each in document["onderwerpen"]
        ],
    }


def bijdragen_of(document: Document) -> list[tuple[str, Bijdrage]]:
    """Return what a decision did to each partij, by its id. The document needs no more than `BIJDRAGE_FIELDS`."""
    contact = Moment(datetime.fromisoformat(document["plaatsgevondenOp"]), document["source"], document["contactId"])
    touched = _converter.structure(document["partijen"], list[PartijBesluit])
    return [(each.partij_id, each.bijdrage(contact)) for each in touched]


BIJDRAGE_FIELDS: Final = {"source": 1, "contactId": 1, "plaatsgevondenOp": 1, "partijen": 1}


def partij_document(partij: PartijRecord) -> Document:
    """Return the document of a partij. One that no contact knows any more is found only by what it was made for."""
    document: Document = _converter.unstructure(partij)
    document["_id"] = document.pop("partijId")
    if not partij.bekend and partij.grondsleutel is not None:
        document["gereserveerd"] = partij.grondsleutel
    return document


def partij_changes(before: PartijRecord, partij: PartijRecord) -> Document:
    """Return the update that makes the document of a partij what it has become."""
    was, now = partij_document(before), partij_document(partij)
    update: Document = {}
    if changed := {name: value for name, value in now.items() if name not in was or was[name] != value}:
        update["$set"] = changed
    if gone := dict.fromkeys(was.keys() - now.keys(), ""):
        update["$unset"] = gone
    return update


def partij_of(document: Document) -> PartijRecord:
    """Return the partij that a document holds."""
    return _converter.structure({**document, "partijId": document["_id"]}, PartijRecord)
