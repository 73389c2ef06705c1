"""Every error that the validation library can find here has a kind of its own in the contract."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from schemas.contact_ended_v1 import ContactEndedEvent
from schemas.faults import FAULT_KINDS, LENGTHS_OF_LISTS, FaultKind, path
from tests.contract.changes import changed
from tests.contract.test_bad_contact import LISTS, ONE_FIELD
from tests.contract.test_bad_input import ENVELOPE, STRUCTURED_ENVELOPE
from tests.support.examples import line


def _wrong_events() -> Iterator[dict[str, Any]]:
    for reason, changes, _ in [*ENVELOPE, *STRUCTURED_ENVELOPE]:
        if "character" not in reason:
            yield changed(changes)
    for reason, changes, _ in ONE_FIELD:
        if "surrogate" not in reason:
            yield changed({f"data.{place}": value for place, value in changes.items()})
    for place, most in LISTS.items():
        yield changed({f"data.{place}": ["k"] * (most + 1)})
    yield changed({"data.revisie": 10**400})


def _error_types() -> set[str]:
    found: set[str] = set()
    for tree in _wrong_events():
        try:
            ContactEndedEvent.model_validate_json(line(tree))
        except ValidationError as error:
            found.update(each["type"] for each in error.errors())
    return found


def test_every_error_type_has_a_kind_and_no_kind_is_for_nothing() -> None:
    assert _error_types() - LENGTHS_OF_LISTS == set(FAULT_KINDS)


def test_the_kinds_of_error_types_are_of_the_closed_list() -> None:
    assert all(isinstance(kind, FaultKind) for kind in FAULT_KINDS.values())


def test_a_path_has_names_and_positions() -> None:
    assert path("data", "onderwerpen", 0, "onderwerp") == "data.onderwerpen.0.onderwerp"
    assert path() == ""
