"""The resources of Open Klant that the bridge writes, and the one form in which two bodies of a resource compare.

A part of our register and a row of Open Klant are compared as *canonical* bodies: the fields that we write, without
what is empty. Open Klant trims texts, adds fields of its own, and shows an absent object as one with empty fields. The
canonical form takes all of that away.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

Body = dict[str, Any]

ApiRow = Mapping[str, Any]
"""A row as Open Klant shows it."""


class Resource(StrEnum):
    """A resource, by its path."""

    ACTOREN = "actoren"
    ACTORKLANTCONTACTEN = "actorklantcontacten"
    BETROKKENEN = "betrokkenen"
    BIJLAGEN = "bijlagen"
    DIGITALE_ADRESSEN = "digitaleadressen"
    INTERNE_TAKEN = "internetaken"
    KLANTCONTACTEN = "klantcontacten"
    ONDERWERPOBJECTEN = "onderwerpobjecten"
    PARTIJ_IDENTIFICATOREN = "partij-identificatoren"
    PARTIJEN = "partijen"


MAAK_KLANTCONTACT: Final = "maak-klantcontact"
"""The path that creates a klantcontact, one betrokkene and one onderwerpobject in one transaction of Open Klant."""

FIELDS: Final[Mapping[Resource, Body]] = {
    Resource.ACTOREN: {"naam": "", "soortActor": "", "actoridentificator": None},
    Resource.ACTORKLANTCONTACTEN: {"actor": None},
    Resource.BETROKKENEN: {
        "rol": "",
        "initiator": None,
        "wasPartij": None,
        "contactnaam": None,
        "organisatienaam": "",
        "bezoekadres": None,
        "correspondentieadres": None,
    },
    Resource.BIJLAGEN: {"bijlageidentificator": None},
    Resource.DIGITALE_ADRESSEN: {"adres": "", "soortDigitaalAdres": "", "omschrijving": ""},
    Resource.INTERNE_TAKEN: {"gevraagdeHandeling": "", "toelichting": ""},
    Resource.KLANTCONTACTEN: {
        "kanaal": "",
        "onderwerp": "",
        "inhoud": "",
        "indicatieContactGelukt": None,
        "taal": "",
        "vertrouwelijk": None,
        "plaatsgevondenOp": None,
        "metadata": {},
    },
    Resource.ONDERWERPOBJECTEN: {"wasKlantcontact": None, "onderwerpobjectidentificator": None},
    Resource.PARTIJ_IDENTIFICATOREN: {"partijIdentificator": None, "subIdentificatorVan": None},
    Resource.PARTIJEN: {
        "soortPartij": "",
        "partijIdentificatie": None,
        "bezoekadres": None,
        "correspondentieadres": None,
    },
}
"""The fields that we write and hold against each other, each with the value that empties it.

Numbers and the `referentie` of an address are written once. The actoren of a taak, and its status, belong to the people
who do it (`compare.py`).
"""

PARENT: Final[Mapping[tuple[Resource, Resource], str]] = {
    (Resource.ACTORKLANTCONTACTEN, Resource.KLANTCONTACTEN): "klantcontact",
    (Resource.BETROKKENEN, Resource.KLANTCONTACTEN): "hadKlantcontact",
    (Resource.BIJLAGEN, Resource.KLANTCONTACTEN): "wasBijlageVanKlantcontact",
    (Resource.DIGITALE_ADRESSEN, Resource.BETROKKENEN): "verstrektDoorBetrokkene",
    (Resource.DIGITALE_ADRESSEN, Resource.PARTIJEN): "verstrektDoorPartij",
    (Resource.INTERNE_TAKEN, Resource.KLANTCONTACTEN): "aanleidinggevendKlantcontact",
    (Resource.ONDERWERPOBJECTEN, Resource.KLANTCONTACTEN): "klantcontact",
    (Resource.PARTIJ_IDENTIFICATOREN, Resource.PARTIJEN): "identificeerdePartij",
}
"""The field of a row that names the row on which it hangs."""

EMPTY_NAME: Final[Mapping[str, Body]] = {
    "persoon": {"contactnaam": None},
    "organisatie": {"naam": ""},
    "contactpersoon": {"contactnaam": None, "werkteVoorPartij": None},
}
"""The `partijIdentificatie` that empties a name, by `soortPartij`. Null is refused."""

_SHOWN_ONLY: Final = frozenset({"url", "volledigeNaam"})
"""What Open Klant adds inside an object."""


def canonical(resource: Resource, row: ApiRow) -> Body:
    """Return the fields of a row that we write, without what is empty."""
    tidied = {name: _tidied(row.get(name)) for name in FIELDS[resource]}
    if "plaatsgevondenOp" in tidied:
        tidied["plaatsgevondenOp"] = moment(row["plaatsgevondenOp"]).isoformat()
    if isinstance(named := tidied.get("partijIdentificatie"), dict):
        named.pop("uuid", None)
    return {name: value for name, value in tidied.items() if value not in (None, {})}


def _tidied(value: object) -> object:
    """Return a value as Open Klant keeps it; None when it is empty."""
    match value:
        case str():
            # NUL is refused, and blanks around a text are cut off.
            return value.replace("\0", "\N{REPLACEMENT CHARACTER}").strip() or None
        case Mapping():
            tidied = ((key, _tidied(each)) for key, each in value.items() if key not in _SHOWN_ONLY)
            return {key: each for key, each in tidied if each is not None} or None
        case _:
            return value


def moment(value: str | datetime) -> datetime:
    """Return a moment in UTC."""
    return (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)


def as_changed(resource: Resource, body: Body) -> Body:
    """Return the body of a PATCH: every field that we write, also those that it empties.

    The name of a partij is ignored without `soortPartij`, and emptied in a form of its own.
    """
    return {**FIELDS[resource], **body, **_named(resource, body)}


def as_created(resource: Resource, body: Body) -> Body:
    """Return the body of a POST: without what is empty, but with the keys that may not be absent."""
    return {**_ALWAYS.get(resource, {}), **body, **_named(resource, body)}


def _named(resource: Resource, body: Body) -> Body:
    if resource is not Resource.PARTIJEN:
        return {}
    return {"partijIdentificatie": {**EMPTY_NAME[body["soortPartij"]], **body.get("partijIdentificatie", {})}}


_ALWAYS: Final[Mapping[Resource, Body]] = {
    Resource.ACTOREN: {"indicatieActief": True},
    Resource.BETROKKENEN: {"wasPartij": None},
    # Refused when either key is absent, where the OpenAPI file says that it is optional.
    Resource.DIGITALE_ADRESSEN: {"verstrektDoorBetrokkene": None, "verstrektDoorPartij": None},
    Resource.INTERNE_TAKEN: {"status": "te_verwerken"},
    Resource.KLANTCONTACTEN: {"indicatieContactGelukt": None},
    Resource.ONDERWERPOBJECTEN: {"wasKlantcontact": None, "onderwerpobjectidentificator": None},
    Resource.PARTIJEN: {"indicatieActief": True},
}
"""What Open Klant asks for beside the fields that have a value."""
