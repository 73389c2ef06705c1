"""What one event says of a partij, as a state to be joined with what is known (`partij.py`)."""

from collections.abc import Iterator
from datetime import datetime

from schemas.klantcontact_registered_v1 import KlantcontactRegistered, Partij, WerkteVoorPartij
from schemas.outputs import Besluit, Hergebruik, Herkomst, IntrekkingResultaat, PartijResultaat
from schemas.partij_withdrawn_v1 import PartijWithdrawn
from services.projector.documents import Document, all_plain, milliseconds, plain
from services.projector.partij import (
    CONSENT_GIVEN,
    NO_CONSENT,
    Bijdrage,
    Contact,
    Identificator,
    Kern,
    PartijState,
    Toestemming,
)

FILLING = frozenset({PartijResultaat.NIEUW, PartijResultaat.AANGEVULD})
"""The outcomes under which a contact brings name and default details; under others none are taken, whatever the event holds."""


def partijen_of(fact: KlantcontactRegistered) -> Iterator[tuple[str, PartijState]]:
    """Give what a klantcontact says of each partij that it lists, by partijId."""
    moment = milliseconds(fact.klantcontact.plaatsgevonden_op)
    for partij in fact.partijen:
        yield partij.partij_id, _listed(partij, fact, moment)


def _listed(partij: Partij, fact: KlantcontactRegistered, moment: datetime) -> PartijState:
    versie = partij.versie
    emptied = partij.toestemming is Hergebruik.GEEN
    brought = _brought(partij, moment) if partij.resultaat in FILLING and not emptied else {}
    identificatoren = {kind.value: Identificator(versie, None) for kind in partij.vervallen_identificatoren}
    for each in partij.partij_identificatoren:
        identificatoren[each.code_soort_object_id.value] = Identificator(versie, plain(each))
    remembered = bool(brought) or _may_be_preceded(fact.herkomst, fact.besluit)
    return PartijState(
        versie=versie,
        # No consent means that nothing may be there, even if `geleegdBij` did not say so.
        geleegd_bij=max(partij.geleegd_bij, versie) if emptied else partij.geleegd_bij,
        kern=_kern(partij),
        toestemming=Toestemming(versie, partij.toestemming.value),
        identificatoren=identificatoren,
        bijdragen={_contact(fact.herkomst): Bijdrage(versie, brought)} if remembered else {},
    )


def _kern(partij: Partij) -> Kern:
    werkte_voor = partij.werkte_voor_partij
    return Kern(
        versie=partij.versie,
        nummer=partij.nummer,
        soort_partij=partij.soort_partij.value,
        identificatie=partij.identificatie.value,
        werkte_voor=None if werkte_voor is None else tuple(all_plain(werkte_voor.partij_identificatoren)),
    )


def _brought(partij: Partij, moment: datetime) -> Document:
    """Give name and details as this contact brought them, the name of an employer among them: all that goes with consent."""
    details = plain_details(partij)
    return {"plaatsgevondenOp": moment, **details} if details else {}


def plain_details(partij: Partij) -> Document:
    """Give what has content of the name and the details."""
    brought: Document = {}
    if partij.contactnaam is not None:
        brought["contactnaam"] = plain(partij.contactnaam)
    brought["organisatienaam"] = partij.organisatienaam
    brought["werkteVoorNaam"] = _name_of(partij.werkte_voor_partij)
    brought["digitaleAdressen"] = all_plain(partij.digitale_adressen)
    if partij.bezoekadres is not None:
        brought["bezoekadres"] = plain(partij.bezoekadres)
    if partij.correspondentieadres is not None:
        brought["correspondentieadres"] = plain(partij.correspondentieadres)
    return {name: value for name, value in brought.items() if value}


def _name_of(werkte_voor: WerkteVoorPartij | None) -> Document | None:
    if werkte_voor is None:
        return None
    return {name: value for name, value in plain(werkte_voor).items() if name != "partijIdentificatoren" and value}


def withdrawn_from(fact: PartijWithdrawn) -> PartijState:
    """Give what it says of a partij that a contact no longer brings anything to it."""
    versie = fact.versie
    if fact.resultaat is IntrekkingResultaat.VERVALLEN:
        return PartijState(versie=versie, geleegd_bij=fact.geleegd_bij, vervallen_bij=versie)
    emptied = fact.resultaat is IntrekkingResultaat.LEEG
    return PartijState(
        versie=versie,
        geleegd_bij=max(fact.geleegd_bij, versie) if emptied else fact.geleegd_bij,
        toestemming=Toestemming(versie, NO_CONSENT if emptied else CONSENT_GIVEN),
        identificatoren={kind.value: Identificator(versie, None) for kind in fact.vervallen_identificatoren},
        bijdragen={_contact(fact.herkomst): Bijdrage(versie, {})},
    )


def _contact(herkomst: Herkomst) -> Contact:
    return Contact(herkomst.source, herkomst.contact_id)


def _may_be_preceded(herkomst: Herkomst, besluit: Besluit) -> bool:
    """Tell whether this contact may have brought something before, which could still come."""
    return herkomst.revisie > 1 or besluit.besluitversie > 1
