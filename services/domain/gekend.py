"""Which betrokkenen are gekend: a sufficient means or a formal representative established who they are in this contact.

Source: VNG B3485, C1199 and C9853 (caller-id and From: never), basisterminologie (formally authorised), B4749
(without a BSN); `schemas/decision.md`, "Gekend".
"""

from collections.abc import Mapping, Sequence

from schemas.contact_ended_v1 import Betrokkene, ContactEnded, Rol
from schemas.identities import Identity
from services.domain.policy import Beleid, ZonderIdentificator


def gekend(contact: ContactEnded, identities: Sequence[Sequence[Identity]], beleid: Beleid) -> Mapping[int, str]:
    """Return the positions of the gekende betrokkenen in order, each with the means that made it so."""
    represented: dict[str, str] = {}
    by_own_means: dict[int, str] = {}
    for position, betrokkene in enumerate(contact.betrokkenen):
        middel = _sufficient_means(betrokkene, contact.kanaal, beleid)
        if middel is None:
            continue
        # One step only: a represented betrokkene makes nobody else gekend.
        represented.update(dict.fromkeys(betrokkene.vertegenwoordigt, middel))
        if identities[position] or beleid.zonder_externe_identificator is ZonderIdentificator.EIGEN_PARTIJ:
            by_own_means[position] = middel
    if not represented:
        return by_own_means
    return {
        position: by_own_means.get(position) or represented[betrokkene.ref]
        for position, betrokkene in enumerate(contact.betrokkenen)
        if position in by_own_means or _is_made_gekend(betrokkene, represented)
    }


def _sufficient_means(betrokkene: Betrokkene, kanaal: str, beleid: Beleid) -> str | None:
    authenticatie = betrokkene.authenticatie
    if authenticatie is None or betrokkene.rol is Rol.OVERIG:
        return None
    return authenticatie.middel if beleid.suffices(authenticatie.middel, kanaal) else None


def _is_made_gekend(betrokkene: Betrokkene, represented: Mapping[str, str]) -> bool:
    return (
        betrokkene.ref in represented and betrokkene.rol is not Rol.OVERIG and bool(betrokkene.partij_identificatoren)
    )
