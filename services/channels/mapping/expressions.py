"""JMESPath, compiled when the mapping is loaded, so that a mistake in an expression shows then."""

import json
from collections.abc import Iterator
from math import isfinite, prod
from typing import Any, Final

import jmespath
from jmespath.exceptions import JMESPathError, ParseError
from jmespath.functions import Functions, signature

from schemas.mapping_faults import MappingFaultKind
from services.channels.mapping.bounds import MAX_CHARACTERS, MAX_COPIES, MAX_NODES, MAX_NUMBER_CHARACTERS, MAX_VISITS
from services.channels.mapping.closures import Closure, closure, is_false, weight_of
from services.channels.mapping.errors import Unmappable

_Node = dict[str, Any]

_ON_THE_FIRST: Final = frozenset(
    {
        "filter_projection",
        "flatten",
        "index_expression",
        "pipe",
        "projection",
        "subexpression",
        "value_projection",
    }
)
"""Parts whose first child alone is asked of the whole document; the others are asked of what that gives."""


_GO_ON: Final = _ON_THE_FIRST - {"pipe"}
"""Parts that go on to a field or an item of what their first child gives."""


_SHARED: Final = frozenset({"filter_projection", "pipe"})


OF_JMESPATH: Final = (JMESPathError, ArithmeticError, TypeError, ValueError, RecursionError)
"""What the library raises for a stranger's message. Its text may hold values."""


class WrongExpression(Exception):
    """A text is no expression that a mapping may hold. The message says what to do."""


class AsksTooMuch(Exception):
    """A message asks for more steps, or longer texts, than one message may."""


class _Bounded(Functions):  # type: ignore[misc]  # jmespath has no types
    """The functions of JMESPath. `join` can make a text as long as its two arguments multiplied."""

    @signature({"types": ["string"]}, {"types": ["array-string"]})  # type: ignore[untyped-decorator]
    def _func_join(self, glue: str, texts: list[str]) -> str:
        if len(glue) * len(texts) + sum(map(len, texts)) > MAX_CHARACTERS:
            raise AsksTooMuch
        return glue.join(texts)

    @signature({"types": []})  # type: ignore[untyped-decorator]
    def _func_to_number(self, value: object) -> object:
        if isinstance(value, str) and len(value) > MAX_NUMBER_CHARACTERS:
            return None
        number = super()._func_to_number(value)
        return number if not isinstance(number, float) or isfinite(number) else None


_FUNCTIONS: Final = _Bounded()


class Interpreter:
    """Counts the steps of all expressions of one message.

    Expressions that ask the same of a contact share the result.
    """

    __slots__ = ("_contact", "_found", "_left")

    def __init__(self) -> None:
        self._left = MAX_VISITS
        self._contact: object = None
        self._found: dict[str, Any] = {}

    def begin(self, contact: object) -> None:
        """Begin a contact: drop the results of the one before."""
        self._contact = contact
        self._found = {}

    def take(self, steps: int) -> None:
        """Count steps. Raises AsksTooMuch after the last."""
        self._left -= steps
        if self._left < 0:
            raise AsksTooMuch

    def shared(self, words: str, part: Closure, value: Any) -> Any:  # noqa: ANN401 - JSON
        """Return what a part finds. Other expressions with the same words share it."""
        if value is not self._contact or value is None:
            return part(value, self)
        if words not in self._found:
            self._found[words] = part(value, self)
        return self._found[words]


class Search:
    """One expression, ready to be asked of a document."""

    __slots__ = ("_asked", "_closure", "_names", "_weight", "place", "text")

    def __init__(self, text: str, place: str) -> None:
        """Compile an expression. Raises WrongExpression."""
        self.text = text
        self.place = place
        parsed = _parsed(text)
        self._names = _names(parsed)
        self._asked = set(_asked(parsed))
        self._closure = closure(_shared(parsed), _FUNCTIONS)
        self._weight = weight_of(parsed)

    def __call__(self, document: object, interpreter: Interpreter) -> Any:  # noqa: ANN401 - JSON
        """Return what the expression finds. Raises Unmappable; what it holds of the document is never in it."""
        if self._names is not None:
            for name in self._names:
                if not isinstance(document, dict):
                    return None
                document = document.get(name)
            return document
        try:
            interpreter.take(self._weight)
            return self._closure(document, interpreter)
        except AsksTooMuch:
            raise Unmappable(self.place, MappingFaultKind.TE_VEEL) from None
        except OF_JMESPATH:
            raise Unmappable(self.place, MappingFaultKind.EXPRESSIE) from None

    def holds(self, document: object, interpreter: Interpreter) -> bool:
        """Whether a condition is true, as JMESPath has it: not for false, null, and an empty text, list or object."""
        return not is_false(self(document, interpreter))

    def names_of_document(self) -> set[str]:
        """Return the names that the expression asks of the document itself."""
        return self._asked


def _parsed(text: str) -> _Node:
    try:
        node: _Node = jmespath.compile(text).parsed
    except ParseError as error:
        position = getattr(error, "lex_position", None)
        at = f" at character {position + 1}" if isinstance(position, int) else ""
        raise WrongExpression(
            f"This is no JMESPath: it goes wrong{at}. A name with a hyphen stands in double quotes, a text in single "
            "ones and a number in backquotes, as in \"a-b\" == 'ja' and count > `0`."
        ) from None
    except (JMESPathError, RecursionError):
        raise WrongExpression("This is no JMESPath. An empty text and endless brackets are none.") from None
    parts = list(_parts(node))
    if len(parts) > MAX_NODES:
        raise WrongExpression(f"It has more than {MAX_NODES} parts. Split it over several fields or tables.")
    copies = prod(max(1, len(part["children"])) for part in parts if part["type"].startswith("multi_select"))
    if copies > MAX_COPIES:
        raise WrongExpression(
            f"Its lists and objects `[a, b]`, `{{a: b}}` together have more than {MAX_COPIES} combinations. Use fewer."
        )
    for part in parts:
        if part["type"] == "function_expression":
            _check_function(part["value"], len(part["children"]))
        elif part["type"] in _GO_ON and part["children"][0]["type"] == "not_expression":
            raise WrongExpression("`!a.b` means `(!a).b`, which is always null. Write `!(a.b)`.")
    return node


def _shared(node: _Node) -> _Node:
    """Return an expression in which each part that goes through a list can be shared with other expressions."""
    children = [_shared(child) if isinstance(child, dict) else child for child in node.get("children", ())]
    made = {**node, "children": children}
    if node["type"] not in _SHARED:
        return made
    return {"type": "shared", "value": json.dumps(node, sort_keys=True), "children": [made]}


def _check_function(name: str, given: int) -> None:
    known = _FUNCTIONS.FUNCTION_TABLE
    if name not in known:
        raise WrongExpression(f"JMESPath has no function `{name}`. It has {', '.join(sorted(known))}.")
    wanted = known[name]["signature"]
    variadic = bool(wanted) and bool(wanted[-1].get("variadic"))
    if given < len(wanted) or (given > len(wanted) and not variadic):
        least = "at least " if variadic else ""
        raise WrongExpression(f"`{name}` takes {least}{len(wanted)} arguments, and gets {given}.")


def _parts(node: _Node) -> Iterator[_Node]:
    to_do = [node]
    while to_do:
        part = to_do.pop()
        yield part
        to_do += [child for child in part.get("children", ()) if isinstance(child, dict)]


def _names(node: _Node) -> tuple[str, ...] | None:
    """Return the names of an expression that is only a path, as in `a.b`; None for another."""
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] == "subexpression" and all(child["type"] == "field" for child in node["children"]):
        return tuple(child["value"] for child in node["children"])
    return None


def _asked(node: _Node) -> Iterator[str]:
    if node["type"] == "field":
        yield node["value"]
    elif node["type"] in _ON_THE_FIRST:
        yield from _asked(node["children"][0])
    elif node["type"] != "expref":
        for child in node.get("children", ()):
            if isinstance(child, dict):
                yield from _asked(child)
