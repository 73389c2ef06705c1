"""One event's statement about a partij, as a state to join with what is known (`partij.py`)."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from schemas.outputs import FILLING, IntrekkingResultaat
from services.projector.events import Data
from services.projector.merging.documents import ProjectedDocument, milliseconds
from services.projector.merging.partij import (
    CONSENT_GIVEN,
    NAMES,
    NO_CONSENT,
    BroughtDetails,
    Contact,
    EffectiveConsent,
    Identificator,
    Kern,
    PartijState,
    Restriction,
)
from services.projector.merging.versioned import FIRST, revision_of

DETAILS = (*NAMES, "bezoekadres", "correspondentieadres", "digitaleAdressen")


def partijen_of(data: Data) -> Iterator[tuple[str, PartijState]]:
    """Yield the partijId and state of each partij that a klantcontact lists."""
    moment = milliseconds(data["klantcontact"]["plaatsgevondenOp"])
    for partij in data["partijen"]:
        yield partij["partijId"], _listed(partij, data, moment)


def _listed(partij: Data, data: Data, moment: datetime) -> PartijState:
    versie, toestemming = partij["versie"], partij["toestemming"]
    emptied = toestemming == NO_CONSENT
    brought = _brought(partij, moment) if partij["resultaat"] in FILLING and not emptied else {}
    remembered = bool(brought) or _may_be_preceded(data)
    return PartijState(
        versie=versie,
        # Without consent nothing may be kept, even if `geleegdBij` did not say so.
        geleegd_bij=max(partij["geleegdBij"], versie) if emptied else partij["geleegdBij"],
        kern=_kern(partij),
        toestemming=EffectiveConsent(versie, toestemming),
        identificatoren=_taken_back(versie, partij["vervallenIdentificatoren"])
        | {each["codeSoortObjectId"]: Identificator(versie, each) for each in partij["partijIdentificatoren"]},
        bijdragen={_contact(data): BroughtDetails(versie, brought)} if remembered else {},
        # Absent, it says nothing: `partij.changed` tells when a restriction ends.
        beperking=Restriction(versie, True) if partij.get("beperking") else None,  # noqa: FBT003 - its one value
    )


def _kern(partij: Data) -> Kern:
    werkte_voor = partij.get("werkteVoorPartij")
    return Kern(
        versie=partij["versie"],
        nummer=partij["nummer"],
        soort_partij=partij["soortPartij"],
        identificatie=partij["identificatie"],
        werkte_voor=None if werkte_voor is None else tuple(werkte_voor["partijIdentificatoren"]),
    )


def _brought(partij: Data, moment: datetime) -> ProjectedDocument:
    """Return the name and details that this contact brought, with an employer's name: all that depends on consent."""
    details = {name: partij[name] for name in DETAILS if partij.get(name)}
    employer = partij.get("werkteVoorPartij", {})
    name_of_employer = {name: employer[name] for name in NAMES if employer.get(name)}
    if name_of_employer:
        details["werkteVoorNaam"] = name_of_employer
    return {"plaatsgevondenOp": moment, **details} if details else {}


def _taken_back(versie: int, kinds: Iterable[str]) -> dict[str, Identificator]:
    return {kind: Identificator(versie, None) for kind in kinds}


def withdrawn_from(data: Data) -> PartijState:
    """Return the state of a partij to which a contact no longer brings anything."""
    versie, geleegd_bij = data["versie"], data["geleegdBij"]
    if data["resultaat"] == IntrekkingResultaat.VERVALLEN:
        return PartijState(versie=versie, geleegd_bij=geleegd_bij, vervallen_bij=versie)
    emptied = data["resultaat"] == IntrekkingResultaat.LEEG
    return PartijState(
        versie=versie,
        geleegd_bij=max(geleegd_bij, versie) if emptied else geleegd_bij,
        toestemming=EffectiveConsent(versie, NO_CONSENT if emptied else CONSENT_GIVEN),
        identificatoren=_taken_back(versie, data["vervallenIdentificatoren"]),
        # A change outside a contact never brought anything.
        bijdragen={_contact(data): BroughtDetails(versie, {})} if "contactId" in data["herkomst"] else {},
    )


def changed(data: Data) -> PartijState:
    """Return the state of a partij for which consent or a restriction changed outside a contact."""
    versie, toestemming = data["versie"], data["toestemming"]
    emptied = toestemming == NO_CONSENT
    return PartijState(
        versie=versie,
        geleegd_bij=max(data["geleegdBij"], versie) if emptied else data["geleegdBij"],
        toestemming=EffectiveConsent(versie, toestemming),
        beperking=Restriction(versie, data["beperking"]),
    )


def _contact(data: Data) -> Contact:
    return Contact(data["herkomst"]["source"], data["herkomst"]["contactId"])


def _may_be_preceded(data: Data) -> bool:
    """Whether an earlier decision about this contact, which could still come, may have brought something."""
    return revision_of(data) != FIRST
