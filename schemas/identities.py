"""The identities by which the partij of a betrokkene is found, in the order in which they are tried.

Source: `schemas/decision.md`, "Finding a partij". A contactpersoon has no identificator of its own: VNG B0862 and the
registratievoorbeeld "Product aangevraagd door organisatie".
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from schemas.contact_ended_v1 import Betrokkene, CodeSoortObjectId, PartijIdentificator, Werkgever
from schemas.vng import SoortPartij

FINDING_ORDER = {soort: rank for rank, soort in enumerate(CodeSoortObjectId)}

SEPARATOR = "\x1f"
"""Between the values that are one identity together."""


class Identity(NamedTuple):
    """One way to find a partij: its kind, the normalised value, and where in `partijIdentificatoren` it stands."""

    soort: str
    waarde: str
    positie: int


def identities(betrokkene: Betrokkene, by_ref: Callable[[str], Betrokkene | None]) -> tuple[Identity, ...]:
    """Return the identities of a betrokkene, the strongest first. Without any it can only be a new partij."""
    if betrokkene.soort_partij is not SoortPartij.CONTACTPERSOON:
        return of_identificatoren(betrokkene.partij_identificatoren)
    pseudoniem = betrokkene.authenticatie.pseudoniem if betrokkene.authenticatie else None
    if pseudoniem is None:
        return ()
    return of_contactpersoon(pseudoniem, _of_employer(betrokkene, by_ref))


def of_contactpersoon(pseudoniem: str, employer: Sequence[PartijIdentificator]) -> tuple[Identity, ...]:
    """Return the identities of a contactpersoon: its pseudoniem at each identity of its employer."""
    return tuple(
        Identity(f"pseudoniem+{soort}", pseudoniem + SEPARATOR + waarde, -1)
        for soort, waarde, _ in of_identificatoren(employer)
    )


def _of_employer(betrokkene: Betrokkene, by_ref: Callable[[str], Betrokkene | None]) -> Sequence[PartijIdentificator]:
    werkte_voor = betrokkene.werkte_voor
    if isinstance(werkte_voor, Werkgever):
        return werkte_voor.partij_identificatoren
    employer = by_ref(werkte_voor) if werkte_voor is not None else None
    return employer.partij_identificatoren if employer else ()


def of_identificatoren(identificatoren: Sequence[PartijIdentificator]) -> tuple[Identity, ...]:
    """Return the identities of a persoon or an organisatie, the strongest first."""
    if not identificatoren:
        return ()
    found = {
        identificator.code_soort_object_id: Identity(
            identificator.code_soort_object_id, identificator.object_id, positie
        )
        for positie, identificator in enumerate(identificatoren)
    }
    vestiging = found.get(CodeSoortObjectId.VESTIGINGSNUMMER)
    if vestiging:
        # Beside a vestigingsnummer the other two only name the parent, which is another partij.
        parent = found.get(CodeSoortObjectId.KVK_NUMMER)
        waarde = vestiging.waarde + SEPARATOR + (parent.waarde if parent else "")
        return (vestiging._replace(waarde=waarde),)
    return tuple(found[soort] for soort in sorted(found, key=FINDING_ORDER.__getitem__))
