"""The klantcontacten of a contact as they go out again, without somebody or without their details.

They are made of what the projector stored, for the register has no contents. What another partij has from this contact
stays in them, in the same versie: else a rebuild from the topics would lose it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

from schemas.contact_ended_v1 import CodeSoortObjectId
from schemas.outputs import FILLING, Hergebruik, Identificatie
from services.domain.besluit import BesluitRecord, OnderwerpBesluit, PartijBesluit, Uitgegeven
from services.domain.opnieuw import DETAILS
from services.domain.sleutels import soort_of
from services.domain.withdrawn import identificator_kinds
from services.runtime.mongo.client import Document

NO_DETAILS: Final[Document] = {"digitaleAdressen": []}

_OF_EVENT: Final = ("klantcontact", "actoren", "betrokkenen", "onderwerpobjecten", "bijlagen")


@dataclass(frozen=True, slots=True)
class Composed:
    """What happens to the klantcontacten of one contact."""

    opnieuw: Sequence[Document] = ()
    """The data of those that go out again, without `besluit` and `herkomst`."""
    vervallen: Sequence[str] = ()
    """Those in which nobody is left, or of which nothing is stored."""
    others_stay: bool = False
    """Whether another klant or vertegenwoordiger took part in the contact."""


class NotStored(Exception):
    """The collections do not hold a klantcontact as it was decided: too early, or deleted by hand."""

    def __init__(self, nummer: str) -> None:
        super().__init__(nummer)
        self.nummer = nummer


@dataclass(frozen=True, slots=True)
class Stored:
    """What the projector stored of a contact."""

    klantcontacten: Mapping[str, Document]
    partijen: Mapping[str, Document]
    withdraw_missing: bool = False
    """Whether a klantcontact of which nothing is stored is withdrawn."""

    def klantcontact(self, besluit: BesluitRecord, onderwerp: OnderwerpBesluit, had: Uitgegeven) -> Document | None:
        """Return the klantcontact of an onderwerp; None: it is gone. Raises NotStored."""
        document = self.klantcontacten.get(had.klantcontact_id)
        if document is None:
            if self.withdraw_missing:
                return None
            raise NotStored(had.klantcontact_nummer)
        stored = (document["herkomst"]["revisie"], document["besluit"]["besluitversie"])
        if stored < (besluit.revisie, besluit.judgement_of(onderwerp)):
            raise NotStored(had.klantcontact_nummer)
        return document


def without_betrokkene(besluit: BesluitRecord, partij_id: str, stored: Stored) -> Composed:
    """Return the klantcontacten of a contact without one partij. Raises NotStored."""
    opnieuw: list[Document] = []
    vervallen: list[str] = []
    others_stay = any(each.partij_id != partij_id for each in besluit.partijen)
    for had, document in _klantcontacten(besluit, stored):
        if document is None:
            vervallen.append(had.klantcontact_id)
            continue
        stay = [each for each in document["betrokkenen"] if _partij_of(each) != partij_id]
        others_stay |= bool(stay)
        if len(stay) == len(document["betrokkenen"]):
            continue
        if stay:
            opnieuw.append(_event(besluit, document, stay, stored))
        else:
            vervallen.append(had.klantcontact_id)
    return Composed(opnieuw, vervallen, others_stay)


def without_details(besluit: BesluitRecord, partij_id: str, stored: Stored) -> Composed:
    """Return the klantcontacten whose events carry details of one partij, without those. Raises NotStored."""
    filled = any(each.partij_id == partij_id and brings_details(each) for each in besluit.partijen)
    opnieuw: list[Document] = []
    vervallen: list[str] = []
    for had, document in _klantcontacten(besluit, stored):
        if document is None:
            vervallen.append(had.klantcontact_id)
            continue
        own = [each for each in document["betrokkenen"] if _partij_of(each) == partij_id]
        if own and (filled or any(each.get(name) for each in own for name in DETAILS)):
            people = [_bare(each) if each in own else each for each in document["betrokkenen"]]
            opnieuw.append(_event(besluit, document, people, stored, bare=partij_id))
    return Composed(opnieuw, vervallen, others_stay=True)


def without_contactgegevens(besluit: BesluitRecord, stored: Stored) -> Composed:
    """Return the klantcontacten that show a name or an address at a betrokkene, without those. What the contact brought
    to partijen stays with them. Raises NotStored.
    """
    opnieuw = [
        _event(besluit, document, [_bare(each) for each in document["betrokkenen"]], stored)
        for _, document in _klantcontacten(besluit, stored)
        if document is not None and any(each.get(name) for each in document["betrokkenen"] for name in DETAILS)
    ]
    return Composed(opnieuw, others_stay=True)


def brings_details(partij: PartijBesluit) -> bool:
    """Whether a contact brought a name or an address to a partij. Once they are erased it did not."""
    return partij.resultaat in FILLING and (partij.vult or partij.carries_name)


def _klantcontacten(besluit: BesluitRecord, stored: Stored) -> Iterator[tuple[Uitgegeven, Document | None]]:
    for onderwerp in besluit.registered():
        had = besluit.numbers_of(onderwerp.onderwerp_id)
        assert had is not None, "a registered onderwerp has a number"
        yield had, stored.klantcontact(besluit, onderwerp, had)


def _partij_of(betrokkene: Mapping[str, Any]) -> str | None:
    was: Mapping[str, str] = betrokkene.get("wasPartij", {})
    return was.get("partijId")


def _bare(person: Mapping[str, Any]) -> Document:
    return {name: value for name, value in person.items() if name not in DETAILS} | NO_DETAILS


def _event(
    besluit: BesluitRecord,
    document: Document,
    betrokkenen: Sequence[Document],
    stored: Stored,
    *,
    bare: str | None = None,
) -> Document:
    event = {name: document[name] for name in _OF_EVENT}
    # A moment in BSON is shorter than the one that was decided.
    assert besluit.plaatsgevonden_op is not None, "what registered something has a record in full"
    moment = besluit.plaatsgevonden_op.astimezone(UTC).isoformat().replace("+00:00", "Z")
    event["klantcontact"] = {**document["klantcontact"], "plaatsgevondenOp": moment}
    event["betrokkenen"] = betrokkenen
    ids = [_partij_of(each) for each in betrokkenen]
    event["partijen"] = [
        _partij(besluit, each, stored.partijen[each.partij_id], bare=each.partij_id == bare)
        for each in besluit.partijen
        if each.partij_id in ids and each.partij_id in stored.partijen
    ]
    return event


def _partij(besluit: BesluitRecord, decided: PartijBesluit, document: Document, *, bare: bool) -> Document:
    kinds = {soort_of(sleutel) for sleutel in decided.sleutels}
    shown = {*kinds, CodeSoortObjectId.KVK_NUMMER} if CodeSoortObjectId.VESTIGINGSNUMMER in kinds else kinds
    brought = {} if bare else _brought(besluit, decided, document)
    partij: Document = {
        "partijId": decided.partij_id,
        "versie": decided.versie,
        "geleegdBij": decided.geleegd_bij,
        "nummer": decided.nummer,
        "soortPartij": document["soortPartij"],
        "resultaat": decided.resultaat.value,
        "toestemming": (Hergebruik.GEGEVEN if decided.consent else Hergebruik.GEEN).value,
        "partijIdentificatoren": [
            each for each in document["partijIdentificatoren"] if each["codeSoortObjectId"] in shown
        ],
        "vervallenIdentificatoren": identificator_kinds(decided.vervallen_soorten),
        "identificatie": (Identificatie.EXTERN if kinds else Identificatie.ZONDER_EXTERNE_IDENTIFICATOR).value,
        **NO_DETAILS,
        **{name: value for name, value in brought.items() if name in DETAILS},
    }
    if (employer := document.get("werkteVoorPartij")) is not None:
        named = brought.get("werkteVoorNaam", {})
        partij["werkteVoorPartij"] = {"partijIdentificatoren": employer["partijIdentificatoren"], **named}
    return partij


def _brought(besluit: BesluitRecord, decided: PartijBesluit, document: Document) -> Document:
    """Return the details that this contact brought to a partij, as far as they are still there."""
    return next(
        (
            each
            for each in document["bijdragen"]
            if (each["source"], each["contactId"], each["versie"])
            == (besluit.source, besluit.contact_id, decided.versie)
        ),
        {},
    )
