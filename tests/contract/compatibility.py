"""Whether a JSON Schema still keeps what an earlier one promised.

What we read may only become wider: everything that was accepted is accepted, and means the same. What we write may only
become narrower: everything that goes out is what subscribers were told. A property that is gone breaks in both
directions; a new one that nobody has to send breaks in neither, since fields that are not known are ignored.

It knows the part of JSON Schema that `schemas.generation` uses, and takes any other change of a rule for a break.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from schemas.types import MEANING_ABSENT

Schema = Mapping[str, Any]

_UPPER: Final = ("maxLength", "maximum", "maxItems")
_LOWER: Final = ("minLength", "minimum", "minItems")
_SAID_ONLY: Final = frozenset({"$schema", "$id", "$defs", "title", "description", "default"})
_COMPARED: Final = frozenset({"$ref", "type", "const", "enum", "properties", "required", "items", *_UPPER, *_LOWER})


class Direction(StrEnum):
    """Who would break."""

    READ = "read"
    """Publishers: we read what they send."""
    WRITTEN = "written"
    """Subscribers: they read what we write."""


def breaks(old: Schema, new: Schema, direction: Direction) -> list[str]:
    """Return each breaking change, as in "data.kanaal: maxLength"; none when nobody breaks."""
    return list(_Comparison(old, new, direction).of(old, new, ""))


@dataclass
class _Comparison:
    """Compares two documents; definitions that point back at themselves are compared once."""

    old: Schema
    new: Schema
    direction: Direction
    seen: set[tuple[str, str]] = field(default_factory=set)

    def of(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        references = (old.get("$ref", ""), new.get("$ref", ""))
        if all(references):
            if references in self.seen:
                return
            self.seen.add(references)
        old, new = _resolved(old, self.old), _resolved(new, self.new)
        if self.direction is Direction.READ and old.get("default") != new.get("default"):
            yield f"{at}: default"
        yield from self._alternatives(_options(old), _options(new), at)

    def _alternatives(self, old: list[Schema], new: list[Schema], at: str) -> Iterator[str]:
        """Hold each alternative of the narrower side against those of the wider side."""
        inner, outer = (old, new) if self.direction is Direction.READ else (new, old)
        for option in inner:
            found = [(other in MEANING_ABSENT, list(self._within(option, other, at))) for other in outer]
            if all(each for _, each in found):
                yield from min(found, key=lambda each: (each[0], len(each[1])))[1]

    def _within(self, inner: Schema, outer: Schema, at: str) -> Iterator[str]:
        """Return each rule by which `inner` allows something that `outer` does not."""
        inner, outer = self._resolved_sides(inner, outer)
        if _type(outer) is not None and _type(inner) != _type(outer):
            yield f"{at}: type"
            return
        if _values(outer) is not None and not set(_values(inner) or [...]) <= set(_values(outer) or ()):
            yield f"{at}: values"
        for name in _UPPER:
            if name in outer and inner.get(name, float("inf")) > outer[name]:
                yield f"{at}: {name}"
        for name in _LOWER:
            if name in outer and inner.get(name, float("-inf")) < outer[name]:
                yield f"{at}: {name}"
        for name in sorted(set(outer) - _COMPARED - _SAID_ONLY):
            if inner.get(name) != outer[name]:
                yield f"{at}: {name}"
        yield from self._parts(inner, outer, at)

    def _parts(self, inner: Schema, outer: Schema, at: str) -> Iterator[str]:
        for name in sorted(set(outer.get("required", ())) - set(inner.get("required", ()))):
            yield f"{_under(at, name)}: required"
        old, new = (inner, outer) if self.direction is Direction.READ else (outer, inner)
        for name, rule in old.get("properties", {}).items():
            if name in new.get("properties", {}):
                yield from self.of(rule, new["properties"][name], _under(at, name))
            else:
                yield f"{_under(at, name)}: removed"
        if "items" in old and "items" in new:
            yield from self.of(old["items"], new["items"], _under(at, "*"))
        elif "items" in outer:
            yield f"{at}: items"

    def _resolved_sides(self, inner: Schema, outer: Schema) -> tuple[Schema, Schema]:
        of_inner, of_outer = (self.old, self.new) if self.direction is Direction.READ else (self.new, self.old)
        return _resolved(inner, of_inner), _resolved(outer, of_outer)


def _resolved(schema: Schema, document: Schema) -> Schema:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    target: Schema = document["$defs"][reference.removeprefix("#/$defs/")]
    return {**target, **{name: value for name, value in schema.items() if name != "$ref"}}


def _options(schema: Schema) -> list[Schema]:
    """Return the alternatives: of anyOf when there is nothing beside it, else of a list of types."""
    if "anyOf" in schema and set(schema) <= {"anyOf"} | _SAID_ONLY:
        return list(schema["anyOf"])
    types = schema.get("type")
    if isinstance(types, list):
        return [{**schema, "type": each} if each != "null" else {"type": "null"} for each in types]
    return [schema]


def _type(schema: Schema) -> str | None:
    found: str | None = schema.get("type")
    return found


def _values(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    found: list[Any] | None = schema.get("enum")
    return found


def _under(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name
