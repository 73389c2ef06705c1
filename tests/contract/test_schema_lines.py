"""Each error that an event can have leads to the line of the published schema that it is against.

What the line is, is asked of the file itself and of a validator of JSON Schema that knows nothing of ours.
"""

import json
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator, ValidationError

from schemas.faults import Fault, FaultKind, Refusal
from services.operations.schema_lines import SchemaLine, schema_line
from tests.contract.changes import changed, structured
from tests.contract.mutations import mutated_events
from tests.contract.test_bad_combinations import COMBINATIONS, NAMES, NUMBERS, SAME_PARTIJ
from tests.contract.test_bad_contact import LISTS, ONE_FIELD
from tests.contract.test_bad_input import ENVELOPE, STRUCTURED_ENVELOPE
from tests.contract.test_bad_several import AT_ONCE, NOTHING_FOLLOWS
from tests.support.examples import Wire

LOOSER = (FaultKind.VERKEERD_TYPE, FaultKind.VERKEERDE_VORM, FaultKind.BUITEN_BEREIK)
"""Kinds of which JSON Schema lets some pass: 1.0 as an integer, 30 February, a year before 1900."""

SEVERAL = [*NAMES, *NUMBERS, *SAME_PARTIJ, *COMBINATIONS, *AT_ONCE, *NOTHING_FOLLOWS]

BAD: list[dict[str, Any]] = [
    *[dict(changes) for _, changes, _ in [*ENVELOPE, *STRUCTURED_ENVELOPE]],
    *[{f"data.{path}": value for path, value in changes.items()} for _, changes, _ in [*ONE_FIELD, *SEVERAL]],
    *[{f"data.{path}": ["k"] * (most + 1)} for path, most in LISTS.items()],
]


DATA, EVENT = "schemas/json/contact.ended.1.json", "schemas/json/contact.ended.1.event.json"


def _lines(file: str) -> list[str]:
    return Path(file).read_text("utf-8").splitlines()


def _indentation(text: str) -> int:
    return len(text) - len(text.lstrip())


def _written(found: SchemaLine) -> str:
    return _lines(found.file)[found.line - 1].strip().rstrip(",")


def _around(found: SchemaLine) -> Any:  # noqa: ANN401 - JSON
    """Return the object or list of the schema in which a line stands."""
    lines = _lines(found.file)
    own = _indentation(lines[found.line - 1])
    start = next(at for at in range(found.line - 1, -1, -1) if _indentation(lines[at]) < own)
    end = next(at for at in range(found.line, len(lines)) if _indentation(lines[at]) < own)
    return json.loads("\n".join([lines[start][-1], *lines[start + 1 : end], lines[end].strip(" ,")]))


def _complaints(tree: Wire, file: str, path: list[str]) -> Iterator[ValidationError]:
    """Return all that a validator of JSON Schema has to say of one place of an event, also within alternatives."""
    schema = json.loads(Path(file).read_text("utf-8"))
    waiting = list(Draft202012Validator(schema).iter_errors(tree["data"] if file == DATA else tree))
    while waiting:
        error = waiting.pop()
        waiting.extend(error.context)
        if [str(step) for step in error.absolute_path] == path:
            yield error


def _faults(tree: Wire) -> list[Fault]:
    read = structured(tree)
    return list(read.faults) if isinstance(read, Refusal) else []


def _path(fault: Fault, file: str) -> list[str]:
    return fault.pad.split(".")[1 if file == DATA else 0 :]


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


RULES = [
    pytest.param(changed(changes), fault, id=f"{fault.pad} {fault.soort}")
    for changes in BAD
    if None not in changes.values()  # null is absent to us, and a type to JSON Schema
    for fault in _faults(changed(changes))
    if not _written(schema_line(fault)).startswith('"description"') and fault.soort is not FaultKind.VERKEERD_TEKEN
]


@pytest.mark.parametrize(("tree", "fault"), RULES)
def test_the_rule_is_the_one_that_a_validator_of_json_schema_complains_of(tree: Wire, fault: Fault) -> None:
    found = schema_line(fault)
    path = _path(fault, found.file)
    if found.rule == "required":
        *path, name = path
        assert _written(found) == f'"{name}"'
        assert _around(found) in [error.validator_value for error in _complaints(tree, found.file, path)]
    else:
        keyword, _, value = found.rule.partition(": ")
        around = _around(found)
        assert _written(found).startswith(f'"{keyword}": ')
        assert value.split(", ") == [str(each) for each in _listed(around[keyword])]
        complaints = list(_complaints(tree, found.file, path))
        assert around in [error.schema for error in complaints] or (not complaints and fault.soort in LOOSER)


def test_nearly_every_error_has_a_rule_of_its_own() -> None:
    assert len(RULES) > 550


NUMMER = "data.betrokkenen.0.partijIdentificatoren.0"


@pytest.mark.parametrize(
    ("pad", "kind", "file", "told", "beside"),
    [
        ("", FaultKind.TE_GROOT, EVENT, "at most 64 KiB", "properties"),
        ("", FaultKind.KOPREGELS, EVENT, "attributes stand in headers such as `ce_id`", "properties"),
        ("data_base64", FaultKind.VERKEERDE_VORM, EVENT, "as UTF-8 JSON, in base64", "properties"),
        ("dataschema", FaultKind.ONBEKENDE_WAARDE, EVENT, "must name this event and version", "anyOf"),
        ("data.revisie", FaultKind.REVISIE_CONFLICT, DATA, "same revisie with other contents is refused", "minimum"),
        ("", FaultKind.BRON_NIET_TOEGESTAAN, EVENT, "at most 64 KiB", "properties"),
        ("source", FaultKind.BRON_NIET_TOEGESTAAN, EVENT, "The system that publishes the event", "maxLength"),
        ("data.kanaal", FaultKind.BRON_NIET_TOEGESTAAN, DATA, "though a municipality's policy may", "maxLength"),
        (
            "data.betrokkenen.1.authenticatie.middel",
            FaultKind.BRON_NIET_TOEGESTAAN,
            DATA,
            "policy says which means suffice",
            "maxLength",
        ),
        ("data.plaatsgevondenOp", FaultKind.IN_DE_TOEKOMST, DATA, "at most 5 minutes after", "format"),
        ("data.betrokkenen.1.ref", FaultKind.DUBBEL, DATA, "unique within this event", "maxLength"),
        ("data.betrokkenen.1.werkteVoor", FaultKind.DUBBELE_PARTIJ, DATA, "Two betrokkenen", "properties"),
        (NUMMER, FaultKind.DUBBELE_PARTIJ, DATA, "of one contact are never the same partij", "properties"),
        (NUMMER, FaultKind.ONTBREEKT, DATA, "together with the kvk_nummer", "properties"),
        (f"{NUMMER}.objectId", FaultKind.ELFPROEF, DATA, "passes the 11-proef", "maxLength"),
        (f"{NUMMER}.objectId", FaultKind.VERKEERDE_VORM, DATA, "Digits only", "maxLength"),
        (f"{NUMMER}.codeSoortObjectId", FaultKind.NIET_TOEGESTAAN, DATA, "A persoon may have brp", "properties"),
        ("data.betrokkenen.0.bezoekadres", FaultKind.LEEG, DATA, "At least one other field", "properties"),
        ("data.betrokkenen.0.vertegenwoordigt.3", FaultKind.ONBEKENDE_REF, DATA, "one formally represents", "items"),
        ("data.onderwerpen.2.betrokkenen.0", FaultKind.ONBEKENDE_REF, DATA, "that this onderwerp concerns", "items"),
        ("data.onderwerpen.0.opvolging.zaak", FaultKind.ONTBREEKT, DATA, "Required for zaak_nieuw", "anyOf"),
        ("data.vervolgOp.contactId", FaultKind.NIET_TOEGESTAAN, DATA, "in exactly one of two forms", "properties"),
    ],
)
def test_what_no_rule_can_say_is_said_by_the_nearest_description(
    pad: str, kind: FaultKind, file: str, told: str, beside: str
) -> None:
    found = schema_line(Fault(pad, kind))
    around = _around(found)
    assert (found.file, told in found.rule, beside in around) == (file, True, True)
    assert _written(found).startswith('"description": ')
    assert found.rule == " ".join(around["description"].split())


@given(mutated_events())
def test_every_error_that_an_event_can_have_leads_to_a_line(tree: Wire) -> None:
    for fault in _faults(tree):
        found = schema_line(fault)
        assert found.rule
        assert _written(found)


def test_the_schemas_go_with_the_package() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["schemas"]
    assert all(any(fnmatch(f"json/{Path(file).name}", each) for each in patterns) for file in (DATA, EVENT))
