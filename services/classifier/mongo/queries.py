"""The queries of a batch: what it needs of the register before it can be judged."""

from collections.abc import Callable, Iterable, Sequence

from schemas.contact_ended_v1 import SoortOpvolging
from services.domain.case import Case
from services.domain.numbers import NumberKind
from services.domain.register import Register
from services.runtime.mongo.client import Document


def most_numbers(batch: Sequence[Case], register: Register) -> dict[NumberKind, int]:
    """Return the most numbers that a batch can need. What repeats a decision of before, is older, or is refused since
    its source may not publish it, needs none.
    """
    # A new judgement can be made twice: by old facts, and then by those of today.
    judged = [each for case in batch for each in ([case, case] if case.herbeoordeling else [case])]
    judged = [each for each in judged if each.herbeoordeling or _may_be_new(each, register)]
    onderwerpen = [onderwerp for case in judged for onderwerp in case.received.contact.onderwerpen]
    return {
        NumberKind.KLANTCONTACT: len(onderwerpen),
        NumberKind.INTERNE_TAAK: sum(each.opvolging.soort is SoortOpvolging.INTERNE_TAAK for each in onderwerpen),
        NumberKind.PARTIJ: sum(len(case.gekend) for case in judged),
    }


def _may_be_new(case: Case, register: Register) -> bool:
    in_force = register.besluiten.get(case.key)
    is_newer = in_force is None or in_force.revisie < case.received.contact.revisie
    return is_newer and not case.not_allowed


def asked_besluiten(batch: Sequence[Case]) -> Document:
    """Return the query for the decision records of these contacts, and of those that they follow up."""
    keys = {case.key for case in batch}
    keys.update(key for case in batch if (key := case.vervolg_key()) is not None)
    by_key: Document = {"_id": {"$in": sorted(keys)}}
    klantcontacten = {
        asked.klantcontact_id.lower()
        for case in batch
        if (asked := case.received.contact.vervolg_op) is not None and asked.klantcontact_id is not None
    }
    if not klantcontacten:
        return by_key
    return {"$or": [by_key, {"uitgegeven.klantcontactId": {"$in": sorted(klantcontacten)}}]}


def asked_partijen(
    batch: Sequence[Case], register: Register, *, as_stored: Callable[[Iterable[str]], Iterable[str]]
) -> Document | None:
    """Return the query for the partijen that a batch can find or touched before. None: there are none to ask for.

    `as_stored` gives the forms in which sleutels may be stored.
    """
    sleutels = sorted(as_stored({sleutel for case in batch for of_one in case.sleutels for sleutel in of_one}))
    ids = {partij_id for case in batch for partij_id in case.own_partij_ids()}
    in_force = [register.besluiten[case.key] for case in batch if case.key in register.besluiten]
    ids.update(touched.partij_id for besluit in in_force for touched in besluit.partijen)
    branches: list[Document] = []
    if sleutels:
        branches += [{"sleutels": {"$in": sleutels}}, {"gereserveerd": {"$in": sleutels}}]
    if ids:
        branches.append({"_id": {"$in": sorted(ids)}})
    return {"$or": branches} if branches else None


def revised(batch: Sequence[Case], register: Register) -> list[Case]:
    """Return the cases that may replace an earlier decision, of this batch or of before.

    One that its source may not publish replaces none, so that it does not cost what a correction does.
    """
    lowest: dict[str, int] = {}
    for case in batch:
        revisie = case.received.contact.revisie
        in_force = register.besluiten.get(case.key)
        known = lowest.get(case.key, revisie if in_force is None else in_force.revisie)
        lowest[case.key] = min(known, revisie)
    return [
        case
        for case in batch
        if case.herbeoordeling is not None
        or (not case.not_allowed and lowest[case.key] < case.received.contact.revisie)
    ]
