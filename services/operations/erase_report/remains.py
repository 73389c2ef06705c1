"""What is left in the collections of what was erased for a request. What stays by intent is no rest of it.

Where others took part in a contact, its decision stays without the klant. After an erasure of details the klant stays,
with its contacts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from services.classifier.mongo.register import BESLUITEN
from services.domain.opnieuw import DETAILS
from services.domain.wissing import GewistItem, SoortWissing
from services.operations.places.place import FoundItem, PlaceFound, StayTerm
from services.operations.places.traces import names_one_of


def is_gone(items: Sequence[GewistItem], places: Iterable[PlaceFound], found: Iterable[FoundItem]) -> bool:
    """Whether no collection in use holds anything of what was erased."""
    own = {each.name for each in places if each.found and each.term is StayTerm.OWN}
    shown = [each for each in found if each.place in own]
    if own - {each.place for each in shown}:
        return False  # something was counted that is shown to nobody
    details = {each.partij_id for each in items if each.soort is SoortWissing.GEGEVENS and each.partij_id is not None}
    erased = {each.partij_id for each in items if each.partij_id is not None} - details
    if details and not erased and all(each.soort is SoortWissing.GEGEVENS for each in items):
        return not any(_shows_details(each.content, details) for each in shown)
    return not any(_is_left(each, erased) for each in shown)


def _is_left(item: FoundItem, erased: set[str]) -> bool:
    closed = item.place == BESLUITEN and "gewist" in item.content
    return not closed or names_one_of(erased, orjson.dumps(item.content, default=str))


def _shows_details(document: Mapping[str, Any], partijen: set[str]) -> bool:
    return any(each.get(name) for each in _shown_as(document, partijen) for name in DETAILS)


def _shown_as(document: Mapping[str, Any], partijen: set[str]) -> Iterator[Mapping[str, Any]]:
    """Yield the parts of a document that show name and addresses of these partijen."""
    if document.get("_id") in partijen:
        yield document
        yield from document.get("bijdragen", ())
    for each in document.get("betrokkenen", ()):
        if each.get("wasPartij", {}).get("partijId") in partijen:
            yield each
