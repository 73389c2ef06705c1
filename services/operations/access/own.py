"""What of a document or an event is about the klant. Each field that is shown is named here, and no other is.

- Of another betrokkene only the rol is shown: name, address, ids and numbers are that person's own (AVG art. 15(4)).
- Of an actor that is an employee only the kind is shown. Who handled a contact is no data about the klant, and an
  employee has a right of his own to be left out (CJEU C-579/21). A unit or a machine is nobody: its name is shown.
- A text that was written in a contact with others, or in a confidential one, may speak of them: a person weighs it.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from services.operations.places.events import objects_in
from services.operations.places.traces import Traces

AnswerPart = dict[str, Any]
Given = Mapping[str, Any]

BLACKED_OUT: Final = "zwartgemaakt"
"""The field that stands where others were left out."""

_DETAILS: Final = (
    "contactnaam",
    "organisatienaam",
    "digitaleAdressen",
    "bezoekadres",
    "correspondentieadres",
)
_OF_KLANTCONTACT: Final = (
    "klantcontactId",
    "nummer",
    "kanaal",
    "onderwerp",
    "inhoud",
    "indicatieContactGelukt",
    "taal",
    "vertrouwelijk",
    "plaatsgevondenOp",
)
_OF_PARTIJ: Final = ("nummer", "soortPartij", "toestemming", "partijIdentificatoren", "werkteVoorPartij", *_DETAILS)
_OF_TAAK: Final = (
    "taakId",
    "nummer",
    "gevraagdeHandeling",
    "toelichting",
    "status",
    "toegewezenOp",
    "plaatsgevondenOp",
)
_OF_HERKOMST: Final = ("source", "contactId", "revisie", "onderwerpId")
_OF_BESLUIT: Final = ("regel", "toelichting", "beleidsversie", "besluitversie")
_SENT_BY_KLANT: Final = (
    "rol",
    "soortPartij",
    "initiator",
    "toestemmingHergebruik",
    "authenticatie",
    "partijIdentificatoren",
    *_DETAILS,
)


class ToWeigh(StrEnum):
    """Why a person has to look at something before the klant gets it."""

    VERTROUWELIJK = "vertrouwelijk"
    """The contact is confidential."""
    ANDEREN = "anderen"
    """Others took part, and a text may speak of them."""
    ONDUIDELIJK = "onduidelijk"
    """Which of the betrokkenen is the klant can't be seen, or what was sent can't be read."""


def fields(given: Given, names: Iterable[str]) -> AnswerPart:
    """Return some fields, as far as they are there."""
    return {name: given[name] for name in names if name in given}


def klantcontact(document: Given, traces: Traces) -> AnswerPart:
    """Return a stored klantcontact."""
    betrokkenen = document["betrokkenen"]
    own = own_positions(betrokkenen, traces)
    return {
        **fields(document["klantcontact"], _OF_KLANTCONTACT),
        "betrokkenen": [_betrokkene(each, is_own=at in own) for at, each in enumerate(betrokkenen)],
        "actoren": [actor(each) for each in document["actoren"]],
        "onderwerpobjecten": [_onderwerpobject(each, traces) for each in document["onderwerpobjecten"]],
        "bijlagen": list(document["bijlagen"]),
        "besluit": fields(document["besluit"], _OF_BESLUIT),
        "herkomst": fields(document["herkomst"], _OF_HERKOMST),
    }


def reasons_to_weigh(document: Given, traces: Traces) -> list[ToWeigh]:
    """Return why a person has to weigh a stored klantcontact first."""
    betrokkenen = document["betrokkenen"]
    return [
        *([ToWeigh.VERTROUWELIJK] if document["klantcontact"]["vertrouwelijk"] else []),
        *([ToWeigh.ANDEREN] if len(betrokkenen) > 1 else []),
        *([ToWeigh.ONDUIDELIJK] if betrokkenen and not own_positions(betrokkenen, traces) else []),
    ]


def own_positions(betrokkenen: Sequence[Given], traces: Traces) -> set[int]:
    """Return the positions of the klant among stored betrokkenen.

    One without a partij is the klant only where it is the only one: the contact itself led here.
    """
    linked = {
        at for at, each in enumerate(betrokkenen) if (each.get("wasPartij") or {}).get("partijId") in traces.partij_ids
    }
    alone = len(betrokkenen) == 1 and "wasPartij" not in betrokkenen[0]
    return linked or ({0} if alone else set())


def _betrokkene(given: Given, *, is_own: bool) -> AnswerPart:
    if not is_own:
        return {"rol": given["rol"], BLACKED_OUT: True}
    return {**fields(given, ("betrokkeneId", "rol", "initiator", "wasPartij", *_DETAILS)), "uzelf": True}


def actor(given: Given) -> AnswerPart:
    """Return an actor: an employee without a name."""
    if given.get("soortActor") == "medewerker":
        return {"soortActor": "medewerker", BLACKED_OUT: True}
    return fields(given, ("soortActor", "naam"))


def _onderwerpobject(given: Given, traces: Traces) -> AnswerPart:
    earlier = given.get("wasKlantcontact")
    if earlier is None:
        return fields(given, ("onderwerpobjectidentificator",))
    if earlier["klantcontactId"] not in traces.things:
        return {BLACKED_OUT: True}
    return {"wasKlantcontact": earlier}


def taak(document: Given) -> AnswerPart:
    """Return a stored interne taak."""
    given = document["interneTaak"]
    behind = given["aanleidinggevendKlantcontact"]["klantcontactId"]
    return {
        **fields(given, _OF_TAAK),
        "toegewezenAan": actor(given["toegewezenAan"]),
        "klantcontactId": behind,
        "besluit": fields(document["besluit"], _OF_BESLUIT),
    }


def partij(document: Given) -> AnswerPart:
    """Return the stored partij of the klant."""
    return {"partijId": document["_id"], **fields(document, _OF_PARTIJ), **fields(document, ("beperking",))}


def sent(data: Given, own: Sequence[int]) -> AnswerPart:
    """Return what a publisher sent about the klant; `own`: its positions among the betrokkenen."""
    betrokkenen = objects_in(data, "betrokkenen")
    return {
        **fields(data, ("contactId", "revisie", "kanaal", "plaatsgevondenOp")),
        "betrokkenen": [
            fields(each, _SENT_BY_KLANT) if at in own else {"rol": each.get("rol"), BLACKED_OUT: True}
            for at, each in enumerate(betrokkenen)
        ],
        "onderwerpen": [
            fields(each, ("onderwerpId", "onderwerp", "inhoud"))
            for each in objects_in(data, "onderwerpen")
            if _concerns(each, [betrokkenen[at].get("ref") for at in own])
        ],
    }


def _concerns(onderwerp: Given, refs: Sequence[object]) -> bool:
    named = onderwerp.get("betrokkenen")
    return not isinstance(named, list) or any(each in named for each in refs)
