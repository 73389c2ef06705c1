"""An expression asked of a document: paths, conditions, steps, and what several expressions share."""

import json
from typing import Any

import pytest

from schemas.mapping_faults import MappingFaultKind
from services.channels.mapping.bounds import MAX_VISITS
from services.channels.mapping.errors import Unmappable
from services.channels.mapping.expressions import Interpreter, Search

DOCUMENT: dict[str, Any] = {"a": {"b": 1, "c": None}, "parts": [{"kind": "x", "n": 1}, {"kind": "y", "n": 2}]}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a.b", 1),
        ("a.b.c", None),
        ("niets.b", None),
        ('"a"."b"', 1),
        ("parts[?kind=='y'] | [0].n", 2),
        ("to_number('1e999')", None),
        ("to_number('7')", 7),
        ("join('-', ['a', 'b'])", "a-b"),
    ],
)
def test_a_path_finds_what_jmespath_finds(text: str, found: object) -> None:
    assert Search(text, "hier")(DOCUMENT, Interpreter()) == found


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a", True),
        ("a.c", False),
        ("`0`", True),
        ("''", False),
        ("`[]`", False),
        ("`false`", False),
        ("a.b == `1`", True),
    ],
)
def test_a_condition_is_true_as_in_jmespath(text: str, *, holds: bool) -> None:
    assert Search(text, "hier").holds(DOCUMENT, Interpreter()) is holds


def test_what_several_expressions_ask_in_the_same_words_is_found_once() -> None:
    first, second = Search("(parts[?kind=='y'] | [0]).n", "hier"), Search("(parts[?kind=='y'] | [0]).kind", "daar")
    document = json.loads(json.dumps(DOCUMENT))
    interpreter = Interpreter()
    interpreter.begin(document)
    assert first(document, interpreter) == 2
    document["parts"].clear()
    assert second(document, interpreter) == "y"


def test_nothing_is_shared_with_another_contact_or_another_document() -> None:
    search = Search("(parts[?kind=='y'] | [0]).n", "hier")
    other = {"parts": [{"kind": "y", "n": 9}]}
    interpreter = Interpreter()
    interpreter.begin(DOCUMENT)
    assert [search(each, interpreter) for each in (DOCUMENT, other, DOCUMENT)] == [2, 9, 2]
    interpreter.begin(other)
    assert [search(each, interpreter) for each in (DOCUMENT, other)] == [2, 9]


def test_a_message_has_a_number_of_steps_over_all_its_expressions() -> None:
    interpreter, search = Interpreter(), Search("xs[?@ > `0`]", "hier")
    document = {"xs": list(range(MAX_VISITS // 6))}
    search(document, interpreter)
    with pytest.raises(Unmappable) as caught:
        search(document, interpreter)
    assert (caught.value.place, caught.value.kind) == ("hier", MappingFaultKind.TE_VEEL)


def test_what_goes_wrong_shows_no_value_of_the_document() -> None:
    with pytest.raises(Unmappable) as caught:
        Search("length(a.b)", "hier")({"a": {"b": 999990007}}, Interpreter())
    assert str(caught.value) == "hier: expressie"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
