"""What is wrong with a `toestemming.gewijzigd`: each error at its place, and all at once."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from schemas.faults import Fault, FaultKind, Refusal, RefusalKind
from schemas.generation.json_schemas import json_schemas
from schemas.reading.consent import decode_change, decode_either
from schemas.reading.decoding import Received
from services.domain.policy import DEFAULT
from services.operations.validate import validate
from tests.support.examples import CHANGED, Wire, change, event, kvk, line

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def whole(data: Wire) -> Wire:
    return event(data, other={"type": CHANGED})


def changed_by(edit: Callable[[Wire], object]) -> Wire:
    made = whole(change())
    edit(made)
    return made


def faults(made: Wire) -> list[tuple[str, str]]:
    read = decode_change(line(made), (), NOW)
    assert isinstance(read, Refusal), "it is valid"
    return [(each.pad, each.soort.value) for each in read.faults]


def setter(*steps: str, value: object) -> Callable[[Wire], object]:
    def edit(made: Wire) -> None:
        place: Any = made
        for step in steps[:-1]:
            place = place[step]
        place[steps[-1]] = value

    return edit


KLANT = ("data", "klant")


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (setter("type", value="nl.klantinteracties.contact.ended"), [("type", "onbekende_waarde")]),
        (lambda made: made["data"].pop("wijzigingId"), [("data.wijzigingId", "ontbreekt")]),
        (lambda made: made["data"].pop("klant"), [("data.klant", "ontbreekt")]),
        (lambda made: made["data"]["klant"].pop("authenticatie"), [("data.klant.authenticatie", "ontbreekt")]),
        (
            setter("data", "toestemmingHergebruik", value="geweigerd"),
            [("data.toestemmingHergebruik", "onbekende_waarde")],
        ),
        (setter("data", "gewijzigdOp", value="2026-12-01T12:05:01Z"), [("data.gewijzigdOp", "in_de_toekomst")]),
        (setter("data", "revisie", value=0), [("data.revisie", "buiten_bereik")]),
        (setter(*KLANT, "partijIdentificatoren", value=[]), [("data.klant.partijIdentificatoren", "ontbreekt")]),
        (
            setter(*KLANT, "partijIdentificatoren", value=[kvk("99990001")]),
            [("data.klant.partijIdentificatoren.0.codeSoortObjectId", "niet_toegestaan")],
        ),
        (
            setter(*KLANT, value={"soortPartij": "contactpersoon", "authenticatie": {"middel": "eherkenning"}}),
            [("data.klant.authenticatie.pseudoniem", "ontbreekt"), ("data.klant.werkteVoor", "ontbreekt")],
        ),
        (
            setter(
                *KLANT,
                value={
                    "soortPartij": "contactpersoon",
                    "authenticatie": {"middel": "eherkenning", "pseudoniem": "p"},
                    "werkteVoor": {"naam": "Bakker"},
                },
            ),
            [("data.klant.werkteVoor.partijIdentificatoren", "ontbreekt")],
        ),
    ],
)
def test_an_error_has_its_place_and_kind(edit: Callable[[Wire], object], expected: list[tuple[str, str]]) -> None:
    assert faults(changed_by(edit)) == expected


def test_all_errors_are_told_at_once() -> None:
    made = changed_by(setter("data", "gewijzigdOp", value="2027-12-01T12:05:01Z"))
    made["data"] |= {"kanaal": "", "klant": {"authenticatie": {"middel": "digid"}}}
    assert sorted(faults(made)) == [
        ("data.gewijzigdOp", "in_de_toekomst"),
        ("data.kanaal", "leeg"),
        ("data.klant.partijIdentificatoren", "ontbreekt"),
    ]


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b"\xff", b"x" * 70_000])
def test_what_is_no_event_is_refused(value: bytes | None) -> None:
    read = decode_change(value)
    assert isinstance(read, Refusal)
    assert read.kind in (RefusalKind.ONLEESBAAR, RefusalKind.TE_GROOT)


def test_a_refusal_names_the_change() -> None:
    read = decode_change(line(changed_by(setter("data", "revisie", value=0))))
    assert isinstance(read, Refusal)
    assert (read.kind, read.contact_id) == (RefusalKind.CONTACT_ONGELDIG, "w-1")


def test_binary_mode_and_what_is_ignored_are_read_as_for_contacts() -> None:
    made = whole({**change(), "iets": 1, "revisie": None})
    made["data"]["klant"]["werkteVoor"] = {"naam": 7}
    data = json.dumps(made.pop("data")).encode()
    headers = [(f"ce_{name}", str(value).encode()) for name, value in made.items()]
    for read in (decode_change(data, headers, NOW), decode_either(data, headers)):
        assert isinstance(read, Received), read
        assert (read.contact.contact_id, read.contact.revisie, read.contact.onderwerpen) == ("w-1", 1, ())
        assert read.unknown_fields == ("data.iets",)


def test_an_event_is_taken_for_what_its_type_says() -> None:
    assert isinstance(decode_either(line(whole(change()))), Received)
    read = decode_either(line(event(change())))
    assert isinstance(read, Refusal)
    assert Fault("data.contactId", FaultKind.ONTBREEKT) in read.faults


def test_the_schema_agrees_about_what_is_valid() -> None:
    validator = Draft202012Validator(json_schemas()["toestemming.gewijzigd.1.event.json"])
    assert list(validator.iter_errors(whole(change()))) == []
    assert list(validator.iter_errors(changed_by(setter("data", "toestemmingHergebruik", value="geweigerd"))))


def test_validate_names_a_line_of_its_own_schema() -> None:
    made = changed_by(setter(*KLANT, "partijIdentificatoren", value=[]))
    made["data"]["toestemming"] = "gegeven"
    [told] = validate([line(made)], DEFAULT)
    [finding] = told.findings
    assert (told.contact_id, finding.pad) == ("w-1", "data.klant.partijIdentificatoren")
    assert finding.schema.file == "schemas/json/toestemming.gewijzigd.1.json"
    assert finding.schema.rule.startswith("Required, but for a contactpersoon")
    assert [(each.pad, each.meant) for each in told.unknown_fields] == [("data.toestemming", "toestemmingHergebruik")]
