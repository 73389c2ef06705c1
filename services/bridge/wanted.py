"""The parts that Open Klant should have of a klantcontact: what the projector shows, in the form of the calls.

It is pure. `Links` has the uuids of rows that others of our parts point at: partijen, actoren, earlier klantcontacten.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any, Final

from schemas.values import value_class
from services.bridge.parts import KLANTCONTACT, Signer, WantedPart, key_of, made_part
from services.bridge.resources import Body, Resource, canonical
from services.domain.openklant_beleid import Codes, OpenKlantBeleid

ShownDocument = Mapping[str, Any]

HERKOMST: Final = "klantcontact"
"""In the metadata of a klantcontact: who wrote it."""

MAX_METADATA: Final = 255
"""Of one value. A contactId may have one character more."""

TAAK_OF_OTHERS: Final = frozenset({"status", "afgehandeldOp"})
"""Fields of a taak that those who do it write."""

OBJECTTYPE: Final[Mapping[str, str]] = {
    "medewerker": "mdw",
    "organisatorische_eenheid": "afd",
    "geautomatiseerde_actor": "aut",
}
"""The codeObjecttype of an actor that our events give no identificator."""

_NUMBER: Final = re.compile(r"(0[1-9][0-9]{8}|\+[0-9]{9,15}|00[0-9]{7,13})")
_NO_NUMBER: Final = ("0800", "0900", "140")
_BETWEEN_DIGITS: Final = re.compile(r"\(0\)|[\s()-]")


@value_class(frozen=True, slots=True)
class Links:
    """The uuids in Open Klant of rows that a klantcontact points at. One that is absent there is not linked."""

    partijen: Mapping[str, str] = field(default_factory=dict)
    """By partijId."""
    actoren: Mapping[str, str] = field(default_factory=dict)
    """By `actor_key`."""
    klantcontacten: Mapping[str, str] = field(default_factory=dict)
    """By klantcontactId."""


@value_class(frozen=True, slots=True)
class WantedParts:
    """The parts that Open Klant should have of a klantcontact or partij; none where it should have nothing."""

    parts: tuple[WantedPart, ...] = ()
    """Each behind the part on which it hangs, and the root first."""
    undecided: frozenset[str] = frozenset()
    """Keys of rows that stay as they are: the projector shows neither the document nor that it is gone."""

    @property
    def by_key(self) -> Mapping[str, WantedPart]:
        """The parts by key."""
        return {each.key: each for each in self.parts}


NOTHING_WANTED: Final = WantedParts()


def klantcontact_parts(
    document: ShownDocument, taken: Iterable[ShownDocument], links: Links, policy: OpenKlantBeleid, signer: Signer
) -> tuple[WantedPart, ...]:
    """Return the parts of a klantcontact with its interne taken. Equal ones are one."""
    parts = [_klantcontact(document, signer)]
    for betrokkene in document["betrokkenen"]:
        parts += _betrokkene(betrokkene, document["klantcontact"]["nummer"], links, signer)
    for each in document["onderwerpobjecten"]:
        if fields := _onderwerpobject(each, links, policy):
            parts.append(made_part(signer, Resource.ONDERWERPOBJECTEN, fields, parent=KLANTCONTACT))
    for each in document["bijlagen"]:
        parts.append(made_part(signer, Resource.BIJLAGEN, {"bijlageidentificator": each}, parent=KLANTCONTACT))
    for each in document["actoren"]:
        actor = {"actor": {"uuid": links.actoren[actor_name(each)]}}
        parts.append(made_part(signer, Resource.ACTORKLANTCONTACTEN, actor, parent=KLANTCONTACT))
    parts += [_taak(taak["interneTaak"], links, signer) for taak in taken]
    return tuple({each.key: each for each in parts}.values())


def _klantcontact(document: ShownDocument, signer: Signer) -> WantedPart:
    klantcontact = document["klantcontact"]
    return made_part(
        signer,
        Resource.KLANTCONTACTEN,
        {**klantcontact, "metadata": _metadata(document)},
        key=KLANTCONTACT,
        at_creation=_numbers(klantcontact["nummer"]),
    )


def _metadata(document: ShownDocument) -> Body:
    """Return why it is registered: nothing else in Open Klant says it."""
    herkomst, besluit = document["herkomst"], document["besluit"]
    return {
        "herkomst": HERKOMST,
        "klantcontactId": document["klantcontact"]["klantcontactId"],
        "contactId": herkomst["contactId"][:MAX_METADATA],
        "revisie": str(herkomst["revisie"]),
        "besluitversie": str(besluit["besluitversie"]),
        "regel": besluit["regel"],
        "beleidsversie": besluit["beleidsversie"][:MAX_METADATA],
    }


def _numbers(nummer: str) -> Body:
    """Return both numbers: KISS and ITA read the one that is deprecated, and a repeat is found by the other."""
    return {"nummer": nummer, "referentienummer": nummer}


def _betrokkene(betrokkene: ShownDocument, nummer: str, links: Links, signer: Signer) -> Iterator[WantedPart]:
    partij = links.partijen.get(betrokkene.get("wasPartij", {}).get("partijId", ""))
    fields = {**betrokkene, "wasPartij": {"uuid": partij} if partij is not None else None}
    key = key_of(Resource.BETROKKENEN, betrokkene["betrokkeneId"])
    yield made_part(signer, Resource.BETROKKENEN, fields, key=key, parent=KLANTCONTACT)
    for each in betrokkene["digitaleAdressen"]:
        yield adres_part(each, signer, parent=key, referentie=f"kc-{nummer}")


def _onderwerpobject(given: ShownDocument, links: Links, policy: OpenKlantBeleid) -> Body | None:
    """Return an onderwerpobject; None for an earlier klantcontact that is not in Open Klant.

    ITA finds what follows a klantcontact by the identificator, and Open Klant itself by `wasKlantcontact`.
    """
    if (identificator := given.get("onderwerpobjectidentificator")) is not None:
        return {"onderwerpobjectidentificator": _translated(identificator, policy.objecttype)}
    earlier = links.klantcontacten.get(given["wasKlantcontact"]["klantcontactId"])
    if earlier is None:
        return None
    identificator = {
        "objectId": earlier,
        "codeObjecttype": "klantcontact",
        "codeRegister": "openklant",
        "codeSoortObjectId": "uuid",
    }
    return {"wasKlantcontact": {"uuid": earlier}, "onderwerpobjectidentificator": identificator}


def _taak(taak: ShownDocument, links: Links, signer: Signer) -> WantedPart:
    return made_part(
        signer,
        Resource.INTERNE_TAKEN,
        taak,
        key=key_of(Resource.INTERNE_TAKEN, taak["taakId"]),
        parent=KLANTCONTACT,
        at_creation=_numbers(taak["nummer"]),
        toegewezen=(links.actoren[actor_name(taak["toegewezenAan"])],),
    )


def followed_by(document: ShownDocument | None) -> list[str]:
    """Return the ids of the earlier klantcontacten that a klantcontact follows."""
    objecten = document["onderwerpobjecten"] if document is not None else ()
    return sorted({each["wasKlantcontact"]["klantcontactId"] for each in objecten if "wasKlantcontact" in each})


def said_of(document: ShownDocument, taken: Iterable[ShownDocument]) -> list[Any]:
    """Return what a klantcontact and its taken say, without what others write into a taak."""
    return [document, *({**each, "interneTaak": _without(each["interneTaak"], TAAK_OF_OTHERS)} for each in taken)]


def _without(document: ShownDocument, names: frozenset[str]) -> Body:
    return {name: value for name, value in document.items() if name not in names}


# Actoren and codes ---------------------------------------------------------------------------------------------------


def actoren_of(document: ShownDocument, taken: Iterable[ShownDocument]) -> Mapping[str, ShownDocument]:
    """Return the actoren of a klantcontact and its taken by name, as our events describe them."""
    actoren = [*document["actoren"], *(taak["interneTaak"]["toegewezenAan"] for taak in taken)]
    return {actor_name(each): each for each in actoren}


def actor_name(actor: ShownDocument) -> str:
    """Return what tells one actor from another: its identificator where it has one, else its kind and name."""
    identificator = actor.get("actoridentificator") or {"soortActor": actor["soortActor"], "naam": actor["naam"]}
    return "/".join(f"{name}={value}" for name, value in sorted(identificator.items()))


def actor_body(actor: ShownDocument, policy: OpenKlantBeleid) -> Body:
    """Return an actor as Open Klant keeps it: with an identificator in any case, since it is found by nothing else."""
    identificator = actor.get("actoridentificator")
    if identificator is None:
        identificator = {
            "codeRegister": HERKOMST,
            "codeObjecttype": OBJECTTYPE[actor["soortActor"]],
            "codeSoortObjectId": "naam",
            "objectId": actor["naam"],
        }
    translated = _translated(identificator, policy.actor)
    return canonical(Resource.ACTOREN, {**actor, "actoridentificator": translated})


def _translated(identificator: ShownDocument, codes: Mapping[str, Codes]) -> Body:
    given = codes.get(identificator["codeObjecttype"], Codes())
    named = {
        "codeRegister": given.code_register,
        "codeObjecttype": given.code_objecttype,
        "codeSoortObjectId": given.code_soort_object_id,
    }
    return {**identificator, **{name: code for name, code in named.items() if code is not None}}


# Addresses -----------------------------------------------------------------------------------------------------------


def adres_part(adres: ShownDocument, signer: Signer, *, parent: str, referentie: str) -> WantedPart:
    """Return a digital address. A telephone number that Open Klant refuses goes out as `overig`."""
    fields = {**adres, **_dialled(adres)}
    return made_part(signer, Resource.DIGITALE_ADRESSEN, fields, parent=parent, at_creation={"referentie": referentie})


def _dialled(adres: ShownDocument) -> Body:
    if adres["soortDigitaalAdres"] != "telefoonnummer":
        return {}
    number = _BETWEEN_DIGITS.sub("", adres["adres"])
    if _NUMBER.fullmatch(number) and not number.startswith(_NO_NUMBER):
        return {"adres": number}
    return {"soortDigitaalAdres": "overig"}
