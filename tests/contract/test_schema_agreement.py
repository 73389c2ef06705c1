"""The JSON Schema of `contact.ended` and the reader agree, so that a publisher who checks beforehand is not surprised.

The schema can't say everything: what fields must agree on is left to the reader. And it says a little more in places
that the reader ignores. Both are in `schemas/deviations.md`.
"""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings

from schemas.generation.published import CONTACT_ENDED
from schemas.reading.decoding import Received
from tests.contract.changes import changed, structured
from tests.contract.mutations import mutated_events
from tests.contract.test_bad_contact import ONE_FIELD
from tests.contract.test_bad_input import ENVELOPE, STRUCTURED_ENVELOPE
from tests.contract.test_examples import validator
from tests.support.examples import Wire
from tests.support.thoroughness import examples

SCHEMA = validator(CONTACT_ENDED.event_file)

ONLY_THE_READER_SEES = {
    "1.0 is no integer": "for JSON Schema it is one",
    "half a surrogate pair is refused": "no schema speaks of characters that are none",
    "half a character": "the same",
    "NUL is refused": "a pattern in every text would explain nothing",
    "a year that no offset may carry over": "a pattern for it would explain nothing",
    "before 1900": "the same",
    "before 1900 in UTC": "the same",
    "before the calendar": "the same",
    "after 9998 in UTC": "the same",
    "from 1900 on": "the same",
    "and nothing after them": "Python's `$` lets a line end pass; that of ECMA-262, which JSON Schema names, does not",
}

# What an interne taak or a zaak needs depends on `soort`.
ONLY_WITH_ANOTHER_FIELD = ("gevraagdeHandeling", "toegewezenAan", "zaak")


def _says_the_schema(reason: str, expected: list[str]) -> bool:
    if reason in ONLY_THE_READER_SEES:
        return False
    return not any(
        name in error and kind in error
        for error in expected
        for name in ONLY_WITH_ANOTHER_FIELD
        for kind in ("ontbreekt", "leeg")
    )


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({f"data.{path}": value for path, value in changes.items()}, id=f"{reason}: {', '.join(changes)}")
        for reason, changes, expected in ONE_FIELD
        if _says_the_schema(reason, expected)
    ],
)
def test_the_schema_refuses_a_wrong_field_as_the_reader_does(changes: Mapping[str, Any]) -> None:
    assert not SCHEMA.is_valid(changed(changes))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(changes, id=f"{reason}: {', '.join(changes)}")
        for reason, changes, expected in [*ENVELOPE, *STRUCTURED_ENVELOPE]
        if reason not in ONLY_THE_READER_SEES
    ],
)
def test_the_schema_refuses_a_wrong_attribute_as_the_reader_does(changes: Mapping[str, Any]) -> None:
    assert not SCHEMA.is_valid(changed(changes))


@pytest.mark.parametrize("reason", ONLY_THE_READER_SEES)
def test_what_only_the_reader_sees_the_schema_lets_pass(reason: str) -> None:
    of_data = [{f"data.{path}": value for path, value in row[1].items()} for row in ONE_FIELD if row[0] == reason]
    of_envelope = [row[1] for row in [*ENVELOPE, *STRUCTURED_ENVELOPE] if row[0] == reason]
    assert of_data or of_envelope
    assert all(SCHEMA.is_valid(changed(changes)) for changes in [*of_data, *of_envelope])


def _judged_where_it_is_ignored(tree: Wire) -> Wire:
    """Remove the fields that only the reader ignores, and values that are not strictly a URI."""
    data = tree.get("data")
    for betrokkene in _objects(data, "betrokkenen"):
        if betrokkene.get("soortPartij") != "contactpersoon":
            betrokkene.pop("werkteVoor", None)
    for onderwerp in _objects(data, "onderwerpen"):
        opvolging = onderwerp.get("opvolging")
        if isinstance(opvolging, dict) and opvolging.get("soort") not in ("zaak_nieuw", "zaak_bestaand"):
            opvolging.pop("zaak", None)
    return tree


def _objects(data: object, name: str) -> list[dict[str, Any]]:
    items = data.get(name) if isinstance(data, dict) else None
    return [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []


@given(mutated_events(most=2))
@settings(max_examples=examples(400))
def test_what_is_received_agrees_with_the_schema(tree: Wire) -> None:
    if isinstance(structured(tree), Received):
        assert [error.message for error in SCHEMA.iter_errors(_judged_where_it_is_ignored(tree))] == []
