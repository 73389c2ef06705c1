"""Canonical objects for tests: valid events as a publisher sends them; a test changes the part that it is about.

Numbers come from ranges that stand for nobody: they begin with 9999. An argument that is None is left out;
`other` holds fields that have no argument of their own here, as they are.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import count, islice
from typing import Any, Final

from schemas.contact_ended_v1 import TYPE
from schemas.reading.coherence import passes_elfproef
from schemas.reading.consent import decode_either
from schemas.reading.decoding import Received, decode

Wire = dict[str, Any]

SOURCE: Final = "urn:nld:oin:00000000000000000000:systeem:telefonie"
OTHER_SOURCE: Final = "urn:nld:oin:00000000000000000000:systeem:mail"

_NINE_DIGITS: Final = tuple(islice((text for text in map(str, count(999900000)) if passes_elfproef(text)), 200))

ALICE: Final = _NINE_DIGITS[0]
BOB: Final = _NINE_DIGITS[1]
CAROL: Final = _NINE_DIGITS[2]
"""BSNs of three people who do not exist."""

MOBILE: Final = "0612345678"
EMAIL: Final = "klant@example.nl"


def present(fields: Mapping[str, Any]) -> Wire:
    """Return the fields that are not None: in these functions None means absent."""
    return {name: value for name, value in fields.items() if value is not None}


# Identificatoren


def nth_bsn(index: int) -> str:
    """Return one of a row of different, valid BSNs."""
    return _NINE_DIGITS[index]


def nth_rsin(index: int) -> str:
    """Return one of a row of different, valid RSINs."""
    return _NINE_DIGITS[-1 - index]


def bsn(number: str = ALICE) -> Wire:
    """Identify a persoon."""
    return _identificator("brp", "natuurlijk_persoon", "bsn", number)


def rsin(number: str) -> Wire:
    """Identify an organisatie by its RSIN."""
    return _identificator("hr", "niet_natuurlijk_persoon", "rsin", number)


def kvk(number: str) -> Wire:
    """Identify an organisatie by its KVK number: 8 digits."""
    return _identificator("hr", "niet_natuurlijk_persoon", "kvk_nummer", number)


def vestiging(number: str) -> Wire:
    """Identify a vestiging, which needs a KVK number beside it: 12 digits."""
    return _identificator("hr", "vestiging", "vestigingsnummer", number)


def _identificator(register: str, objecttype: str, soort: str, number: str) -> Wire:
    return {
        "codeRegister": register,
        "codeObjecttype": objecttype,
        "codeSoortObjectId": soort,
        "objectId": number,
    }


# Betrokkenen


def naam(achternaam: str = "Hageman") -> Wire:
    """Return a contactnaam."""
    return {"voorletters": "B", "achternaam": achternaam}


def email(adres: str = EMAIL, gebruik: str | None = "standaard") -> Wire:
    """Return an e-mail address, by default as default for later contacts."""
    return present({"soortDigitaalAdres": "email", "adres": adres, "gebruik": gebruik})


def phone(adres: str = MOBILE, gebruik: str | None = "opvolging") -> Wire:
    """Return a telephone number, by default only for following up this contact."""
    return present({"soortDigitaalAdres": "telefoonnummer", "adres": adres, "gebruik": gebruik})


def postal(straatnaam: str = "Dorpsstraat", gebruik: str | None = "opvolging") -> Wire:
    """Return a postal address."""
    return present(
        {"straatnaam": straatnaam, "huisnummer": 1, "postcode": "1234 AB", "stad": "Ons Dorp", "gebruik": gebruik}
    )


def betrokkene(  # each is a field of the contract
    ref: str = "k",
    rol: str = "klant",
    *,
    middel: str | None = None,
    pseudoniem: str | None = None,
    identificatoren: Sequence[Wire] | None = None,
    toestemming: str | None = None,
    adressen: Sequence[Wire] | None = None,
    contactnaam: Wire | None = None,
    soort: str | None = None,
    vertegenwoordigt: Sequence[str] | None = None,
    werkte_voor: str | Wire | None = None,
    other: Mapping[str, Any] | None = None,
) -> Wire:
    """A betrokkene of any rol."""
    authenticatie = present({"middel": middel, "pseudoniem": pseudoniem}) if middel else None
    return present(
        {
            "ref": ref,
            "rol": rol,
            "soortPartij": soort,
            "contactnaam": contactnaam,
            "authenticatie": authenticatie,
            "partijIdentificatoren": None if identificatoren is None else list(identificatoren),
            "toestemmingHergebruik": toestemming,
            "digitaleAdressen": None if adressen is None else list(adressen),
            "vertegenwoordigt": None if vertegenwoordigt is None else list(vertegenwoordigt),
            "werkteVoor": werkte_voor,
        }
    ) | dict(other or {})


def stranger(ref: str = "k", *, adressen: Sequence[Wire] = ()) -> Wire:
    """A klant with a name, who is not authenticated."""
    return betrokkene(ref, contactnaam=naam(), adressen=adressen)


def known(
    ref: str = "k",
    number: str = ALICE,
    *,
    toestemming: str | None = None,
    adressen: Sequence[Wire] = (),
    rol: str = "klant",
) -> Wire:
    """A klant with a name, authenticated by DigiD."""
    return betrokkene(
        ref,
        rol,
        middel="digid",
        identificatoren=[bsn(number)],
        toestemming=toestemming,
        adressen=adressen,
        contactnaam=naam(),
    )


# Onderwerpen


AFDELING: Final[Wire] = {"soortActor": "organisatorische_eenheid", "naam": "Vergunningen"}
KCC: Final[Wire] = {"soortActor": "medewerker", "naam": "KCC"}
ZAAK: Final[Wire] = {
    "codeRegister": "open-zaak",
    "codeObjecttype": "zaak",
    "codeSoortObjectId": "uuid",
    "objectId": "095be615-a8ad-4c33-8e9c-c7612fbf6c9f",
}

CALL_BACK: Final[Wire] = {
    "soort": "interne_taak",
    "gevraagdeHandeling": "Terugbellen",
    "toegewezenAan": AFDELING,
}
NEW_ZAAK: Final[Wire] = {"soort": "zaak_nieuw", "zaak": ZAAK}
RUNNING_ZAAK: Final[Wire] = {"soort": "zaak_bestaand", "zaak": ZAAK}


def onderwerp(
    onderwerp_id: str | None = None,
    *,
    opvolging: Wire | None = None,
    betrokkenen: Sequence[str] | None = None,
    tekst: str = "Vraag",
    other: Mapping[str, Any] | None = None,
) -> Wire:
    """One subject of a contact, answered at once."""
    return present(
        {
            "onderwerpId": onderwerp_id,
            "onderwerp": tekst,
            "opvolging": opvolging,
            "betrokkenen": None if betrokkenen is None else list(betrokkenen),
        }
    ) | dict(other or {})


# Contacten


def contact(
    contact_id: str = "c-1",
    *,
    betrokkenen: Sequence[Wire] | None = None,
    onderwerpen: Sequence[Wire] | None = None,
    revisie: int | None = None,
    op: str = "2026-03-02T09:50:00Z",
    kanaal: str = "telefoon",
    vertrouwelijk: bool | None = None,
    vervolg_op: Wire | None = None,
    other: Mapping[str, Any] | None = None,
) -> Wire:
    """The data of a `contact.ended`: a stranger with one question, answered at once."""
    return present(
        {
            "contactId": contact_id,
            "revisie": revisie,
            "kanaal": kanaal,
            "plaatsgevondenOp": op,
            "vertrouwelijk": vertrouwelijk,
            "actoren": [KCC],
            "betrokkenen": [stranger()] if betrokkenen is None else list(betrokkenen),
            "onderwerpen": [onderwerp()] if onderwerpen is None else list(onderwerpen),
            "vervolgOp": vervolg_op,
        }
    ) | dict(other or {})


def event(
    data: object,
    *,
    source: str = SOURCE,
    event_id: str = "evt-1",
    time: str = "2026-12-01T12:00:00Z",
    other: Mapping[str, Any] | None = None,
) -> Wire:
    """A `contact.ended` in structured mode; `other` holds further attributes."""
    envelope = {"specversion": "1.0", "id": event_id, "source": source, "type": TYPE, "time": time}
    return {**envelope, **(other or {}), "data": data}


def line(whole_event: object) -> bytes:
    """Write an event as it goes over the wire."""
    return json.dumps(whole_event, ensure_ascii=False).encode()


def received(data: Wire, *, source: str = SOURCE, event_id: str = "evt-1", other: Wire | None = None) -> Received:
    """Read a contact that must be valid."""
    read = decode(line(event(data, source=source, event_id=event_id, other=other)))
    assert isinstance(read, Received), read
    return read


# Changes of consent


CHANGED = "nl.klantinteracties.toestemming.gewijzigd"


def change(
    said: str = "ingetrokken",
    *,
    wijziging_id: str = "w-1",
    revisie: int | None = None,
    op: str = "2026-03-20T09:50:00Z",
    middel: str = "digid",
    identificatoren: Sequence[Wire] | None = None,
    other: Mapping[str, Any] | None = None,
) -> Wire:
    """The data of a `toestemming.gewijzigd`: a klant withdraws its consent in a portal."""
    return present(
        {
            "wijzigingId": wijziging_id,
            "revisie": revisie,
            "kanaal": "portaal",
            "klant": {
                "authenticatie": {"middel": middel},
                "partijIdentificatoren": [bsn()] if identificatoren is None else list(identificatoren),
            },
            "toestemmingHergebruik": said,
            "gewijzigdOp": op,
        }
    ) | dict(other or {})


def received_change(data: Wire, *, source: str = SOURCE) -> Received:
    """Read a change of consent that must be valid."""
    read = decode_either(line(event(data, source=source, other={"type": CHANGED})))
    assert isinstance(read, Received), read
    return read
