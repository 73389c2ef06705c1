"""An expression as closures finds what jmespath's own interpreter finds, in any document."""

import json
import tomllib
from typing import Any

import jmespath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jmespath.visitor import Options, TreeInterpreter

from services.channels.mapping.bounds import MAX_VISITS
from services.channels.mapping.errors import Unmappable
from services.channels.mapping.expressions import _FUNCTIONS, Interpreter, Search, WrongExpression
from services.channels.mapping.files import SHIPPED
from tests.support.thoroughness import examples as examples_of
from tests.unit.channels.test_any_message import examples

FAILED = "failed"
NAMES = ["a", "b", "c"]
SCALARS = (
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, 1.5]) | st.sampled_from(["", "a", "b"])
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=12,
)

LITERALS = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=2), max_leaves=3).map(
    lambda value: f"`{json.dumps(value)}`"
)
LEAVES = st.sampled_from([*NAMES, "@", "'a'"]) | LITERALS


def _longer(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    name, index = st.sampled_from(NAMES), st.integers(-3, 3)
    order = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
    return st.one_of(
        st.builds("{}.{}".format, inner, name),
        st.builds("{}[{}]".format, inner, index),
        st.builds("{}[{}:{}]".format, inner, index, index),
        st.builds("{}[]".format, inner),
        st.builds("{}[*].{}".format, inner, name),
        st.builds("{}.*".format, inner),
        st.builds("{}[?{}].{}".format, inner, inner, name),
        st.builds("{}[?{} {} {}]".format, inner, inner, order, inner),
        st.builds("({}) | {}".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("({} && {})".format, inner, inner),
        st.builds("!({})".format, inner),
        st.builds("({}) {} ({})".format, inner, order, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{a: {}, b: {}}}".format, inner, inner),
        _called(inner),
    )


def _called(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("not_null({}, {})".format, inner, inner),
        st.builds("length({})".format, inner),
        st.builds("map(&{}, {})".format, inner, inner),
        st.builds("sort_by({}, &{})".format, inner, inner),
        st.builds("max_by({}, &{})".format, inner, inner),
        st.builds("to_string({})".format, inner),
        st.builds("contains({}, {})".format, inner, inner),
        st.builds("keys({})".format, inner),
    )


EXPRESSIONS = st.recursive(LEAVES, _longer, max_leaves=8)


def by_jmespath(text: str, document: object) -> Any:  # noqa: ANN401 - JSON
    tree = jmespath.compile(text).parsed
    try:
        return TreeInterpreter(Options(custom_functions=_FUNCTIONS)).visit(tree, document)
    except Exception:  # noqa: BLE001 - as `Search` does
        return FAILED


def by_closures(text: str, document: object) -> Any:  # noqa: ANN401 - JSON
    interpreter = Interpreter()
    interpreter.begin(document)
    try:
        return Search(text, "hier")(document, interpreter)
    except Unmappable:
        return FAILED


def shown(found: object) -> str:
    """Return a value as JSON, in which 1 is not true."""
    return json.dumps(found, default=lambda each: type(each).__name__)


@settings(max_examples=examples_of(400))
@given(text=EXPRESSIONS, document=st.dictionaries(st.sampled_from(NAMES), DOCUMENTS, min_size=2))
def test_any_expression_finds_the_same_in_any_document(text: str, document: object) -> None:
    try:
        Search(text, "hier")
    except WrongExpression:
        return
    assert shown(by_closures(text, document)) == shown(by_jmespath(text, document))


@pytest.mark.parametrize("order", ["==", "!=", "<", ">="])
@pytest.mark.parametrize("one", ["`0`", "`1`", "`1.0`", "`true`", "`false`", "`null`", "'1'", "`[1]`", "`[true]`"])
@pytest.mark.parametrize("other", ["`1`", "`0`", "`true`", "`false`", "`null`", "''", "`[1]`"])
def test_any_two_values_compare_the_same(one: str, order: str, other: str) -> None:
    text = f"{one} {order} {other}"
    assert shown(by_closures(text, {})) == shown(by_jmespath(text, {}))


def expressions_in(tree: object) -> list[str]:
    if isinstance(tree, dict):
        return [each for value in tree.values() for each in expressions_in(value)]
    if isinstance(tree, list):
        return [each for value in tree for each in expressions_in(value)]
    return [tree] if isinstance(tree, str) else []


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*/*.toml")), ids=lambda file: file.stem)
def test_each_expression_of_a_shipped_mapping_finds_the_same_in_its_examples(file: Any) -> None:  # noqa: ANN401

    asked = 0
    for text in expressions_in(tomllib.loads(file.read_text("utf-8"))):
        try:
            Search(text, "hier")
        except WrongExpression:
            continue
        for example in examples(file.stem):
            document = json.loads(example)
            for each in (document, {"item": document, "alles": document}):
                asked += 1
                assert shown(by_closures(text, each)) == shown(by_jmespath(text, each))
    assert asked > 100


@pytest.mark.parametrize(
    "text",
    ["xs[*].a", "xs[?a == `1`]", "xs[?a].b", "*.a", "xs[].a", "map(&a, xs)", "sort_by(xs, &a)", "xs[*].[a, b]"],
)
def test_each_item_that_an_expression_goes_through_is_a_step_at_least(text: str) -> None:
    document = {"xs": [{"a": 1}] * (MAX_VISITS + 1)}
    if text == "*.a":
        document = {str(each): {"a": 1} for each in range(MAX_VISITS + 1)}  # type: ignore[misc]
    with pytest.raises(Unmappable) as caught:
        Search(text, "hier")(document, Interpreter())
    assert caught.value.kind == "te_veel"
