"""What is accepted, and what becomes of it: defaults, null, and the edges of every bound."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.contact_ended_v1 import ContactEnded
from schemas.faults import Refusal
from schemas.generation.json_schemas import json_schemas
from schemas.generation.published import CONTACT_ENDED
from schemas.reading.decoding import Received, decode
from schemas.types import NOT_BLANK
from tests.contract.changes import ABSENT, Changes, Read, binary, changed, faults, structured, whole_event
from tests.contract.test_bad_contact import LISTS, MOST_CHARACTERS
from tests.contract.test_examples import validator
from tests.support.examples import Wire, contact, event, kvk, line

SCHEMA = validator(CONTACT_ENDED.event_file)
DEFINITIONS: Any = json_schemas()[CONTACT_ENDED.event_file]["$defs"]

KLANT, CONTACTPERSOON = "data.betrokkenen.0", "data.betrokkenen.2"


def accepted(changes: Changes, read: Read = structured, base: Wire | None = None) -> ContactEnded:
    """Return the contact of the changed event, which must be valid."""
    received = read(changed(changes, base))
    assert isinstance(received, Received), received
    return received.contact


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"data.revisie": 2**53 - 1}, "the largest revisie"),
        ({"data.plaatsgevondenOp": "2026-12-01T12:05:00Z"}, "5 minutes after the record"),
        ({"data.plaatsgevondenOp": "1900-01-01T00:00:00Z"}, "the first moment"),
        ({"data.plaatsgevondenOp": "1899-12-31T23:00:00-01:00"}, "the same moment elsewhere"),
        ({"data.beeindigdOp": "9999-01-01T23:58:59+23:59"}, "the last moment"),
        ({"data.beeindigdOp": "2020-01-01T00:00:00Z"}, "ended before it began"),
        ({"data.plaatsgevondenOp": "2026-11-30t09:50:00z"}, "RFC 3339 allows lower case"),
        ({"data.plaatsgevondenOp": "2026-11-30T09:50:00.123456789+00:00"}, "any number of decimals"),
        ({"data.plaatsgevondenOp": "2026-11-30T09:50:00-00:00"}, "an offset that says nothing"),
        ({"data.betrokkenen": [], "data.onderwerpen": [{"onderwerp": "x"}]}, "an internal contact"),
        ({"data.onderwerpen.0.betrokkenen": []}, "an onderwerp that concerns nobody"),
        ({f"{KLANT}.contactnaam": {}}, "every part of a contactnaam may be absent"),
        ({f"{KLANT}.contactnaam.voornaam": " "}, "a name may be blank"),
        ({"data.onderwerpen.0.inhoud": ""}, "so may the inhoud"),
        ({"data.onderwerpen.0.opvolging": {}}, "opvolging.soort may be absent"),
        ({f"{KLANT}.correspondentieadres": {"adresregel1": "Rue 1", "land": "XX"}}, "codes of land are not looked up"),
        ({f"{KLANT}.digitaleAdressen.1.adres": "geen nummer"}, "phone numbers are taken as given"),
        ({f"{CONTACTPERSOON}.werkteVoor": {}}, "naam and identificatoren of an employer may be absent"),
        ({f"{CONTACTPERSOON}.werkteVoor": {"naam": "X", "partijIdentificatoren": [kvk("99990002")]}}, "an employer"),
        ({f"{CONTACTPERSOON}.authenticatie": ABSENT}, "not authenticated"),
        ({"data.vervolgOp": {"klantcontactId": "no uuid"}}, "a klantcontact that we do not know"),
        ({"data.taal": ABSENT}, "no taal"),
        ({"data.kanaal": "fax 🙂"}, "any kanaal, any character"),
        ({"datacontenttype": "Application/JSON; charset=utf-8"}, "a charset"),
        ({"datacontenttype": "application/vnd.gemeente.contact+json"}, "another type that is JSON"),
        ({"datacontenttype": "text/json"}, "of any type"),
        ({"datacontenttype": ABSENT}, "no content type"),
        ({"data.contactId": "x" * 256}, "the longest id of a contact that a platform has"),
        ({"id": "x" * 256, "subject": "x" * 256, "source": f"urn:{'x' * 252}"}, "attributes of the greatest length"),
        ({"data.nieuw": "a\0b"}, "what is not read may hold anything"),
        ({"dataschema": ABSENT}, "no schema"),
        ({"dataschema": "urn:elders:contact:7"}, "a schema of another form is ignored"),
        ({"source": "https://telefonie.example/1"}, "any URI"),
        ({"comexampleextension": "x"}, "another attribute is ignored"),
    ],
)
@pytest.mark.parametrize("read", [structured, binary])
def test_this_is_valid(read: Read, changes: Changes, reason: str) -> None:
    assert isinstance(read(changed(changes)), Received), reason


def test_a_record_may_say_that_it_was_written_at_the_end_of_the_calendar() -> None:
    at_the_end = datetime.max.replace(tzinfo=UTC)
    assert isinstance(
        decode(line(changed({"data.plaatsgevondenOp": "9998-12-31T23:59:59Z"})), (), at_the_end), Received
    )


@pytest.mark.parametrize(("path", "most"), MOST_CHARACTERS.items())
def test_a_text_of_the_greatest_length_is_valid(path: str, most: int) -> None:
    accepted({f"data.{path}": "é" * most})


@pytest.mark.parametrize(
    "path",
    [path for path in LISTS if path.split(".")[-1] not in ("betrokkenen", "partijIdentificatoren", "vertegenwoordigt")],
)
def test_a_list_of_the_greatest_length_is_valid_and_one_more_is_not(path: str) -> None:
    whole = whole_event()
    if path == "onderwerpen":
        item: Any = {"onderwerp": "x"}
    else:
        holder: Any = whole["data"]
        for step in path.split("."):
            holder = holder[int(step) if isinstance(holder, list) else step]
        item = holder[0]
    accepted({f"data.{path}": [item] * LISTS[path]})
    refused = structured(changed({f"data.{path}": [item] * (LISTS[path] + 1)}))
    assert isinstance(refused, Refusal)
    assert [(fault.pad, fault.soort.value) for fault in refused.faults] == [(f"data.{path}", "te_veel")]


def test_50_betrokkenen_are_valid_who_all_represent_each_other() -> None:
    refs = [f"r{index}" for index in range(50)]
    people: list[Wire] = [
        {"ref": ref, "rol": "klant", "vertegenwoordigt": [other for other in refs if other != ref][:5]} for ref in refs
    ]
    accepted({}, base=event(contact(betrokkenen=people)))


@pytest.mark.parametrize("read", [structured, binary])
def test_null_is_absent_everywhere_but_in_tot_stand_gekomen(read: Read) -> None:
    bare = event(contact(other={"totStandGekomen": None}))
    nulls = dict.fromkeys(
        [
            "data.revisie",
            "data.richting",
            "data.beeindigdOp",
            "data.taal",
            "data.vertrouwelijk",
            "data.doorverbonden",
            "data.vervolgOp",
            "data.actoren.0.actoridentificator",
            "data.betrokkenen.0.initiator",
            "data.betrokkenen.0.soortPartij",
            "data.betrokkenen.0.authenticatie",
            "data.betrokkenen.0.partijIdentificatoren",
            "data.betrokkenen.0.toestemmingHergebruik",
            "data.betrokkenen.0.digitaleAdressen",
            "data.betrokkenen.0.bezoekadres",
            "data.betrokkenen.0.vertegenwoordigt",
            "data.betrokkenen.0.werkteVoor",
            "data.betrokkenen.0.contactnaam.voornaam",
            "data.onderwerpen.0.onderwerpId",
            "data.onderwerpen.0.inhoud",
            "data.onderwerpen.0.opvolging",
            "data.onderwerpen.0.betrokkenen",
            "data.onderwerpen.0.onderwerpobjecten",
            "data.onderwerpen.0.bijlagen",
        ]
    )
    with_nulls = accepted(nulls, read, bare)
    assert with_nulls == accepted({}, read, bare)
    assert with_nulls.tot_stand_gekomen is None


# The optional fields that must have a form, as their schemas say with a pattern.
WITH_A_FORM = [
    "datacontenttype",
    "data.beeindigdOp",
    "data.taal",
    f"{KLANT}.authenticatie.op",
    f"{KLANT}.correspondentieadres.nummeraanduidingId",
    f"{KLANT}.correspondentieadres.postcode",
    f"{KLANT}.correspondentieadres.land",
]


@pytest.mark.parametrize("path", WITH_A_FORM)
@pytest.mark.parametrize("read", [structured, binary])
def test_an_empty_text_is_absent_where_a_form_is_asked(read: Read, path: str) -> None:
    assert read(changed({path: ""})) == read(changed({path: ABSENT}))
    assert SCHEMA.is_valid(changed({path: ""}))


def _with_a_form(schema: Any, at: str = "") -> Iterator[str]:  # noqa: ANN401 - JSON
    for name, rule in schema.get("properties", {}).items():
        plain = next((each for each in rule.get("anyOf", [rule]) if each != {"type": "null"}), rule)
        item = plain.get("items", plain)
        reference = item.get("$ref", "").removeprefix("#/$defs/")
        if name not in schema.get("required", ()) and plain.get("pattern", NOT_BLANK) != NOT_BLANK:
            yield f"{at}{name}"
        yield from _with_a_form(DEFINITIONS.get(reference, {}), f"{at}{name}.")


def test_every_optional_field_with_a_form_is_tried_above() -> None:
    tried = {path.replace(".0", "") for path in WITH_A_FORM}
    found = {path.replace("bezoekadres", "correspondentieadres") for path in _with_a_form(SCHEMA.schema)}
    assert found == tried


def test_an_address_of_empty_texts_has_no_content() -> None:
    refused = structured(changed({f"{KLANT}.bezoekadres": {"postcode": "", "land": ""}}))
    assert faults(refused) == [(f"{KLANT}.bezoekadres", "leeg")]


def test_null_attributes_are_absent() -> None:
    received = structured(changed(dict.fromkeys(["subject", "datacontenttype", "dataschema", "traceparent"])))
    assert isinstance(received, Received)
    assert received.traceparent is None


# Defaults -------------------------------------------------------------------------------------------------------------


def test_what_is_absent_has_the_default_of_the_contract() -> None:
    read = accepted({}, base=event(contact()))
    [betrokkene], [onderwerp] = read.betrokkenen, read.onderwerpen
    assert (read.revisie, read.richting, read.tot_stand_gekomen, read.taal) == (1, "inkomend", True, None)
    assert (read.vertrouwelijk, read.doorverbonden, read.vervolg_op) == (False, False, None)
    assert (betrokkene.initiator, betrokkene.soort_partij, betrokkene.toestemming_hergebruik) == (
        True,
        "persoon",
        "niet_gevraagd",
    )
    assert (onderwerp.onderwerp_id, onderwerp.betrokkenen, onderwerp.opvolging.soort) == ("0", ("k",), "geen")


def test_only_the_first_betrokkene_is_initiator_and_only_when_inkomend() -> None:
    people: list[Wire] = [
        {"ref": "a", "rol": "klant"},
        {"ref": "b", "rol": "klant"},
        {"ref": "c", "rol": "klant", "initiator": True},
    ]
    inkomend = accepted({}, base=event(contact(betrokkenen=people)))
    uitgaand = accepted({}, base=event(contact(betrokkenen=people, other={"richting": "uitgaand"})))
    assert [each.initiator for each in inkomend.betrokkenen] == [True, False, True]
    assert [each.initiator for each in uitgaand.betrokkenen] == [False, False, True]


def test_the_gebruik_of_any_address_is_opvolging_by_default() -> None:
    read = accepted({f"{KLANT}.digitaleAdressen.0.gebruik": ABSENT, f"{KLANT}.bezoekadres.gebruik": ABSENT})
    klant = read.betrokkenen[0]
    assert klant.bezoekadres
    assert (klant.digitale_adressen[0].gebruik, klant.bezoekadres.gebruik) == ("opvolging", "opvolging")


def test_moments_are_held_in_utc() -> None:
    moment = accepted({"data.plaatsgevondenOp": "2026-11-30T09:50:00.5+01:00"}).plaatsgevonden_op
    assert moment == datetime(2026, 11, 30, 8, 50, 0, 500_000, tzinfo=UTC)
    assert moment.tzinfo is UTC
