"""MongoDB's queries and updates, as far as the services use them, on plain documents."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

Document = dict[str, Any]

_MISSING: Final = object()


def matches(document: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
    """Whether a query selects a document."""
    for path, wanted in query.items():
        if path == "$or":
            if not any(matches(document, each) for each in wanted):
                return False
        elif not _fits(list(values_at(document, path.split("."))), wanted):
            return False
    return True


def _fits(found: Sequence[Any], wanted: Any) -> bool:  # noqa: ANN401 - any value of a document; so below
    if isinstance(wanted, Mapping) and any(each.startswith("$") for each in wanted):
        return all(_CONDITIONS[name](found, value) for name, value in wanted.items())
    return any(each == wanted for each in found)


_CONDITIONS: Final[Mapping[str, Callable[[Sequence[Any], Any], bool]]] = {
    "$in": lambda found, wanted: any(each in wanted for each in found if not isinstance(each, list | dict)),
    "$exists": lambda found, wanted: bool(found) is wanted,
}


def values_at(value: Any, path: Sequence[str]) -> Iterator[Any]:  # noqa: ANN401
    """Yield what lies at a path; of a list also each of its elements."""
    if not path:
        yield value
        if isinstance(value, list):
            yield from value
        return
    if isinstance(value, Mapping) and path[0] in value:
        yield from values_at(value[path[0]], path[1:])
    elif isinstance(value, list):
        if path[0].isdigit() and int(path[0]) < len(value):
            yield from values_at(value[int(path[0])], path[1:])
        for each in value:
            if isinstance(each, Mapping):
                yield from values_at(each, path)


def projected(document: Document, fields: Mapping[str, int] | None) -> Document:
    """Return the fields that a projection names."""
    if fields is None:
        return document
    part: Document = {"_id": document["_id"]}
    for path in fields:
        _copy(document, part, path.split("."))
    return part


def _copy(whole: Mapping[str, Any], part: Document, path: Sequence[str]) -> None:
    name, *rest = path
    if name not in whole:
        return
    if rest and isinstance(whole[name], Mapping):
        _copy(whole[name], part.setdefault(name, {}), rest)
    else:
        part[name] = whole[name]


def updated(document: Document, update: Any, *, inserts: bool = False) -> Document:  # noqa: ANN401 - or a pipeline
    """Return a document as an update makes it."""
    changed = copy.deepcopy(document)
    if isinstance(update, list):
        for stage in update:
            values = {name: computed(how, changed) for name, how in stage["$set"].items()}
            changed.update(values)
        return changed
    for operator, fields in update.items():
        if operator == "$setOnInsert" and not inserts:
            continue
        for path, value in fields.items():
            *steps, name = path.split(".")
            holder = changed
            for step in steps:
                holder = holder.setdefault(step, {})
            _OPERATORS[operator](holder, name, value)
    return changed


def _increase(holder: Document, name: str, by: int) -> None:
    holder[name] = holder.get(name, 0) + by


def _add_to_set(holder: Document, name: str, value: Any) -> None:  # noqa: ANN401
    if value not in holder.setdefault(name, []):
        holder[name].append(value)


_OPERATORS: Final[Mapping[str, Callable[[Document, str, Any], object]]] = {
    "$set": lambda holder, name, value: holder.__setitem__(name, value),
    "$setOnInsert": lambda holder, name, value: holder.__setitem__(name, value),
    "$unset": lambda holder, name, _: holder.pop(name, None),
    "$inc": _increase,
    "$addToSet": _add_to_set,
}


def computed(how: Any, document: Document) -> Any:  # noqa: ANN401
    """Return the value of an expression of a pipeline."""
    if isinstance(how, str) and how.startswith("$"):
        return document.get(how[1:], _MISSING)
    if not isinstance(how, dict):
        return how
    [(operator, arguments)] = how.items()
    values = [computed(each, document) for each in arguments]
    match operator:
        case "$min":
            return min(values)
        case "$add":
            return sum(values)
        case "$ifNull":
            return values[1] if values[0] is _MISSING else values[0]
        case _:
            raise AssertionError(operator)
