"""A version of an event that was released never changes in a way that breaks a publisher or a subscriber."""

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from schemas.generation.files import JSON_SCHEMAS, SCHEMAS
from schemas.generation.published import EVENTS
from tests.contract.compatibility import Direction, breaks

RELEASED = max((SCHEMAS / "released").glob("*/"), key=lambda folder: [int(part) for part in folder.name.split(".")])
RELEASED_FILES = sorted(path.name for path in RELEASED.glob("*.json"))

READ, WRITTEN = Direction.READ, Direction.WRITTEN

TOO_LONG_TO_KEEP = "a text without a maximum goes into every output, log and index: version 1 should never have had one"

OF_A_CHANGE = "since a change outside a contact also empties a partij, an event can follow from one"

CORRECTIONS: Mapping[str, str] = {
    # What version 1 does not keep of what was released, each with its reason: mistakes, mended before anybody built on
    # them. A publisher whose texts are longer is told `te_lang`.
    "id: maxLength": TOO_LONG_TO_KEEP,
    "source: maxLength": TOO_LONG_TO_KEEP,
    "subject: maxLength": TOO_LONG_TO_KEEP,
    "datacontenttype: maxLength": TOO_LONG_TO_KEEP,
    "datacontenttype: pattern": "wider, which a comparison of two patterns can't see: any type of JSON is read",
    "dataschema: maxLength": TOO_LONG_TO_KEEP,
    "betrokkenen.*.authenticatie.middel: maxLength": TOO_LONG_TO_KEEP,
    "betrokkenen.*.authenticatie.pseudoniem: maxLength": TOO_LONG_TO_KEEP,
    "herkomst.contactId: required": OF_A_CHANGE,
    "besluit.regel: values": OF_A_CHANGE,
    "herkomst.onderwerpId: removed": "of an event about a partij, which never had one",
    "herkomst.contactId: maxLength": "ids of Amazon Connect were refused, which have up to 256 characters",
}


def _schema(path: Path) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return schema


def test_there_is_a_released_schema_of_each_event_and_of_its_data() -> None:
    assert {name for event in EVENTS for name in (event.data_file, event.event_file)} >= set(RELEASED_FILES)
    assert len(RELEASED_FILES) >= 12


@pytest.mark.parametrize("name", RELEASED_FILES)
def test_what_was_released_still_holds(name: str) -> None:
    direction = READ if name.startswith("contact.ended.") else WRITTEN
    now = JSON_SCHEMAS / name
    assert now.exists(), "a released version is gone"
    broken = breaks(_schema(RELEASED / name), _schema(now), direction)
    assert [each for each in broken if each.removeprefix("data.") not in CORRECTIONS] == []


def test_every_correction_is_still_one() -> None:
    """With the next release it is part of what was released, and goes from the list."""
    broken = [
        each
        for name in RELEASED_FILES
        for direction in [READ if name.startswith("contact.ended.") else WRITTEN]
        for each in breaks(_schema(RELEASED / name), _schema(JSON_SCHEMAS / name), direction)
    ]
    assert {each.removeprefix("data.") for each in broken} == set(CORRECTIONS)


# Whether it can fail --------------------------------------------------------------------------------------------------

BEFORE: dict[str, Any] = {
    "$id": "urn:x:1",
    "type": "object",
    "properties": {
        "naam": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "\\S"},
        "taal": {"type": ["string", "null"], "pattern": "^[a-z]{3}$"},
        "aantal": {"type": "integer", "minimum": 1, "maximum": 9, "default": 1},
        "rol": {"anyOf": [{"$ref": "#/$defs/Rol"}, {"type": "null"}], "default": "klant"},
        "vorm": {"const": "1.0", "type": "string"},
        "namen": {"type": "array", "items": {"$ref": "#/$defs/Naam"}, "maxItems": 5},
        "vrij": {"description": "anything"},
    },
    "required": ["naam"],
    "$defs": {
        "Rol": {"type": "string", "enum": ["klant", "overig"]},
        "Naam": {"type": "object", "properties": {"kort": {"type": "string"}, "weer": {"$ref": "#/$defs/Naam"}}},
    },
}

Change = Callable[[dict[str, Any]], object]


def _set(*place: str, **rules: object) -> Change:
    """Change rules at a place; None takes one away."""

    def change(schema: dict[str, Any]) -> None:
        for step in place:
            schema = schema[step]
        for name, value in rules.items():
            if value is None:
                schema.pop(name, None)
            else:
                schema[name] = value

    return change


def _field(name: str, rules: Mapping[str, object]) -> Change:
    return lambda schema: schema["properties"].update({name: rules})


def _without(name: str) -> Change:
    return lambda schema: schema["properties"].pop(name)


CHANGES: list[tuple[str, Change, list[str], list[str]]] = [
    # what changes; what breaks for publishers, whose events we read; what breaks for subscribers, who read ours
    ("nothing", deepcopy, [], []),
    ("words", _set("properties", "naam", description="Anders gezegd."), [], []),
    ("another id", _set(**{"$id": "urn:x:2"}), [], []),
    ("a new optional field", _field("nieuw", {"type": "string"}), [], []),
    ("a field is required now", _set(required=["naam", "aantal"]), ["aantal: required"], []),
    ("a field is required no more", _set(required=[]), [], ["naam: required"]),
    ("a field is gone", _without("vrij"), ["vrij: removed"], ["vrij: removed"]),
    (
        "a field within a list is gone",
        _set("$defs", "Naam", "properties", kort=None),
        ["namen.*.kort: removed"],
        ["namen.*.kort: removed"],
    ),
    ("a longer text", _set("properties", "naam", maxLength=300), [], ["naam: maxLength"]),
    ("a shorter text", _set("properties", "naam", maxLength=100), ["naam: maxLength"], []),
    ("a text without end", _set("properties", "naam", maxLength=None), [], ["naam: maxLength"]),
    ("a text may be empty", _set("properties", "naam", minLength=None), [], ["naam: minLength"]),
    ("a text must be longer", _set("properties", "naam", minLength=2), ["naam: minLength"], []),
    ("another pattern", _set("properties", "taal", pattern="^[a-z]{2}$"), ["taal: pattern"], ["taal: pattern"]),
    ("no pattern any more", _set("properties", "taal", pattern=None), [], ["taal: pattern"]),
    ("a format", _set("properties", "naam", format="uri"), ["naam: format"], []),
    ("null no more", _set("properties", "taal", type="string"), ["taal: type"], []),
    ("null from now on", _set("properties", "naam", type=["string", "null"]), [], ["naam: type"]),
    (
        "null no more beside an enum",
        _set("properties", rol={"$ref": "#/$defs/Rol", "default": "klant"}),
        ["rol: type"],
        [],
    ),
    ("another type", _set("properties", "aantal", type="string"), ["aantal: type"], ["aantal: type"]),
    ("a larger number", _set("properties", "aantal", maximum=10), [], ["aantal: maximum"]),
    ("a smaller number", _set("properties", "aantal", maximum=8), ["aantal: maximum"], []),
    ("a higher minimum", _set("properties", "aantal", minimum=2), ["aantal: minimum"], []),
    ("another default changes what absent means", _set("properties", "aantal", default=2), ["aantal: default"], []),
    ("a new value", _set("$defs", "Rol", enum=["klant", "overig", "buur"]), [], ["rol: values"]),
    ("a value is gone", _set("$defs", "Rol", enum=["klant"]), ["rol: values"], []),
    ("any value", _set("$defs", "Rol", enum=None), [], ["rol: values"]),
    ("another constant", _set("properties", "vorm", const="2.0"), ["vorm: values"], ["vorm: values"]),
    ("a longer list", _set("properties", "namen", maxItems=6), [], ["namen: maxItems"]),
    ("a shorter list", _set("properties", "namen", maxItems=4), ["namen: maxItems"], []),
    ("other items", _set("properties", "namen", items={"type": "string"}), ["namen.*: type"], ["namen.*: type"]),
    ("any items", _set("properties", "namen", items=None), [], ["namen: items"]),
    ("anything no more", _set("properties", vrij={"type": "string"}), ["vrij: type"], []),
    ("anything from now on", _set("properties", naam={}), [], ["naam: type"]),
    (
        "a rule that is not known here",
        _set("properties", "naam", contentEncoding="base64"),
        ["naam: contentEncoding"],
        [],
    ),
    ("no other fields any more", _set(additionalProperties=False), [": additionalProperties"], []),
]


@pytest.mark.parametrize(("what", "change", "publishers", "subscribers"), CHANGES)
def test_a_change_breaks_whom_it_should(
    what: str, change: Change, publishers: list[str], subscribers: list[str]
) -> None:
    after = deepcopy(BEFORE)
    change(after)
    assert breaks(BEFORE, after, READ) == publishers, what
    assert breaks(BEFORE, after, WRITTEN) == subscribers, what


def test_the_real_schemas_break_when_a_required_field_is_added_or_taken_away() -> None:
    path = JSON_SCHEMAS / "klantcontact.registered.1.event.json"
    before, after = _schema(path), _schema(path)
    del after["$defs"]["Partij"]["properties"]["versie"]
    after["$defs"]["Besluit"]["required"].remove("regel")
    assert breaks(before, after, WRITTEN) == ["data.partijen.*.versie: removed", "data.besluit.regel: required"]
