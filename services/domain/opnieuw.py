"""Whether a klantcontact that goes out again, without somebody who was erased, fits the decision record.

An operator's command composes it from what the projector stored; the register has no contents to make it of.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson
from pydantic import ValidationError

from schemas.klantcontact_registered_v1 import KlantcontactRegistered
from schemas.outputs import Hergebruik
from services.domain.besluit import BesluitRecord, PartijBesluit
from services.domain.wissing import SoortWissing, Wissing

DETAILS: Final = frozenset(
    {"contactnaam", "organisatienaam", "digitaleAdressen", "bezoekadres", "correspondentieadres"}
)
"""The fields that hold a name or an address."""

_WHY: Final = {
    "besluit": {"regel": "V2", "beleidsversie": "1", "besluitversie": 1, "toelichting": "gewist"},
    "herkomst": {"source": "urn:x", "eventId": "1", "contactId": "1", "revisie": 1},
}
"""Stands for what the classifier itself adds."""


def fits(klantcontact: Mapping[str, Any], after: BesluitRecord, wissing: Wissing) -> bool:
    """Whether the data of a klantcontact are those of the decision `after` an erasure, and show nothing erased."""
    try:
        KlantcontactRegistered.model_validate_json(orjson.dumps({**klantcontact, **_WHY}))
    except ValidationError:
        return False
    own = klantcontact["klantcontact"]
    registered = {(each.klantcontact_id, each.klantcontact_nummer) for each in after.uitgegeven}
    if (own["klantcontactId"], own["nummer"]) not in registered or own["vertrouwelijk"] != after.vertrouwelijk:
        return False
    partijen = {each.partij_id: each for each in after.partijen}
    return all(_is_of(each, partijen) for each in klantcontact["partijen"]) and all(
        _shows_nothing(each, wissing) and _points_at(each, partijen) for each in _persons(klantcontact)
    )


def _persons(klantcontact: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from klantcontact["betrokkenen"]
    yield from klantcontact["partijen"]


def _is_of(partij: Mapping[str, Any], partijen: Mapping[str, PartijBesluit]) -> bool:
    """Whether a partij is listed exactly as the decision says: with another versie it could undo a newer decision."""
    decided = partijen.get(partij["partijId"])
    if decided is None:
        return False
    told = (partij["nummer"], partij["versie"], partij["geleegdBij"], partij["resultaat"], partij["toestemming"])
    consent = Hergebruik.GEGEVEN if decided.consent else Hergebruik.GEEN
    return told == (decided.nummer, decided.versie, decided.geleegd_bij, decided.resultaat.value, consent.value)


def _points_at(person: Mapping[str, Any], partijen: Mapping[str, PartijBesluit]) -> bool:
    was = person.get("wasPartij")
    return was is None or was["partijId"] in partijen


def _shows_nothing(person: Mapping[str, Any], wissing: Wissing) -> bool:
    """Whether somebody shows nothing that is to be erased."""
    if wissing.soort is SoortWissing.CONTACTGEGEVENS:
        # Only a betrokkene: what stands at a partij stays there.
        return "partijId" in person or not any(person.get(name) for name in DETAILS)
    partij_id = person["partijId"] if "partijId" in person else person.get("wasPartij", {}).get("partijId")
    if partij_id != wissing.partij_id:
        return True
    shown = (person, person.get("werkteVoorPartij", {}))
    return wissing.soort is SoortWissing.GEGEVENS and not any(each.get(name) for each in shown for name in DETAILS)
