"""The places in words for a citizen: what each is, and until when something stays in it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from services.operations.pages.html import day
from services.operations.places.place import PlaceFound, StayTerm
from services.operations.places.published import CHANNELS

HEADS: Final = ("Waar", "Gevonden", "Tot uiterlijk")

_TERMS: Final[Mapping[str, str]] = {
    StayTerm.OWN: "de bewaartermijn van de gemeente",
    StayTerm.REGISTER: "zolang het register bestaat; alleen een kenmerk, geen gegevens",
    StayTerm.REBUILD: "kort: een kopie tijdens onderhoud",
    StayTerm.UNDECLARED: "niet vastgelegd",
    StayTerm.UNKNOWN: "niet bekend",
    StayTerm.EXPIRY: "wordt vanzelf verwijderd",
    StayTerm.RETENTION: "wordt vanzelf verwijderd",
    StayTerm.COMPACTION: "wordt vanzelf verwijderd, enige tijd na {dagen:.0f} dagen",
    StayTerm.OPLOG: "wordt vanzelf overschreven",
    StayTerm.DECLARED: "wordt vanzelf vernietigd",
}

_NAMES: Final[Mapping[str, str]] = {
    CHANNELS: "Berichten van formulieren, telefonie en mail",
    "oplog": "Herstelbestand van de database",
    "backups of MongoDB": "Reservekopieën van de database",
    "logs and traces": "Technische logboeken",
    "Open Klant: emptied partijen": "Open Klant: vermelding zonder naam en adres, nodig voor wat anderen vastlegden",
}


def shown(place: PlaceFound) -> dict[str, Any]:
    """Return a place as an answer has it, without how much was found."""
    return {
        "plaats": place.name,
        "soort": place.kind,
        "doorzocht": place.found is not None,
        "aanwezig": None if place.found is None else place.found > 0,
        "totUiterlijk": place.until,
        "inhoudTotUiterlijk": place.contents_until,
        "termijn": place.term,
        "dagen": place.days,
        "instellingen": list(place.settings),
        "onleesbaar": place.unreadable,
    }


def row(place: Mapping[str, Any]) -> Sequence[object]:
    """Return a row of the table of places, from a place as an answer has it."""
    return _NAMES.get(place["plaats"], place["plaats"]), _found(place), until(place)


def _found(place: Mapping[str, Any]) -> str:
    if not place["doorzocht"]:
        return "kan niet doorzocht worden"
    if (number := place.get("aantal")) is not None:
        return f"{number}"
    return "ja" if place["aanwezig"] else "nee"


def until(place: Mapping[str, Any]) -> str:
    """Return until when something stays in a place, in words."""
    if place["doorzocht"] and not place["aanwezig"]:
        return "–"
    moment: datetime | None = place["totUiterlijk"]
    if moment is not None:
        return day(moment)
    term = _TERMS[place["termijn"]].format_map(place)
    contents: datetime | None = place["inhoudTotUiterlijk"]
    return term if contents is None else f"inhoud: {day(contents)}; kenmerken: {term}"
