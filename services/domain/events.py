"""The events of a decision, made from its record and the contact itself, as plain values ready to be encoded.

This file and `details.py` choose everything that an event holds of a contact; `withdrawn.py` has the events without
contents. The same record and the same contact give the same events, to the byte. Events are plain dictionaries:
building models would take most of the time of a batch. `tests/contract` checks each of them against the models of
`schemas`.
Source: `schemas/decision.md`, "Rows", "Details", "Taking back", "Ids and numbers".
"""

from collections.abc import Iterator

from schemas import klantcontact_registered_v1, taak_created_v1
from schemas.contact_ended_v1 import Betrokkene, CodeSoortObjectId, Onderwerp, PartijIdentificator, Rol, Werkgever
from schemas.outputs import Hergebruik, Identificatie
from schemas.reading.decoding import Received
from schemas.values import value_class
from schemas.vng import SoortPartij
from services.domain.besluit import (
    BesluitRecord,
    OnderwerpBesluit,
    PartijBesluit,
    Uitgegeven,
)
from services.domain.changed import changed, is_restricted
from services.domain.decide import concerns
from services.domain.details import at_betrokkene, at_partij
from services.domain.envelope import Event, Sender, Wire, wire, wired
from services.domain.ids import betrokkene_id, taak_id
from services.domain.partij_verdict import PartijVerdict
from services.domain.sleutels import soort_of
from services.domain.streams import klantcontact_stream, taak_stream
from services.domain.withdrawn import identificator_kinds, withdrawn

__all__ = ["Event", "events_of"]


def events_of(received: Received, besluit: BesluitRecord, source: str, *, only_new: bool) -> Iterator[Event]:
    """Return all events of a decision, those that take back first; `source` is the classifier's own.

    With `only_new` it leaves out the events that a former judgement of the contact gave already.
    """
    actoren = [wire(actor) for actor in received.contact.actoren]
    composer = _Composer(received, besluit, Sender(besluit, source), actoren)
    for intrekking in besluit.intrekkingen:
        if not only_new or besluit.gave(intrekking):
            yield withdrawn(composer.sender, intrekking)
    if besluit.is_change:
        yield from changed(besluit, composer.sender)
        return
    for onderwerp, outcome in zip(received.contact.onderwerpen, besluit.onderwerpen, strict=True):
        if outcome.klantcontact and not (only_new and outcome.sinds):
            uitgegeven = besluit.numbers_of(outcome.onderwerp_id)
            assert uitgegeven is not None, "a registered onderwerp has a number"
            yield composer.registered(onderwerp, outcome, uitgegeven)
            if outcome.interne_taak:
                yield composer.taak_created(onderwerp, outcome, uitgegeven)


@value_class(frozen=True, slots=True)
class _Composer:
    """Puts together the events of one decision."""

    received: Received
    besluit: BesluitRecord
    sender: Sender
    actoren: list[Wire]
    """On the wire; the events of all onderwerpen share them."""

    # The events

    def registered(self, onderwerp: Onderwerp, outcome: OnderwerpBesluit, numbers: Uitgegeven) -> Event:
        contact, besluit = self.received.contact, self.besluit
        concerned = [
            (at, betrokkene)
            for at, betrokkene in enumerate(contact.betrokkenen)
            if betrokkene.rol is not Rol.OVERIG and concerns(onderwerp, betrokkene)
        ]
        partijen = {each.positie: each for each in besluit.partijen}
        klantcontact: Wire = {
            "klantcontactId": numbers.klantcontact_id,
            "nummer": numbers.klantcontact_nummer,
            "kanaal": contact.kanaal,
            "onderwerp": onderwerp.onderwerp,
            "indicatieContactGelukt": contact.tot_stand_gekomen,
            "taal": besluit.taal,
            "vertrouwelijk": contact.vertrouwelijk,
            "plaatsgevondenOp": contact.plaatsgevonden_op,
        }
        if onderwerp.inhoud is not None:
            klantcontact["inhoud"] = onderwerp.inhoud
        data = {
            "klantcontact": klantcontact,
            "actoren": self.actoren,
            "betrokkenen": [self._betrokkene(each, outcome, partijen.get(at)) for at, each in concerned],
            "partijen": [self._partij(each, partijen[at]) for at, each in concerned if at in partijen],
            "onderwerpobjecten": self._onderwerpobjecten(onderwerp),
            "bijlagen": [wire(bijlage) for bijlage in onderwerp.bijlagen],
            **self.sender.why(outcome),
        }
        return self.sender.event(
            klantcontact_stream(vertrouwelijk=contact.vertrouwelijk),
            klantcontact_registered_v1,
            numbers.klantcontact_id,
            numbers.klantcontact_id,
            data,
            since=outcome.sinds,
        )

    def taak_created(self, onderwerp: Onderwerp, outcome: OnderwerpBesluit, numbers: Uitgegeven) -> Event:
        besluit, opvolging = self.besluit, onderwerp.opvolging
        assert opvolging.toegewezen_aan is not None, "an interne taak has an actor"
        subject = taak_id(besluit.source, besluit.contact_id, outcome.onderwerp_id)
        taak: Wire = {
            "taakId": subject,
            "nummer": numbers.taak_nummer,
            "gevraagdeHandeling": opvolging.gevraagde_handeling,
            "status": "te_verwerken",
            "vertrouwelijk": besluit.vertrouwelijk,
            "toegewezenOp": (outcome.sinds or besluit).besloten_op,
            "toegewezenAan": wire(opvolging.toegewezen_aan),
            "aanleidinggevendKlantcontact": {
                "klantcontactId": numbers.klantcontact_id,
                "nummer": numbers.klantcontact_nummer,
            },
            "plaatsgevondenOp": besluit.plaatsgevonden_op,
        }
        if opvolging.toelichting is not None:
            taak["toelichting"] = opvolging.toelichting
        data = {"interneTaak": taak, **self.sender.why(outcome)}
        stream = taak_stream(vertrouwelijk=besluit.vertrouwelijk)
        return self.sender.event(stream, taak_created_v1, subject, numbers.klantcontact_id, data, since=outcome.sinds)

    # Their parts

    def _betrokkene(self, betrokkene: Betrokkene, outcome: OnderwerpBesluit, partij: PartijBesluit | None) -> Wire:
        besluit = self.besluit
        judged = _verdict(partij) if partij else None
        details = at_betrokkene(betrokkene, outcome.regel, interne_taak=outcome.interne_taak, partij=judged)
        kept: Wire = {
            "betrokkeneId": betrokkene_id(besluit.source, besluit.contact_id, outcome.onderwerp_id, betrokkene.ref),
            "rol": betrokkene.rol,
            "initiator": betrokkene.initiator,
            **wired(details),
        }
        if partij is not None:
            kept["wasPartij"] = {"partijId": partij.partij_id, "nummer": partij.nummer}
        return kept

    def _partij(self, betrokkene: Betrokkene, partij: PartijBesluit) -> Wire:
        kinds = {soort_of(sleutel) for sleutel in partij.sleutels}
        brought: Wire = {
            "partijId": partij.partij_id,
            "versie": partij.versie,
            "geleegdBij": partij.geleegd_bij,
            "nummer": partij.nummer,
            "soortPartij": betrokkene.soort_partij,
            "resultaat": partij.resultaat,
            "toestemming": Hergebruik.GEGEVEN if partij.consent else Hergebruik.GEEN,
            "partijIdentificatoren": _linked(betrokkene.partij_identificatoren, kinds),
            "vervallenIdentificatoren": identificator_kinds(partij.vervallen_soorten),
            "identificatie": Identificatie.EXTERN if kinds else Identificatie.ZONDER_EXTERNE_IDENTIFICATOR,
            **wired(at_partij(betrokkene, _verdict(partij))),
        }
        if is_restricted(partij):
            brought["beperking"] = True
        employer = self._employer(betrokkene)
        if betrokkene.soort_partij is SoortPartij.CONTACTPERSOON and employer is not None:
            brought["werkteVoorPartij"] = _employer_wired(employer, named=_verdict(partij).takes_details)
        return brought

    def _employer(self, betrokkene: Betrokkene) -> Werkgever | Betrokkene | None:
        """Return the organisatie that a contactpersoon worked for, unless it took part as `overig`."""
        werkte_voor = betrokkene.werkte_voor
        if not isinstance(werkte_voor, str):
            return werkte_voor
        found = next(each for each in self.received.contact.betrokkenen if each.ref == werkte_voor)
        return None if found.rol is Rol.OVERIG else found

    def _onderwerpobjecten(self, onderwerp: Onderwerp) -> list[Wire]:
        objects: list[Wire] = []
        vervolg, zaak = self.besluit.vervolg, onderwerp.opvolging.zaak
        if vervolg is not None:
            objects.append({"wasKlantcontact": {"klantcontactId": vervolg.klantcontact_id, "nummer": vervolg.nummer}})
        named = [zaak, *onderwerp.onderwerpobjecten] if zaak is not None else onderwerp.onderwerpobjecten
        objects.extend({"onderwerpobjectidentificator": wire(each)} for each in named)
        return objects


def _verdict(partij: PartijBesluit) -> PartijVerdict:
    return PartijVerdict(
        partij.resultaat, partij.consent, is_restricted(partij), partij.verklaring, partij.vult, partij.carries_name
    )


def _linked(identificatoren: tuple[PartijIdentificator, ...], kinds: set[str]) -> list[Wire]:
    """Return the identificatoren that find the partij, and the kvk_nummer that a vestigingsnummer needs beside it."""
    shown = {*kinds, CodeSoortObjectId.KVK_NUMMER} if CodeSoortObjectId.VESTIGINGSNUMMER in kinds else kinds
    return [wire(each) for each in identificatoren if each.code_soort_object_id in shown]


def _employer_wired(employer: Werkgever | Betrokkene, *, named: bool) -> Wire:
    naam = employer.naam if isinstance(employer, Werkgever) else employer.organisatienaam
    wired: Wire = {"partijIdentificatoren": [wire(each) for each in employer.partij_identificatoren]}
    if named and naam is not None:
        wired["organisatienaam"] = naam
    return wired
