"""JMESPath as Python closures: a part of an expression becomes one function, made when the mapping is loaded.

The library's own interpreter walks the tree anew for each message, which takes five times as long. Each function does
what `TreeInterpreter` of jmespath 1.1 does for that kind of part; `tests/unit/channels/test_closures.py` compares them.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from jmespath.functions import Functions
from jmespath.visitor import _Expression

PartNode = Mapping[str, Any]
"""A part as jmespath's parser makes it."""


class StepCount(Protocol):
    """The steps that a message may still take, and the results that its expressions share."""

    def take(self, steps: int) -> None:
        """Count steps. Raises AsksTooMuch after the last."""

    def shared(self, words: str, part: "Closure", value: Any) -> Any:  # noqa: ANN401 - JSON
        """Return what a part finds. Other expressions with the same words share it."""


Closure = Callable[[Any, StepCount], Any]


def is_false(value: object) -> bool:
    """Whether a value is false in JMESPath: false, null, and an empty text, list or object. 0 is not."""
    return not value and (value is False or not isinstance(value, int | float))


def weight_of(node: PartNode) -> int:
    """Return the parts of an expression that are asked once, or once for each item of what it goes through."""
    children = node.get("children", ())
    if node["type"] in _THROUGH:
        children = children[:1]
    return 1 + sum(weight_of(each) for each in children if isinstance(each, dict))


_THROUGH: Final = frozenset({"projection", "filter_projection", "value_projection", "expref"})
"""Parts that ask their later children of each item: those count for each."""


def closure(node: PartNode, functions: Functions) -> Closure:
    """Return the function of a part."""
    return _Maker(functions).made(node)


class _Maker:
    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def made(self, node: PartNode) -> Closure:
        make: Callable[[PartNode], Closure] = getattr(self, f"_{node['type']}")
        return make(node)

    def _children(self, node: PartNode) -> list[Closure]:
        return [self.made(each) for each in node["children"]]

    # What a part is by itself

    def _identity(self, _: PartNode) -> Closure:
        return lambda value, steps: value  # noqa: ARG005 - all have one form; so below

    _current = _identity

    def _literal(self, node: PartNode) -> Closure:
        constant = node["value"]
        return lambda value, steps: constant  # noqa: ARG005

    def _field(self, node: PartNode) -> Closure:
        name = node["value"]
        return lambda value, steps: value.get(name) if isinstance(value, dict) else None  # noqa: ARG005

    def _index(self, node: PartNode) -> Closure:
        index = node["value"]

        def indexed(value: Any, _: StepCount) -> Any:  # noqa: ANN401 - JSON; so below
            try:
                return value[index] if isinstance(value, list) else None
            except IndexError:
                return None

        return indexed

    def _slice(self, node: PartNode) -> Closure:
        taken = slice(*node["children"])
        return lambda value, steps: value[taken] if isinstance(value, list) else None  # noqa: ARG005

    # Parts of parts

    def _subexpression(self, node: PartNode) -> Closure:
        first, *rest = self._children(node)

        def chained(value: Any, steps: StepCount) -> Any:  # noqa: ANN401
            found = first(value, steps)
            for each in rest:
                found = each(found, steps)
            return found

        return chained

    _index_expression = _subexpression
    _pipe = _subexpression

    def _shared(self, node: PartNode) -> Closure:
        (part,), words = self._children(node), node["value"]
        return lambda value, steps: steps.shared(words, part, value)

    def _key_val_pair(self, node: PartNode) -> Closure:
        return self.made(node["children"][0])

    def _multi_select_dict(self, node: PartNode) -> Closure:
        parts = [(each["value"], self.made(each)) for each in node["children"]]
        return lambda value, steps: None if value is None else {name: part(value, steps) for name, part in parts}

    def _multi_select_list(self, node: PartNode) -> Closure:
        parts = self._children(node)
        return lambda value, steps: None if value is None else [part(value, steps) for part in parts]

    # Conditions

    def _or_expression(self, node: PartNode) -> Closure:
        left, right = self._children(node)

        def either(value: Any, steps: StepCount) -> Any:  # noqa: ANN401
            found = left(value, steps)
            return right(value, steps) if is_false(found) else found

        return either

    def _and_expression(self, node: PartNode) -> Closure:
        left, right = self._children(node)

        def both(value: Any, steps: StepCount) -> Any:  # noqa: ANN401
            found = left(value, steps)
            return found if is_false(found) else right(value, steps)

        return both

    def _not_expression(self, node: PartNode) -> Closure:
        (part,) = self._children(node)

        def negated(value: Any, steps: StepCount) -> bool:  # noqa: ANN401
            found = part(value, steps)
            return not found and not _is_number(found)

        return negated

    def _comparator(self, node: PartNode) -> Closure:
        left, right = self._children(node)
        name = node["value"]
        if name in _ORDERS:
            return _ordered(left, right, _ORDERS[name])
        equal = name == "eq"
        return lambda value, steps: _equals(left(value, steps), right(value, steps)) is equal

    # Parts that go through a list or an object

    def _flatten(self, node: PartNode) -> Closure:
        (part,) = self._children(node)

        def flattened(value: Any, steps: StepCount) -> Any:  # noqa: ANN401
            found = part(value, steps)
            if not isinstance(found, list):
                return None
            merged: list[Any] = []
            for each in found:
                if isinstance(each, list):
                    merged += each
                else:
                    merged.append(each)
            return merged

        return flattened

    def _projection(self, node: PartNode) -> Closure:
        base, part = self._children(node)
        weight = weight_of(node["children"][1])

        def projected(value: Any, steps: StepCount) -> Any:  # noqa: ANN401
            found = base(value, steps)
            return _kept(found, part, steps, weight) if isinstance(found, list) else None

        return projected

    def _value_projection(self, node: PartNode) -> Closure:
        base, part = self._children(node)
        weight = weight_of(node["children"][1])

        def projected(value: Any, steps: StepCount) -> Any:  # noqa: ANN401
            found = base(value, steps)
            return _kept(list(found.values()), part, steps, weight) if isinstance(found, dict) else None

        return projected

    def _filter_projection(self, node: PartNode) -> Closure:
        base, part, condition = self._children(node)
        weight, of_condition = map(weight_of, node["children"][1:])

        def filtered(value: Any, steps: StepCount) -> Any:  # noqa: ANN401
            found = base(value, steps)
            if not isinstance(found, list):
                return None
            steps.take(len(found) * of_condition)
            chosen = [each for each in found if not is_false(condition(each, steps))]
            return _kept(chosen, part, steps, weight)

        return filtered

    # Functions

    def _expref(self, node: PartNode) -> Closure:
        (part,) = self._children(node)
        weighed = part, weight_of(node["children"][0])
        return lambda value, steps: _Expression(weighed, _Calls(steps))  # noqa: ARG005

    def _function_expression(self, node: PartNode) -> Closure:
        name, parts, call = node["value"], self._children(node), self._functions.call_function
        return lambda value, steps: call(name, [part(value, steps) for part in parts])


class _Calls:
    """The interpreter that jmespath's functions call for an argument that is an expression: `sort_by` for each item."""

    def __init__(self, steps: StepCount) -> None:
        self._budget = steps

    def visit(self, weighed: tuple[Closure, int], value: Any) -> Any:  # noqa: ANN401
        """Ask the expression of one item."""
        part, weight = weighed
        self._budget.take(weight)
        return part(value, self._budget)


_ORDERS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "lt": operator.lt,
    "gt": operator.gt,
    "lte": operator.le,
    "gte": operator.ge,
}


def _ordered(left: Closure, right: Closure, compare: Callable[[Any, Any], bool]) -> Closure:
    def ordered(value: Any, steps: StepCount) -> bool | None:  # noqa: ANN401
        one, other = left(value, steps), right(value, steps)
        return compare(one, other) if _is_comparable(one) and _is_comparable(other) else None

    return ordered


def _kept(found: Sequence[Any], part: Closure, steps: StepCount, weight: int) -> list[Any]:
    """Return what a part finds in each item, without null."""
    steps.take(len(found) * weight)
    return [each for each in [part(item, steps) for item in found] if each is not None]


def _equals(one: object, other: object) -> bool:
    """Whether two values are equal. To Python 1 is True, and to JMESPath it is not.

    As in jmespath, that holds for the two values themselves. Within lists and objects 1 equals True.
    """
    if isinstance(one, bool) is not isinstance(other, bool):
        return False
    return bool(one == other)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_comparable(value: object) -> bool:
    return isinstance(value, str) or _is_number(value)
