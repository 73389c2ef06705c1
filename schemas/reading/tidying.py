"""Prepares a parsed event for validation: removes what the contract ignores and what pydantic can't take.

pydantic miscounts a list that holds errors, and fails on half a surrogate pair and on deep nesting. These are reported
or removed here, so that it still finds every other fault. NUL is reported here too: no model looks at characters.
"""

from dataclasses import dataclass, field
from typing import Any

from schemas.faults import Fault, FaultKind, path
from schemas.reading.coherence import ZAAK_OPVOLGING
from schemas.reading.shapes import Shape, shapes_of
from schemas.types import Bericht
from schemas.vng import SoortPartij

MAX_UNKNOWN_FIELDS = 20
"""The most unknown fields of one event that are named. A publisher may be ahead of us, but not without bounds."""

NUL = "\0"
"""A character that JSON can hold and other registers refuse: Open Klant, and every program that ends a text there."""

NULL_MEANS_UNKNOWN = "totStandGekomen"

_Place = tuple[str | int, ...]


@dataclass(slots=True)
class Tidied:
    """The faults and unknown fields that were found. The latter are paths without list positions, of `data` only."""

    faults: list[Fault] = field(default_factory=list)
    unknown_fields: dict[str, None] = field(default_factory=dict)


def tidy(tree: dict[str, Any], model: type[Bericht]) -> Tidied:
    """Change a tree in place into one that `model` can validate."""
    tidied = Tidied()
    _drop_ignored(tree)
    _tidy_object(tree, model, (), tidied)
    return tidied


def _drop_ignored(tree: dict[str, Any]) -> None:
    """Remove the fields that the contract ignores beside others, whatever they hold."""
    for betrokkene in _objects(tree.get("data"), "betrokkenen"):
        if betrokkene.get("soortPartij") != SoortPartij.CONTACTPERSOON:
            betrokkene.pop("werkteVoor", None)
    for onderwerp in _objects(tree.get("data"), "onderwerpen"):
        opvolging = onderwerp.get("opvolging")
        if isinstance(opvolging, dict) and opvolging.get("soort") not in list(ZAAK_OPVOLGING):
            opvolging.pop("zaak", None)


def _objects(data: object, name: str) -> list[dict[str, Any]]:
    items = data.get(name) if isinstance(data, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _tidy_object(tree: dict[str, Any], model: type[Bericht], at: _Place, tidied: Tidied) -> None:
    shapes = shapes_of(model)
    for name, value in list(tree.items()):
        shape = shapes.get(name)
        if shape is None:
            del tree[name]
            if at and len(tidied.unknown_fields) < MAX_UNKNOWN_FIELDS:
                steps = [step for step in at if isinstance(step, str)]
                tidied.unknown_fields[".".join([*steps, _one_step(name)])] = None
        elif (value is None and name != NULL_MEANS_UNKNOWN) or (value == "" and shape.may_be_empty):
            del tree[name]
        else:
            tree[name] = _tidied(value, shape, (*at, name), tidied)


def _tidied(value: Any, shape: Shape, at: _Place, tidied: Tidied) -> Any:  # noqa: ANN401 - JSON
    match value:
        case str():
            whole = _whole_characters(value).replace(NUL, "?")
            if whole != value:
                tidied.faults.append(Fault(path(*at), FaultKind.VERKEERD_TEKEN))
            return whole
        case list() if shape.is_list:
            return _tidied_list(value, shape, at, tidied)
        case dict() if shape.model is not None and not (shape.is_list and isinstance(at[-1], str)):
            _tidy_object(value, shape.model, at, tidied)
            return value
        case dict() | list():
            return type(value)()  # of the wrong type, whatever it holds
        case _:
            return value


def _tidied_list(items: list[Any], shape: Shape, at: _Place, tidied: Tidied) -> list[Any]:
    """Report a wrong length, which pydantic counts over valid items only, and cut the list to the longest allowed."""
    if isinstance(at[-1], int):
        return []  # a list in a list: of the wrong type, whatever it holds
    if len(items) < shape.min_items:
        tidied.faults.append(Fault(path(*at), FaultKind.TE_WEINIG))
    if shape.max_items is not None and len(items) > shape.max_items:
        tidied.faults.append(Fault(path(*at), FaultKind.TE_VEEL))
    return [_tidied(item, shape, (*at, index), tidied) for index, item in enumerate(items[: shape.max_items])]


def _one_step(name: str) -> str:
    """Return a publisher's own name as one step of a path, so that all steps before it are ours."""
    return _whole_characters(name).replace(".", "·").replace(NUL, "?")


def _whole_characters(text: str) -> str:
    """Replace each half of a surrogate pair by a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")
