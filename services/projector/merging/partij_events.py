"""One event's statement about a partij, as a state to join with what is known (`partij.py`)."""

from collections.abc import Iterator
from datetime import datetime

from schemas.klantcontact_registered_v1 import KlantcontactRegistered, Partij
from schemas.outputs import (
    FILLING,
    Besluit,
    Hergebruik,
    Herkomst,
    IdentificatorKinds,
    IntrekkingResultaat,
)
from schemas.partij_withdrawn_v1 import PartijWithdrawn
from services.projector.merging.documents import ProjectedDocument, milliseconds, plain
from services.projector.merging.partij import (
    CONSENT_GIVEN,
    NO_CONSENT,
    BroughtDetails,
    Contact,
    EffectiveConsent,
    Identificator,
    Kern,
    PartijState,
)

NAMES = ("contactnaam", "organisatienaam")
DETAILS = (*NAMES, "bezoekadres", "correspondentieadres")


def partijen_of(fact: KlantcontactRegistered) -> Iterator[tuple[str, PartijState]]:
    """Yield the partijId and state of each partij that a klantcontact lists."""
    moment = milliseconds(fact.klantcontact.plaatsgevonden_op)
    for partij in fact.partijen:
        yield partij.partij_id, _listed(partij, fact, moment)


def _listed(partij: Partij, fact: KlantcontactRegistered, moment: datetime) -> PartijState:
    versie, fields = partij.versie, plain(partij)
    emptied = partij.toestemming is Hergebruik.GEEN
    brought = _brought(fields, moment) if partij.resultaat in FILLING and not emptied else {}
    remembered = bool(brought) or _may_be_preceded(fact.herkomst, fact.besluit)
    return PartijState(
        versie=versie,
        # Without consent nothing may be kept, even if `geleegdBij` did not say so.
        geleegd_bij=max(partij.geleegd_bij, versie) if emptied else partij.geleegd_bij,
        kern=_kern(fields),
        toestemming=EffectiveConsent(versie, fields["toestemming"]),
        identificatoren=_taken_back(versie, partij.vervallen_identificatoren)
        | {each["codeSoortObjectId"]: Identificator(versie, each) for each in fields["partijIdentificatoren"]},
        bijdragen={_contact(fact.herkomst): BroughtDetails(versie, brought)} if remembered else {},
    )


def _kern(fields: ProjectedDocument) -> Kern:
    werkte_voor = fields.get("werkteVoorPartij")
    return Kern(
        versie=fields["versie"],
        nummer=fields["nummer"],
        soort_partij=fields["soortPartij"],
        identificatie=fields["identificatie"],
        werkte_voor=None if werkte_voor is None else tuple(werkte_voor["partijIdentificatoren"]),
    )


def _brought(fields: ProjectedDocument, moment: datetime) -> ProjectedDocument:
    """Return the name and details that this contact brought, with an employer's name: all that depends on consent."""
    details = {name: fields[name] for name in DETAILS if fields.get(name)}
    if fields["digitaleAdressen"]:
        details["digitaleAdressen"] = list(fields["digitaleAdressen"])
    employer = fields.get("werkteVoorPartij", {})
    name_of_employer = {name: employer[name] for name in NAMES if employer.get(name)}
    if name_of_employer:
        details["werkteVoorNaam"] = name_of_employer
    return {"plaatsgevondenOp": moment, **details} if details else {}


def _taken_back(versie: int, kinds: IdentificatorKinds) -> dict[str, Identificator]:
    return {kind: Identificator(versie, None) for kind in kinds}


def withdrawn_from(fact: PartijWithdrawn) -> PartijState:
    """Return the state of a partij to which a contact no longer brings anything."""
    versie = fact.versie
    if fact.resultaat is IntrekkingResultaat.VERVALLEN:
        return PartijState(versie=versie, geleegd_bij=fact.geleegd_bij, vervallen_bij=versie)
    emptied = fact.resultaat is IntrekkingResultaat.LEEG
    return PartijState(
        versie=versie,
        geleegd_bij=max(fact.geleegd_bij, versie) if emptied else fact.geleegd_bij,
        toestemming=EffectiveConsent(versie, NO_CONSENT if emptied else CONSENT_GIVEN),
        identificatoren=_taken_back(versie, fact.vervallen_identificatoren),
        bijdragen={_contact(fact.herkomst): BroughtDetails(versie, {})},
    )


def _contact(herkomst: Herkomst) -> Contact:
    return Contact(herkomst.source, herkomst.contact_id)


def _may_be_preceded(herkomst: Herkomst, besluit: Besluit) -> bool:
    """Whether an earlier decision about this contact, which could still come, may have brought something."""
    return herkomst.revisie > 1 or besluit.besluitversie > 1
