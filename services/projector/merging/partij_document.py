"""The document of a partij: what readers see, computed from what each contact brought, beside what merging needs.

A partij that is shown stands in `partijen`. One that is vervallen, or has only withdrawals so far, stands in
`vervallen` with ids and versies alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from services.projector.merging.documents import Amendment, ProjectedDocument, difference
from services.projector.merging.partij import (
    NAMES,
    BroughtDetails,
    Contact,
    EffectiveConsent,
    Identificator,
    Kern,
    PartijState,
    Restriction,
)

MAY_BE_ABSENT = (*NAMES, "bezoekadres", "correspondentieadres", "werkteVoorPartij")
MAY_BE_ABSENT_WHEN_GONE = ("toestemming", "beperking")


def document(partij_id: str, state: PartijState) -> ProjectedDocument:
    """Return the document of a partij that is shown."""
    return {"_id": partij_id, **_said(state), **_brought(state)}


def amendment(was: PartijState, now: PartijState) -> Amendment:
    """Return what changes in the existing document of a partij that was shown and is shown: fields that differ."""
    said = difference(_said(now), _said(was))
    if now.bijdragen == was.bijdragen and _employer_of(now) == _employer_of(was):
        return said
    brought = difference(_brought(now), _brought(was))
    return Amendment(said.set | brought.set, said.unset + brought.unset)


def _said(state: PartijState) -> ProjectedDocument:
    """Return what the decisions say of the partij itself."""
    kern, toestemming = state.kern, state.toestemming
    assert kern is not None, "a partij that is shown was listed by an event"
    assert toestemming is not None, "an event that lists a partij states its toestemming"
    return {
        "nummer": kern.nummer,
        "soortPartij": kern.soort_partij,
        "identificatie": kern.identificatie,
        "toestemming": toestemming.waarde,
        **_restricted(state),
        "partijIdentificatoren": [
            each.document for _, each in sorted(state.identificatoren.items()) if each.document is not None
        ],
        "versie": state.versie,
        "geleegdBij": state.geleegd_bij,
        "vervallenBij": state.vervallen_bij,
        "versies": {
            "kern": kern.versie,
            "toestemming": toestemming.versie,
            **_restriction_since(state),
            "identificatoren": _kinds(state),
        },
    }


def _restricted(state: PartijState) -> ProjectedDocument:
    """Return the field that says that processing is restricted. It is there only while that is so."""
    return {"beperking": True} if state.beperking is not None and state.beperking.beperkt else {}


def _restriction_since(state: PartijState) -> ProjectedDocument:
    return {"beperking": state.beperking.versie} if state.beperking is not None else {}


def _brought(state: PartijState) -> ProjectedDocument:
    """Return what contacts brought to the partij, each by itself, and together as people see it."""
    ordered = _newest_first(state)
    return {
        **_shown(_employer_of(state), [each for _, each in ordered if each.document]),
        "bijdragen": _stored(ordered),
    }


def _employer_of(state: PartijState) -> tuple[ProjectedDocument, ...] | None:
    return state.kern.werkte_voor if state.kern else None


def _newest_first(state: PartijState) -> list[tuple[Contact, BroughtDetails]]:
    return sorted(state.bijdragen.items(), key=lambda item: (-item[1].versie, item[0]))


def marker(partij_id: str, state: PartijState) -> ProjectedDocument:
    """Return what must be remembered of a partij that is not shown."""
    assert not any(each.document for each in state.bijdragen.values()), "what is gone has no contents"
    toestemming = state.toestemming
    return {
        "_id": partij_id,
        "versie": state.versie,
        "geleegdBij": state.geleegd_bij,
        "vervallenBij": state.vervallen_bij,
        **({"toestemming": toestemming.waarde} if toestemming else {}),
        **_restricted(state),
        "bijdragen": _stored(_newest_first(state)),
        "versies": {
            **({"toestemming": toestemming.versie} if toestemming else {}),
            **_restriction_since(state),
            "identificatoren": _kinds(state),
        },
    }


def marker_amendment(new: ProjectedDocument) -> Amendment:
    """Return what changes in the existing marker."""
    return Amendment(
        {name: value for name, value in new.items() if name != "_id"},
        tuple(name for name in MAY_BE_ABSENT_WHEN_GONE if name not in new),
    )


def _stored(brought: Iterable[tuple[Contact, BroughtDetails]]) -> list[ProjectedDocument]:
    return [
        {
            "source": contact.source,
            "contactId": contact.contact_id,
            "versie": bijdrage.versie,
            **bijdrage.document,
        }
        for contact, bijdrage in brought
    ]


def _kinds(state: PartijState) -> ProjectedDocument:
    return {kind: each.versie for kind, each in sorted(state.identificatoren.items())}


# Shown ---------------------------------------------------------------------------------------------------------------


def _shown(
    werkte_voor: Iterable[ProjectedDocument] | None, newest_first: Sequence[BroughtDetails]
) -> ProjectedDocument:
    by_decision = [each.document for each in newest_first]
    # Of two at one moment the newer decision stays first.
    by_moment = sorted(by_decision, key=itemgetter("plaatsgevondenOp"), reverse=True)
    named: ProjectedDocument = next((each for each in by_decision if any(name in each for name in NAMES)), {})
    details = {
        **{name: named.get(name) for name in NAMES},
        "bezoekadres": _newest("bezoekadres", by_moment),
        "correspondentieadres": _newest("correspondentieadres", by_moment),
        "werkteVoorPartij": _employer(werkte_voor, by_decision),
    }
    return {
        "digitaleAdressen": list(_each_once(by_moment)),
        **{name: detail for name, detail in details.items() if detail is not None},
    }


def _newest(name: str, brought: Iterable[ProjectedDocument]) -> ProjectedDocument | None:
    return next((each[name] for each in brought if name in each), None)


def _each_once(brought: Iterable[ProjectedDocument]) -> Iterator[ProjectedDocument]:
    """Yield each soort and adres once, as the newest contact gave it."""
    seen: set[tuple[str, str]] = set()
    for each in brought:
        for adres in each.get("digitaleAdressen", ()):
            key = adres["soortDigitaalAdres"], adres["adres"]
            if key not in seen:
                seen.add(key)
                yield adres


def _employer(
    werkte_voor: Iterable[ProjectedDocument] | None, by_decision: Iterable[ProjectedDocument]
) -> ProjectedDocument | None:
    if werkte_voor is None:
        return None
    return {
        **(_newest("werkteVoorNaam", by_decision) or {}),
        "partijIdentificatoren": list(werkte_voor),
    }


# Read back -----------------------------------------------------------------------------------------------------------


def state_of(stored: ProjectedDocument) -> PartijState:
    """Return the state that either form holds."""
    versies = stored["versies"]
    identificatoren = {each["codeSoortObjectId"]: each for each in stored.get("partijIdentificatoren", ())}
    return PartijState(
        versie=stored["versie"],
        geleegd_bij=stored["geleegdBij"],
        vervallen_bij=stored["vervallenBij"],
        kern=_kern_of(stored),
        toestemming=(
            EffectiveConsent(versies["toestemming"], stored["toestemming"]) if "toestemming" in stored else None
        ),
        beperking=Restriction(versies["beperking"], "beperking" in stored) if "beperking" in versies else None,
        identificatoren={
            kind: Identificator(versie, identificatoren.get(kind))
            for kind, versie in versies["identificatoren"].items()
        },
        bijdragen=dict(map(_bijdrage_of, stored["bijdragen"])),
    )


def _kern_of(stored: ProjectedDocument) -> Kern | None:
    if "soortPartij" not in stored:
        return None
    employer = stored.get("werkteVoorPartij")
    return Kern(
        versie=stored["versies"]["kern"],
        nummer=stored["nummer"],
        soort_partij=stored["soortPartij"],
        identificatie=stored["identificatie"],
        werkte_voor=None if employer is None else tuple(employer["partijIdentificatoren"]),
    )


def _bijdrage_of(stored: ProjectedDocument) -> tuple[Contact, BroughtDetails]:
    brought = {name: value for name, value in stored.items() if name not in {"source", "contactId", "versie"}}
    return Contact(stored["source"], stored["contactId"]), BroughtDetails(stored["versie"], brought)
