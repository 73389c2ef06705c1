"""`klantcontact validate` reports the faults and remarks of a publisher's events."""

import base64
import json
import re
from typing import Any

import pytest

from schemas.faults import FaultKind
from services.domain.policy import DEFAULT, Beleid, Bron
from services.operations.dead_letters.content import ContentRefused
from services.operations.validate import Summary, UnknownField, Validation, validate
from tests.support.contacts import SOURCE, contact_ended, encoded
from tests.support.examples import (
    Wire,
    betrokkene,
    contact,
    event,
    kvk,
    line,
    nth_bsn,
    nth_rsin,
    onderwerp,
    rsin,
    stranger,
)


def _told(*events: bytes) -> list[Validation]:
    return list(validate(events, DEFAULT))


def _kinds(validation: Validation) -> list[tuple[str, FaultKind]]:
    return [(finding.pad, finding.soort) for finding in validation.findings]


def test_a_valid_event_has_no_remarks_and_line_numbers_count_empty_lines() -> None:
    assert _told(b"\n", encoded(contact_ended("c-1"))) == [Validation(2, "c-1", (), ())]


def test_what_its_source_may_not_is_found_with_what_to_do() -> None:
    bron = Bron(topics=frozenset({"contact.mail"}), kanalen=frozenset({"mail"}), middelen=frozenset())
    claiming = event(contact(betrokkenen=[betrokkene(middel="digid")]), source=SOURCE)
    beleid = Beleid(bronnen={SOURCE: bron})
    [of_source] = validate([line(event(contact(), source="urn:made-up"))], beleid, topic="contact.ended")
    [of_rest] = validate([line(claiming)], beleid, topic="contact.ended")
    hints = [finding.hint for finding in (*of_source.findings, *of_rest.findings)]
    asked = ["name this one under `bronnen`", "to the `topics`", "to the `kanalen`", "to the `middelen`"]
    assert len(hints) == len(asked)
    assert all(told in hint for told, hint in zip(asked, hints, strict=True))


def _record(tree: Wire, prefix: str = "ce_", **value: object) -> bytes:
    headers = [{"name": f"{prefix}{name}", "value": text} for name, text in tree.items() if name != "data"]
    return json.dumps({"headers": headers, **(value or {"event": tree["data"]})}).encode()


def test_a_line_may_hold_a_record_in_binary_mode() -> None:
    right, wrong = contact_ended("c-1"), contact_ended("c-2")
    del wrong["data"]["kanaal"]
    value = json.dumps(right["data"])
    lines = [
        _record(right),
        _record(right, value=value),
        _record(right, valueBase64=base64.b64encode(value.encode()).decode()),
        json.dumps({"letter": "0-1", "kind": "x", "headers": [], "event": right}).encode(),
        b"",
        _record(wrong),
        _record(right, prefix="ce-"),
        _record(right, value=None),
    ]
    told = [(each.line_number, each.contact_id, _kinds(each)) for each in validate(lines, DEFAULT, binary=True)]
    assert told == [
        *[(number, "c-1", []) for number in (1, 2, 3, 4)],
        (6, "c-2", [("data.kanaal", FaultKind.ONTBREEKT)]),
        (7, "c-1", [("", FaultKind.KOPREGELS)]),
        (8, None, [("", FaultKind.ONLEESBAAR)]),
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"{", "line 2: is no JSON"),
        (b"[]", "line 2: is no JSON object"),
        (encoded(contact_ended("c-1")), "line 2: needs one of event, value and valueBase64: the value to send"),
        (b'{"headers": {"ce_id": "1"}, "event": {}}', "line 2: headers must be a list of objects with a name, and a"),
    ],
)
def test_a_line_that_holds_no_record_is_named(line: bytes, told: str) -> None:
    with pytest.raises(ContentRefused, match=f"^{re.escape(told)}"):
        list(validate([_record(contact_ended("c-1")), line], DEFAULT, binary=True))


def test_every_error_of_an_event_comes_with_what_to_do() -> None:
    wrong = contact_ended("c-1")
    wrong["data"]["kanaal"] = " "
    wrong["data"]["onderwerpen"][0]["opvolging"].pop("toegewezenAan")
    [told] = _told(encoded(wrong))
    assert _kinds(told) == [
        ("data.kanaal", FaultKind.LEEG),
        ("data.onderwerpen.0.opvolging.toegewezenAan", FaultKind.ONTBREEKT),
    ]
    assert [finding.hint for finding in told.findings] == [
        'Send a text of 1 to 50 characters, such as "telefoon".',
        (
            'An interne_taak needs it: send an object, such as {"soortActor": "organisatorische_eenheid", '
            '"naam": "Parkeren"}.'
        ),
    ]
    assert [finding.schema.rule for finding in told.findings] == ["minLength: 1", "Required for an interne_taak."]


def test_an_unreadable_line_is_reported_and_the_next_is_checked() -> None:
    told = _told(b"{", encoded(contact_ended("c-2")))
    assert [(each.line_number, each.contact_id, _kinds(each)) for each in told] == [
        (1, None, [("", FaultKind.ONLEESBAAR)]),
        (2, "c-2", []),
    ]


def test_one_revisie_with_two_contents_is_found_across_lines() -> None:
    once, again = contact_ended("c-1"), contact_ended("c-1", onderwerp="Iets anders")
    assert [_kinds(each) for each in _told(encoded(once), encoded(once), encoded(again))] == [
        [],
        [],
        [("data.revisie", FaultKind.REVISIE_CONFLICT)],
    ]


def test_two_betrokkenen_that_earlier_lines_show_to_be_one_partij_are_found() -> None:
    number = nth_rsin(0)
    both = {"ref": "o", "rol": "klant", "soortPartij": "organisatie", "authenticatie": {"middel": "eherkenning"}}
    first = contact("c-1", betrokkenen=[{**both, "partijIdentificatoren": [kvk("99990001"), rsin(number)]}])
    second = contact(
        "c-2",
        betrokkenen=[
            {**both, "partijIdentificatoren": [kvk("99990001")]},
            {**both, "ref": "p", "partijIdentificatoren": [rsin(number)]},
        ],
    )
    told = _told(line(event(first)), line(event(second)))
    assert _kinds(told[1]) == [("data.betrokkenen.1.partijIdentificatoren.0", FaultKind.DUBBELE_PARTIJ)]
    assert _kinds(_told(line(event(second)))[0]) == []


def test_an_unknown_field_gets_a_remark_with_the_likely_name() -> None:
    event_ = contact_ended("c-1")
    event_["data"]["contact_id"] = "c-1"
    event_["data"]["afdeling"] = "Burgerzaken"
    event_["data"]["betrokkenen"][0]["contactnaam"]["achternaam2"] = "x"
    event_["data"]["betrokkenen"][0]["toestemming"] = "gegeven"
    event_["data"]["betrokkenen"][0]["organisatienaamVolgensHandelsregister"] = "x"
    event_["data"]["betrokkenen"][0]["adres"] = "x"
    event_["data"]["betrokkenen"][0]["naam"] = "x"
    event_["data"]["onderwerpen"][0]["opvolging"]["toegewezenaan"] = {}
    event_["data"]["a.b"] = {"kanal": 1}
    [told] = _told(encoded(event_))
    assert told.findings == ()
    assert {unknown.pad: unknown.meant for unknown in told.unknown_fields} == {
        "data.contact_id": "contactId",
        "data.afdeling": None,
        "data.betrokkenen.contactnaam.achternaam2": "achternaam",
        "data.betrokkenen.toestemming": "toestemmingHergebruik",
        "data.betrokkenen.organisatienaamVolgensHandelsregister": "organisatienaam",
        "data.betrokkenen.adres": None,
        "data.betrokkenen.naam": None,
        "data.onderwerpen.opvolging.toegewezenaan": "toegewezenAan",
        "data.a·b": None,
    }


def test_the_misspelt_name_of_a_missing_field_is_named_too() -> None:
    wrong: dict[str, Any] = contact_ended("c-1")
    wrong["data"]["Kanaal"] = wrong["data"].pop("kanaal")
    [told] = _told(encoded(wrong))
    assert _kinds(told) == [("data.kanaal", FaultKind.ONTBREEKT)]
    assert told.unknown_fields == (UnknownField("data.Kanaal", "kanaal"),)


def test_unknown_fields_of_an_event_that_only_the_register_refuses_are_named() -> None:
    again = contact_ended("c-1", onderwerp="Iets anders")
    again["data"]["extra"] = 1
    told = _told(encoded(contact_ended("c-1")), encoded(again))
    assert told[1].unknown_fields == (UnknownField("data.extra", None),)


def test_a_summary_counts_each_cause_once_an_event_whatever_its_list_position() -> None:
    twice: dict[str, Any] = contact_ended("c-1")
    twice["data"]["onderwerpen"] = [{"onderwerp": ""}, {"onderwerp": ""}]
    once: dict[str, Any] = contact_ended("c-2", onderwerp="")
    del once["data"]["kanaal"]
    summary = Summary()
    for validation in _told(*map(encoded, [twice, once, contact_ended("c-3")])):
        summary.add(validation)
    assert (summary.events, summary.invalid) == (3, 2)
    assert summary.causes == {
        ("data.onderwerpen.*.onderwerp", FaultKind.LEEG): 2,
        ("data.kanaal", FaultKind.ONTBREEKT): 1,
    }


@pytest.mark.parametrize("valid", [True, False])
def test_ids_that_look_personal_are_a_warning_with_their_place_whether_the_event_is_valid_or_not(
    *, valid: bool
) -> None:
    data = contact(nth_bsn(0), betrokkenen=[stranger("k"), stranger("0612345678")], onderwerpen=[onderwerp("a@b.nl")])
    if not valid:
        del data["kanaal"]
    other = {"subject": nth_bsn(1), "partitionkey": nth_bsn(2)}

    [told] = _told(line(event(data, event_id=nth_bsn(3), source=f"urn:{nth_bsn(4)}", other=other)))

    assert bool(told.findings) == (not valid)
    assert [each.pad for each in told.warnings] == [
        "id",
        "source",
        "subject",
        "partitionkey",
        "data.contactId",
        "data.betrokkenen.1.ref",
        "data.onderwerpen.0.onderwerpId",
    ]
    assert all("use an id that says nothing" in each.hint for each in told.warnings)
    summary = Summary()
    summary.add(told)
    assert summary.warned == 1


def test_an_event_of_any_form_is_looked_at_for_such_ids() -> None:
    for odd in (b"{", b"[]", b'{"data": [], "id": 1}', b'{"data": {"betrokkenen": {}, "onderwerpen": [1]}}'):
        assert _told(odd)[0].warnings == ()
