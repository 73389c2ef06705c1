"""The places in words for a citizen: what each is, and until when something stays in it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from services.operations.pages.html import day
from services.operations.places.place import StayTerm

HEADS: Final = ("Waar", "Gevonden", "Tot uiterlijk")

_TERMS: Final[Mapping[str, str]] = {
    StayTerm.OWN: "de bewaartermijn van de gemeente",
    StayTerm.REGISTER: "zolang het register bestaat; alleen een kenmerk, geen gegevens",
    StayTerm.REBUILD: "kort: een kopie tijdens onderhoud",
    StayTerm.UNDECLARED: "niet vastgelegd",
    StayTerm.UNKNOWN: "niet bekend",
    StayTerm.EXPIRY: "wordt vanzelf verwijderd",
    StayTerm.RETENTION: "wordt vanzelf verwijderd",
    StayTerm.COMPACTION: "wordt vanzelf verwijderd",
    StayTerm.OPLOG: "wordt vanzelf overschreven",
    StayTerm.DECLARED: "wordt vanzelf vernietigd",
}

_NAMES: Final[Mapping[str, str]] = {
    "oplog": "Herstelbestand van de database",
    "backups of MongoDB": "Reservekopieën van de database",
    "logs and traces": "Technische logboeken",
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
    return day(moment) if moment is not None else _TERMS[place["termijn"]]
