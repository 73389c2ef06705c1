"""The document of a partij: what readers see, computed from what each contact brought, beside what merging needs.

A partij that is shown stands in `partijen`. One that is vervallen, or has only withdrawals so far, stands in
`vervallen` with ids and versies alone.
"""

from collections.abc import Iterable, Iterator

from services.projector.merging.documents import Amendment, ProjectedDocument
from services.projector.merging.partij import (
    BroughtDetails,
    Contact,
    EffectiveConsent,
    Identificator,
    Kern,
    PartijState,
)

MAY_BE_ABSENT = (
    "contactnaam",
    "organisatienaam",
    "bezoekadres",
    "correspondentieadres",
    "werkteVoorPartij",
)
MAY_BE_ABSENT_WHEN_GONE = ("toestemming",)

NAMES = ("contactnaam", "organisatienaam")


def document(partij_id: str, state: PartijState) -> ProjectedDocument:
    """Return the document of a partij that is shown."""
    kern, toestemming = state.kern, state.toestemming
    assert kern is not None, "a partij that is shown was listed by an event"
    assert toestemming is not None, "an event that lists a partij states its toestemming"
    return {
        "_id": partij_id,
        "nummer": kern.nummer,
        "soortPartij": kern.soort_partij,
        "identificatie": kern.identificatie,
        "toestemming": toestemming.waarde,
        "partijIdentificatoren": [
            each.document for _, each in sorted(state.identificatoren.items()) if each.document is not None
        ],
        **_shown(kern, state.bijdragen.values()),
        "versie": state.versie,
        "geleegdBij": state.geleegd_bij,
        "vervallenBij": state.vervallen_bij,
        "bijdragen": _stored(state),
        "versies": {
            "kern": kern.versie,
            "toestemming": toestemming.versie,
            "identificatoren": _kinds(state),
        },
    }


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
        "bijdragen": _stored(state),
        "versies": {
            **({"toestemming": toestemming.versie} if toestemming else {}),
            "identificatoren": _kinds(state),
        },
    }


def marker_amendment(new: ProjectedDocument) -> Amendment:
    """Return what changes in the existing marker."""
    return Amendment(
        {name: value for name, value in new.items() if name != "_id"},
        tuple(name for name in MAY_BE_ABSENT_WHEN_GONE if name not in new),
    )


def _stored(state: PartijState) -> list[ProjectedDocument]:
    """Return what each contact brought, the newest decision first."""
    ordered = sorted(state.bijdragen.items(), key=lambda item: (-item[1].versie, item[0]))
    return [
        {
            "source": contact.source,
            "contactId": contact.contact_id,
            "versie": bijdrage.versie,
            **bijdrage.document,
        }
        for contact, bijdrage in ordered
    ]


def _kinds(state: PartijState) -> ProjectedDocument:
    return {kind: each.versie for kind, each in sorted(state.identificatoren.items())}


# Shown ---------------------------------------------------------------------------------------------------------------


def _shown(kern: Kern, bijdragen: Iterable[BroughtDetails]) -> ProjectedDocument:
    brought = [bijdrage for bijdrage in bijdragen if bijdrage.document]
    by_decision = [each.document for each in sorted(brought, key=lambda each: each.versie, reverse=True)]
    by_moment = [
        each.document
        for each in sorted(brought, key=lambda each: (each.document["plaatsgevondenOp"], each.versie), reverse=True)
    ]
    named: ProjectedDocument = next((each for each in by_decision if any(name in each for name in NAMES)), {})
    details = {
        **{name: named.get(name) for name in NAMES},
        "bezoekadres": _newest("bezoekadres", by_moment),
        "correspondentieadres": _newest("correspondentieadres", by_moment),
        "werkteVoorPartij": _employer(kern, by_decision),
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


def _employer(kern: Kern, by_decision: Iterable[ProjectedDocument]) -> ProjectedDocument | None:
    if kern.werkte_voor is None:
        return None
    return {
        **(_newest("werkteVoorNaam", by_decision) or {}),
        "partijIdentificatoren": list(kern.werkte_voor),
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
