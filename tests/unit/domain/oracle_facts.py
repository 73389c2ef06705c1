"""The facts of a contact without any history: the part of the second opinion that needs no register.

Written from the words of `schemas/decision.md` alone, like `oracle.py`.
"""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from schemas.contact_ended_v1 import (
    Betrokkene,
    ContactEnded,
    Gebruik,
    PartijIdentificator,
    Rol,
    Toestemming,
    Werkgever,
)
from schemas.types import Bericht
from schemas.vng import SoortPartij

SUFFICIENT = ("digid", "eherkenning", "eidas", "identiteitsbewijs", "telefonische_authenticatie", "dossier")
FULL = ("nieuw", "aangevuld")

ADRES = "adres"
BEZOEKADRES = "bezoekadres"
CORRESPONDENTIEADRES = "correspondentieadres"
CONTACTNAAM = "contactnaam"
ORGANISATIENAAM = "organisatienaam"
ADDRESSES = (ADRES, BEZOEKADRES, CORRESPONDENTIEADRES)

Key = tuple[str, ...]
"""An identity: its kind, then its values."""


@dataclass(frozen=True)
class Touch:
    """The effect of one judgement on the partij of one gekende betrokkene."""

    partij: int
    keys: frozenset[Key]
    """The links that it brought or used."""
    said: Toestemming
    stated_at: datetime
    """The moment from which that counts."""
    consent: bool
    resultaat: str
    filled: bool
    offered_reuse: bool
    carries_name: bool


@dataclass(frozen=True)
class Place:
    """Where details of one betrokkene stand in the events of one onderwerp."""

    partij: int | None
    at_betrokkene: frozenset[str]
    at_partij: frozenset[str]
    takes_details: bool
    """Its default details go to its partij, if it gave any."""


def name_based_id(source: str, *parts: str) -> str:
    """Work out an id as anyone can: `schemas/decision.md`, "Ids and numbers"."""
    namespace = uuid.uuid5(uuid.NAMESPACE_URL, source)
    return str(uuid.uuid5(namespace, "|".join(quote(part, safe="-._~") for part in parts)))


def counts(contact: ContactEnded) -> bool:
    """Whether neither G1 nor G2 applies."""
    only_overig = all(each.rol is Rol.OVERIG for each in contact.betrokkenen)
    return not only_overig and contact.tot_stand_gekomen is not False


def keys_of(betrokkene: Betrokkene, contact: ContactEnded) -> list[Key]:
    """Return the keys that find the partij of a betrokkene, in order."""
    if betrokkene.soort_partij is not SoortPartij.CONTACTPERSOON:
        return _keys(betrokkene.partij_identificatoren)
    pseudoniem = betrokkene.authenticatie.pseudoniem if betrokkene.authenticatie else None
    if pseudoniem is None or betrokkene.werkte_voor is None:
        return []
    if isinstance(betrokkene.werkte_voor, Werkgever):
        employer = betrokkene.werkte_voor.partij_identificatoren
    else:
        employer = next(
            each for each in contact.betrokkenen if each.ref == betrokkene.werkte_voor
        ).partij_identificatoren
    return [(f"pseudoniem+{kind}", pseudoniem, *values) for kind, *values in _keys(employer)]


def _keys(identificatoren: tuple[PartijIdentificator, ...]) -> list[Key]:
    numbers = {str(each.code_soort_object_id): each.object_id for each in identificatoren}
    if "vestigingsnummer" in numbers:
        return [("vestigingsnummer", numbers["vestigingsnummer"], numbers["kvk_nummer"])]
    return [(kind, numbers[kind]) for kind in ("bsn", "rsin", "kvk_nummer") if kind in numbers]


def gekend(contact: ContactEnded, *, zonder_identificator: bool) -> list[Betrokkene]:
    """Return the betrokkenen who are gekend, in the order of the contact."""

    def sufficient(betrokkene: Betrokkene) -> bool:
        middel = betrokkene.authenticatie.middel if betrokkene.authenticatie else None
        return betrokkene.rol is not Rol.OVERIG and middel in SUFFICIENT

    represented = {ref for each in contact.betrokkenen if sufficient(each) for ref in each.vertegenwoordigt}
    return [
        each
        for each in contact.betrokkenen
        if (sufficient(each) and (zonder_identificator or keys_of(each, contact)))
        or (each.rol is not Rol.OVERIG and each.ref in represented and each.partij_identificatoren)
    ]


def effective(stated: list[tuple[datetime, Toestemming]]) -> bool:
    """Whether the newest statement is consent; at equal moments a withdrawal is the newer."""
    statements = [
        (moment, said is Toestemming.INGETROKKEN)
        for moment, said in stated
        if said in (Toestemming.GEGEVEN, Toestemming.INGETROKKEN)
    ]
    return bool(statements) and not max(statements)[1]


def counting_from(moment: datetime, said: Toestemming, known: list[tuple[datetime, Toestemming]]) -> datetime:
    """Return the moment from which a statement counts: clocks differ, so a withdrawal reaches five minutes ahead."""
    given = [each for each, what in known if what is Toestemming.GEGEVEN]
    if said is Toestemming.INGETROKKEN and given and moment < max(given) <= moment + timedelta(minutes=5):
        return max(given)
    return moment


def written(kind: str, value: Bericht | str | dict[str, Any]) -> str:
    """Return a detail as one text: its kind, and its fields without `gebruik` and without absent ones."""
    said = value
    if isinstance(value, Bericht):
        said = value.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"gebruik"})
    return f"{kind} {json.dumps(said, sort_keys=True)}"


def details_of(betrokkene: Betrokkene, gebruik: Gebruik) -> frozenset[str]:
    """Return the addresses that were given for this use."""
    given: set[str] = {written(ADRES, each) for each in betrokkene.digitale_adressen if each.gebruik is gebruik}
    for kind, postal in (
        (BEZOEKADRES, betrokkene.bezoekadres),
        (CORRESPONDENTIEADRES, betrokkene.correspondentieadres),
    ):
        if postal is not None and postal.gebruik is gebruik:
            given.add(written(kind, postal))
    return frozenset(given)


def names_of(betrokkene: Betrokkene) -> frozenset[str]:
    """Return the names that were given."""
    names = ((CONTACTNAAM, betrokkene.contactnaam), (ORGANISATIENAAM, betrokkene.organisatienaam))
    return frozenset(written(kind, name) for kind, name in names if name is not None)


def place(betrokkene: Betrokkene, regel: str, touch: Touch | None, *, taak: bool) -> Place:
    """Return where the details of a betrokkene may stand in the events of one onderwerp."""
    standaard, opvolging = (details_of(betrokkene, each) for each in (Gebruik.STANDAARD, Gebruik.OPVOLGING))
    to_partij = touch is not None and touch.resultaat in FULL
    at_betrokkene: set[str] = set()
    if taak:
        at_betrokkene.update(opvolging if to_partij else opvolging | standaard)
    if regel in ("V0", "V2") or (taak and not (touch and touch.carries_name)):
        at_betrokkene.update(names_of(betrokkene))
    return Place(
        partij=touch.partij if touch else None,
        at_betrokkene=frozenset(at_betrokkene),
        takes_details=to_partij,
        at_partij=standaard | names_of(betrokkene) if to_partij else frozenset(),
    )
