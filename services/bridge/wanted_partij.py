"""The parts that Open Klant should have of a partij.

A partij that somebody else made there gets at most our addresses. One whose processing is restricted shows no name and
no address there, as long as that is so: our register keeps them, and nobody uses them (AVG 18).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from schemas.contact_ended_v1 import CodeSoortObjectId
from services.bridge.parts import PARTIJ, Signer, WantedPart, key_of, made_part
from services.bridge.resources import Body, Resource
from services.bridge.wanted import ShownDocument, adres_part

FINDING_ORDER: Final = tuple(CodeSoortObjectId)
VESTIGING: Final = CodeSoortObjectId.VESTIGINGSNUMMER
KVK: Final = CodeSoortObjectId.KVK_NUMMER


def partij_parts(
    document: ShownDocument, signer: Signer, *, made_by_us: bool, add: bool, links: Mapping[str, str]
) -> tuple[WantedPart, ...]:
    """Return the parts of a partij. `add`: whether one that others made gets our addresses.

    `links` has the uuids of the KVK identificator of a vestiging (`KVK`), and of the employer of a contactpersoon
    (`PARTIJ`), where there is one.
    """
    shown = {} if document.get("beperking") else document
    addresses = list(_adressen(shown, document["nummer"], signer)) if made_by_us or add else []
    if not made_by_us:
        return tuple(addresses)
    root = made_part(
        signer,
        Resource.PARTIJEN,
        {
            "soortPartij": document["soortPartij"],
            "partijIdentificatie": _naam(document["soortPartij"], shown, links.get(PARTIJ)),
            "bezoekadres": shown.get("bezoekadres"),
            "correspondentieadres": shown.get("correspondentieadres"),
        },
        key=PARTIJ,
        at_creation={"nummer": document["nummer"]},
    )
    return (root, *_identificatoren(document["partijIdentificatoren"], signer, links.get(KVK)), *addresses)


def emptied_part(soort: str, signer: Signer) -> WantedPart:
    """Return what is left of a partij that is gone here and stays there, since something of others hangs on it."""
    return made_part(signer, Resource.PARTIJEN, {"soortPartij": soort}, key=PARTIJ)


def _naam(soort: str, shown: ShownDocument, employer: str | None) -> Body:
    if soort == "organisatie":
        return {"naam": shown.get("organisatienaam")}
    name: dict[str, Any] = {"contactnaam": shown.get("contactnaam")}
    return {**name, "werkteVoorPartij": {"uuid": employer}} if employer is not None else name


def _identificatoren(given: Sequence[ShownDocument], signer: Signer, kvk: str | None) -> Iterator[WantedPart]:
    for each in own_identificatoren(given):
        soort = each["codeSoortObjectId"]
        fields = {"partijIdentificator": each, "subIdentificatorVan": {"uuid": kvk} if soort == VESTIGING else None}
        key = key_of(Resource.PARTIJ_IDENTIFICATOREN, soort)
        yield made_part(signer, Resource.PARTIJ_IDENTIFICATOREN, fields, key=key, parent=PARTIJ)


def own_identificatoren(given: Sequence[ShownDocument]) -> Sequence[ShownDocument]:
    """Return the identificatoren of a partij itself, the strongest first.

    Beside a vestigingsnummer the others name the company, which is another partij.
    """
    by_kind = {each["codeSoortObjectId"]: each for each in given}
    if VESTIGING in by_kind:
        return [by_kind[VESTIGING]] if KVK in by_kind else []
    return [by_kind[kind] for kind in FINDING_ORDER if kind in by_kind]


def company_of(given: Sequence[ShownDocument]) -> ShownDocument | None:
    """Return the KVK identificator under which a vestiging stands; None for another partij."""
    by_kind = {each["codeSoortObjectId"]: each for each in given}
    return by_kind.get(KVK) if VESTIGING in by_kind else None


def _adressen(shown: ShownDocument, nummer: str, signer: Signer) -> Iterator[WantedPart]:
    for each in shown.get("digitaleAdressen", ()):
        # Unique for one partij and soort, and the same however often the addresses change.
        yield adres_part(each, signer, parent=PARTIJ, referentie=f"kc-{nummer}-{signer.merk(each['adres'])[:8]}")
