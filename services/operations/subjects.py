"""Who is meant by an operator's command about a person: a contact, or a klant.

One JSON object says so, from standard input or a file. It is never an argument, since every user of a machine sees the
arguments of its processes. `docs/privacy/who-is-meant.md` has its forms. No error repeats a value of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import orjson
import pymongo
from pydantic import ValidationError

from schemas.contact_ended_v1 import CodeSoortObjectId, PartijIdentificator, Werkgever
from schemas.faults import Fault, path
from schemas.hints import hint
from schemas.identities import Identity, of_contactpersoon, of_identificatoren
from schemas.reading.coherence import judge_identificatoren
from schemas.types import Bericht, Nummer, Tekst100, Tekst256
from schemas.vng import SoortPartij
from services.classifier.mongo.documents import besluit_of, partij_of
from services.classifier.mongo.key import RegisterKey, configured_sleutels
from services.classifier.mongo.register import BESLUITEN, PARTIJREGISTER
from services.domain.besluit import BesluitRecord
from services.domain.ids import contact_key
from services.domain.partij import PartijRecord
from services.operations.explain.search import READING_ALL_SECONDS, Asked, Name, TellLine, find_besluit, untold
from services.operations.mongo import Database, Databases
from services.runtime.errors import KlantcontactError, WrongUse
from services.runtime.mongo.client import Document
from services.runtime.settings import Settings

MAX_BYTES: Final = 64 * 1024
"""As much as a whole event may have."""


@dataclass(frozen=True, slots=True)
class ContactSubject:
    """One contact: by `source` and `contact_id`, or by the number of a klantcontact that it became."""

    source: str | None = None
    contact_id: str | None = None
    klantcontact_nummer: str | None = None


@dataclass(frozen=True, slots=True)
class PartijSubject:
    """One klant: by the number or the id that the register gave it, or by identities of its own."""

    partij_nummer: str | None = None
    partij_id: str | None = None
    identities: Sequence[Identity] = field(default=(), repr=False)
    """The strongest first. They hold a BSN or another number as it is."""


Subject: TypeAlias = ContactSubject | PartijSubject


class InvalidSubject(WrongUse):
    """What says who is meant can't be used. The message names the field, and never a value."""


FORMS: Final = """Give one JSON object in one of these forms:
  {"source": "urn:…", "contactId": "…"}
  {"klantcontactNummer": "…"}
  {"partijNummer": "…"}
  {"partijId": "…"}
  {"partijIdentificatoren": [{"codeRegister": "…", "codeObjecttype": "…", "codeSoortObjectId": "…", "objectId": "…"}]}
  {"authenticatie": {"pseudoniem": "…"}, "werkteVoor": {"partijIdentificatoren": […]}} (a contactpersoon)"""


class _Pseudoniem(Bericht):
    pseudoniem: Tekst256


class _Given(Bericht):
    source: Tekst256 | None = None
    contact_id: Tekst256 | None = None
    klantcontact_nummer: Nummer | None = None
    partij_nummer: Nummer | None = None
    partij_id: Tekst100 | None = None
    partij_identificatoren: tuple[PartijIdentificator, ...] | None = None
    authenticatie: _Pseudoniem | None = None
    werkte_voor: Werkgever | None = None


_BY_CONTACT: Final = frozenset({"source", "contactId"})
_BY_NUMMER: Final = frozenset({"klantcontactNummer"})
_BY_IDENTIFICATOREN: Final = frozenset({"partijIdentificatoren"})
_AS_CONTACTPERSOON: Final = frozenset({"authenticatie", "werkteVoor"})
_COMBINATIONS: Final = (
    _BY_CONTACT,
    _BY_NUMMER,
    frozenset({"partijNummer"}),
    frozenset({"partijId"}),
    _BY_IDENTIFICATOREN,
    _AS_CONTACTPERSOON,
)


def read_subject(text: bytes) -> Subject:
    """Return who is meant by a text of JSON. Raises InvalidSubject."""
    given = _object(text)
    names = frozenset(name for name, value in given.items() if value is not None)
    if names not in _COMBINATIONS:
        raise InvalidSubject(_not_a_form(names))
    try:
        read = _Given.model_validate_json(text)
    except ValidationError as error:
        raise InvalidSubject(_faults_in_words(error)) from None
    if names in {_BY_CONTACT, _BY_NUMMER}:
        return ContactSubject(read.source, read.contact_id, read.klantcontact_nummer)
    return PartijSubject(read.partij_nummer, read.partij_id and read.partij_id.lower(), _identities(read))


def _object(text: bytes) -> Mapping[str, Any]:
    if len(text) > MAX_BYTES:
        raise InvalidSubject(f"Who is meant is told in at most {MAX_BYTES} bytes.")
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidSubject(f"This is no JSON. {FORMS}") from None  # the error holds the text itself
    if not isinstance(given, dict):
        raise InvalidSubject(f"This is no JSON object. {FORMS}")
    return given


def _not_a_form(names: frozenset[str]) -> str:
    """Return what is wrong. A name that is not known may be a value in the wrong place, so it is not repeated."""
    known = frozenset().union(*_COMBINATIONS)
    beginning = ", ".join(sorted(names & known)) or "nothing that is known"
    more = f" and {len(names - known)} unknown fields" if names - known else ""
    return f"It has {beginning}{more}. {FORMS}"


def _faults_in_words(error: ValidationError) -> str:
    lines = [
        f"{'.'.join(map(str, each['loc']))}: {each['msg']}"
        for each in error.errors(include_input=False, include_context=False, include_url=False)
    ]
    return "\n".join(lines)


def _identities(read: _Given) -> tuple[Identity, ...]:
    """Return the identities that the classifier would find this klant by. Raises InvalidSubject for a wrong number:
    nothing would be found for it, and that would be told to somebody.
    """
    if read.authenticatie and read.werkte_voor:
        employer = read.werkte_voor.partij_identificatoren
        _refuse_faults(employer, ("werkteVoor", "partijIdentificatoren"), SoortPartij.ORGANISATIE)
        found = of_contactpersoon(read.authenticatie.pseudoniem, employer)
    elif (own := read.partij_identificatoren) is not None:
        _refuse_faults(own, ("partijIdentificatoren",), _soort_of(own))
        found = of_identificatoren(own)
    else:
        return ()
    if not found:
        raise InvalidSubject("partijIdentificatoren: needs at least one.")
    return found


def _soort_of(identificatoren: Sequence[PartijIdentificator]) -> SoortPartij:
    has_bsn = any(each.code_soort_object_id is CodeSoortObjectId.BSN for each in identificatoren)
    return SoortPartij.PERSOON if has_bsn else SoortPartij.ORGANISATIE


_AT_BETROKKENE: Final = ("data", "betrokkenen", 0)
"""Where the same fields stand in an event: hints know them there."""


def _refuse_faults(
    identificatoren: Sequence[PartijIdentificator], base: tuple[str, ...], soort_partij: SoortPartij
) -> None:
    faults: list[Fault] = []
    judge_identificatoren(identificatoren, (*_AT_BETROKKENE, *base), soort_partij, faults)
    if faults:
        above = f"{path(*_AT_BETROKKENE)}."
        raise InvalidSubject("\n".join(f"{each.pad.removeprefix(above)}: {hint(each)}" for each in faults))


# Finding it in the register ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FoundContact:
    """A contact, known to the register or not: topics may hold one that was never decided."""

    key: str
    """Of its decision record."""
    source: str
    contact_id: str
    besluit: BesluitRecord | None


class SubjectUnknown(KlantcontactError):
    """The register knows nobody and nothing like this."""


class SeveralPartijen(WrongUse):
    """These identities lead to several partijen. The message names their numbers."""


async def find_contact(databases: Databases, subject: ContactSubject, tell: TellLine = untold) -> FoundContact:
    """Return the contact that is meant. Raises SubjectUnknown for a number that no klantcontact has, and PyMongoError.

    A contact that is named by its source and its contactId is returned whatever the register knows of it.
    """
    if subject.klantcontact_nummer is not None:
        by_nummer = Asked(subject.klantcontact_nummer, frozenset({Name.NUMMER}))
        besluit = await find_besluit(databases, by_nummer, tell)
        if besluit is None:
            raise SubjectUnknown("klantcontactNummer: no klantcontact that the register knows has this number.")
        return FoundContact(besluit.key, besluit.source, besluit.contact_id, besluit)
    assert subject.source is not None, "a contact has a number or a source"
    assert subject.contact_id is not None, "with a source comes a contactId"
    key = contact_key(subject.source, subject.contact_id)
    document = await databases.register[BESLUITEN].find_one({"_id": key})
    # Of an erased contact only the key, the moment and the request are left.
    besluit = besluit_of(document) if document is not None and "source" in document else None
    return FoundContact(key, subject.source, subject.contact_id, besluit)


async def find_partijen(settings: Settings, database: Database, subject: PartijSubject) -> Sequence[PartijRecord]:
    """Return the partijen that are meant, the one that the strongest identity leads to first; none when there is none.

    Identities can lead to several. Only they need the register's key: it is loaded and compared here.
    Raises InvalidSettings when it is not the register's, and PyMongoError.
    """
    if not subject.identities:
        query: Document = {"_id": subject.partij_id} if subject.partij_id else {"nummer": subject.partij_nummer}
        with pymongo.timeout(READING_ALL_SECONDS):  # numbers have no index
            return [partij_of(each) async for each in database[PARTIJREGISTER].find(query)]
    found: dict[str, PartijRecord] = {}
    for sleutel in await sleutels_of(settings, database, subject):
        query = {"$or": [{"sleutels": sleutel}, {"gereserveerd": sleutel}]}
        async for document in database[PARTIJREGISTER].find(query).sort("nummer"):
            found.setdefault(document["_id"], partij_of(document))
    return list(found.values())


async def find_partij(settings: Settings, database: Database, subject: PartijSubject) -> PartijRecord:
    """Return the one partij that is meant. Raises SubjectUnknown, SeveralPartijen, and as `find_partijen` does."""
    found = await find_partijen(settings, database, subject)
    if not found:
        raise SubjectUnknown
    if len(found) > 1:
        numbers = ", ".join(each.nummer for each in found)
        raise SeveralPartijen(f"These identities lead to several partijen. Name one by its partijNummer: {numbers}.")
    return found[0]


async def sleutels_of(settings: Settings, database: Database, subject: PartijSubject) -> Sequence[str]:
    """Return the identities of a klant as the register knows them. Raises InvalidSettings, and PyMongoError."""
    sleutels = configured_sleutels(settings)
    await RegisterKey(database, sleutels).check()
    return [sleutel for each in subject.identities for sleutel in sleutels.forms_of(each)]
