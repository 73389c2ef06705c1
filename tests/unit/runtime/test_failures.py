"""The description of an exception: enough to find the place, and no value of the data."""

import json

import pytest
from pydantic import BaseModel, ValidationError

from services.runtime.errors import TransientFailure
from services.runtime.observe.failures import MAX_EXCEPTIONS, MAX_FRAMES, as_text, describe


class _Model(BaseModel):
    bsn: int


def _raise_on_a_value() -> None:
    _Model.model_validate({"bsn": "geheim"})


def _raised() -> ValidationError:
    with pytest.raises(ValidationError) as raised:
        _raise_on_a_value()
    return raised.value


def test_a_foreign_exception_is_described_by_type_and_place_only() -> None:
    error = _raised()

    [description] = describe(error)

    assert "geheim" in str(error)
    assert "geheim" not in json.dumps(description) + as_text(error)
    assert description["type"] == "pydantic_core._pydantic_core.ValidationError"
    assert isinstance(description["frames"], list)
    assert any(
        "tests/unit/runtime/test_failures.py" in frame and "_raise_on_a_value" in frame
        for frame in description["frames"]
    )


def test_our_own_message_is_included_and_that_of_its_cause_is_not() -> None:
    error = TransientFailure("MongoDB does not answer.")
    error.__cause__ = KeyError("geheim")

    assert describe(error) == [
        {"type": "services.runtime.errors.TransientFailure", "message": "MongoDB does not answer.", "frames": []},
        {"type": "KeyError", "frames": []},
    ]


def test_the_number_of_a_system_error_is_included() -> None:
    assert describe(OSError(111, "geheim")) == [{"type": "ConnectionRefusedError", "code": 111, "frames": []}]


def test_the_members_of_a_group_are_described() -> None:
    group = ExceptionGroup("geheim", [ValueError("geheim"), TypeError("geheim")])

    assert as_text(group) == "ExceptionGroup\nValueError\nTypeError"


def test_an_exception_that_is_its_own_cause_ends() -> None:
    error, other = ValueError("geheim"), TypeError("geheim")
    error.__cause__, other.__cause__ = other, error

    assert as_text(error) == "ValueError\nTypeError"


def test_a_chain_without_end_is_cut() -> None:
    error = ValueError("geheim")
    for _ in range(100):
        outer = ValueError("geheim")
        outer.__cause__ = error
        error = outer

    assert len(describe(error)) == MAX_EXCEPTIONS


def test_a_deep_stack_is_cut_to_its_innermost_frames() -> None:
    def dive(depth: int) -> None:
        if depth == 0:
            raise ValueError("geheim")
        dive(depth - 1)

    with pytest.raises(ValueError, match="geheim") as raised:
        dive(100)

    [description] = describe(raised.value)
    assert isinstance(description["frames"], list)
    assert len(description["frames"]) == MAX_FRAMES
