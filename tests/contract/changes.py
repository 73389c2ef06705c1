"""A whole valid event in which everything is there, and how a test departs from it."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from schemas.faults import Refusal
from schemas.reading.decoding import Received, decode
from tests.support.examples import (
    AFDELING,
    ALICE,
    CALL_BACK,
    KCC,
    NEW_ZAAK,
    ZAAK,
    Wire,
    bsn,
    contact,
    email,
    event,
    kvk,
    nth_rsin,
    onderwerp,
    phone,
    postal,
    rsin,
    vestiging,
)

WRITTEN_AT: Final = datetime(2026, 12, 1, 12, tzinfo=UTC)
"""The broker's moment of every record here."""

ABSENT: Final = object()
"""What a change puts in the place of a field that it takes away."""


Changes = Mapping[str, Any]
"""What is put in the place of what stands at each path."""

Read = Callable[[Wire], Received | Refusal]
"""Reads an event in one of the two modes."""


def whole_event() -> Wire:
    """Return a valid event with every field of the contract: a persoon, a contactpersoon, and their organisatie."""
    return _copied(_WHOLE)


def changed(changes: Changes, base: Wire | None = None) -> Wire:
    """Return the whole event with paths such as `data.actoren.0.naam` changed; a position past the end appends."""
    tree = _copied(base or _WHOLE)
    for path, value in changes.items():
        *steps, last = path.split(".")
        holder: Any = tree
        for step in steps:
            holder = holder[int(step) if isinstance(holder, list) else step]
        _put(holder, last, value)
    return tree


def _copied(tree: Wire) -> Wire:
    copied: Wire = json.loads(json.dumps(tree))  # unlike deepcopy, it tells apart what stands in two places
    return copied


def _put(holder: Any, last: str, value: Any) -> None:  # noqa: ANN401 - JSON
    if value is ABSENT:
        del holder[int(last) if isinstance(holder, list) else last]
    elif isinstance(holder, list) and int(last) == len(holder):
        holder.append(value)
    else:
        holder[int(last) if isinstance(holder, list) else last] = value


def structured(tree: object) -> Received | Refusal:
    """Read an event in structured mode."""
    return decode(json.dumps(tree).encode(), (("content-type", b"application/cloudevents+json"),), WRITTEN_AT)


def binary(tree: Wire) -> Received | Refusal:
    """Read an event in binary mode; its attributes must be texts."""
    names = {"datacontenttype": "content-type"}
    attributes = {name: value for name, value in tree.items() if name != "data"}
    headers = [(names.get(name, f"ce_{name}"), str(value).encode()) for name, value in attributes.items()]
    return decode(json.dumps(tree["data"]).encode(), headers, WRITTEN_AT)


def in_base64(tree: Wire, *, ascii_only: bool = True) -> bytes:
    """Return an event as the SDKs of CloudEvents write it when its data was handed over as bytes."""
    packed = {name: value for name, value in tree.items() if name != "data"}
    if "data" in tree:
        packed["data_base64"] = base64.b64encode(json.dumps(tree["data"]).encode()).decode()
    return json.dumps(packed, ensure_ascii=ascii_only).encode("utf-8", "replace")


def faults(outcome: Received | Refusal) -> list[tuple[str, str]]:
    """Return each error of a refusal, sorted; none of what was received."""
    return sorted((fault.pad, fault.soort.value) for fault in outcome.faults) if isinstance(outcome, Refusal) else []


_KLANT: Final = {
    "ref": "k",
    "rol": "klant",
    "initiator": True,
    "soortPartij": "persoon",
    "contactnaam": {"voorletters": "B", "voornaam": "Bo", "voorvoegselAchternaam": "van", "achternaam": "Dal"},
    "authenticatie": {"middel": "digid", "pseudoniem": "p-k", "op": "2026-11-30T09:51:00+01:00"},
    "partijIdentificatoren": [bsn(ALICE)],
    "toestemmingHergebruik": "gegeven",
    "digitaleAdressen": [{**email(), "omschrijving": "thuis"}, phone()],
    "bezoekadres": postal(),
    "correspondentieadres": {
        "nummeraanduidingId": "0123456789012345",
        "straatnaam": "Dorpsstraat",
        "huisnummer": 99999,
        "huisnummertoevoeging": "bis",
        "postcode": "1234 AB",
        "stad": "Ons Dorp",
        "adresregel1": "t.a.v. B. van Dal",
        "adresregel2": "Postbus 1",
        "adresregel3": "1234 AB Ons Dorp",
        "land": "NL",
        "gebruik": "standaard",
    },
    "vertegenwoordigt": [],
}
_ORGANISATIE: Final = {
    "ref": "o",
    "rol": "klant",
    "soortPartij": "organisatie",
    "organisatienaam": "Bakkerij Voorbeeld",
    "partijIdentificatoren": [kvk("99990001"), vestiging("999900000001"), rsin(nth_rsin(0))],
}
_CONTACTPERSOON: Final = {
    "ref": "c",
    "rol": "vertegenwoordiger",
    "soortPartij": "contactpersoon",
    "authenticatie": {"middel": "eherkenning", "pseudoniem": "p-c"},
    "vertegenwoordigt": ["o"],
    "werkteVoor": "o",
}
_COLLEAGUE: Final = {"ref": "x", "rol": "overig", "contactnaam": {"achternaam": "Collega"}}

_WHOLE: Final = event(
    contact(
        betrokkenen=[_KLANT, _ORGANISATIE, _CONTACTPERSOON, _COLLEAGUE],
        onderwerpen=[
            onderwerp(
                "o-0",
                opvolging={**CALL_BACK, "toelichting": "Na vijf uur"},
                betrokkenen=["k", "c"],
                other={"inhoud": "Een vraag.", "onderwerpobjecten": [ZAAK], "bijlagen": [ZAAK]},
            ),
            onderwerp("o-1", opvolging=NEW_ZAAK),
            onderwerp(),
        ],
        revisie=2,
        op="2026-11-30T09:50:00+01:00",
        vertrouwelijk=False,
        vervolg_op={"contactId": "c-0", "onderwerpId": "0"},
        other={
            "actoren": [{**KCC, "actoridentificator": ZAAK}, AFDELING],
            "richting": "inkomend",
            "totStandGekomen": True,
            "beeindigdOp": "2026-11-30T09:59:00+01:00",
            "taal": "nld",
            "doorverbonden": True,
        },
    ),
    time="2026-11-30T10:00:00+01:00",
    other={
        "subject": "c-1",
        "datacontenttype": "application/json",
        "dataschema": "urn:klantinteracties:schema:contact.ended:1",
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    },
)
