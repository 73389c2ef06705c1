"""The line of a JSON Schema that an error breaks.

A path of an event is walked through the schema: names through `properties`, positions through `items`, on the way
through `$ref` and what may be null. At the end stands the rule of the error's kind, such as `maxLength`; where no rule
of JSON Schema can say it, a description does: the field's own, or the nearest around it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from schemas.cloudevents import DATA_BASE64
from schemas.faults import Fault, FaultKind
from schemas.types import MEANING_ABSENT, NOT_BLANK

Pointer = tuple[str | int, ...]
"""The way to a place in a schema from its root, as a JSON pointer has it."""

CONTACT: Final = "contact.ended.1"
CHANGE: Final = "toestemming.gewijzigd.1"
"""The events that publishers send, with their version."""

_RULES: Final[Mapping[FaultKind, tuple[str, ...]]] = {
    FaultKind.ONLEESBAAR: ("type",),
    FaultKind.VERKEERD_TYPE: ("type",),
    FaultKind.VERKEERD_TEKEN: ("type",),
    FaultKind.LEEG: ("minLength",),
    FaultKind.TE_LANG: ("maxLength",),
    FaultKind.TE_VEEL: ("maxItems",),
    FaultKind.TE_WEINIG: ("minItems",),
    FaultKind.BUITEN_BEREIK: ("minimum", "format"),
    FaultKind.ONBEKENDE_WAARDE: ("enum", "const"),
    FaultKind.VERKEERDE_VORM: ("format", "pattern"),
}
"""The rules that may stand for a kind, the best first. For kinds that are missing here only a description does."""

_KEY: Final = re.compile(r'"((?:[^"\\]|\\.)*)": ')


@dataclass(frozen=True, slots=True)
class SchemaLine:
    """A line of a schema; `rule` is what stands there, in a form to read. Lines count from 1."""

    file: str
    line: int
    rule: str


def schema_line(fault: Fault, event: str = CONTACT) -> SchemaLine:
    """Return the line that an error in an event breaks."""
    name, *steps = fault.pad.split(".") if fault.pad else [""]
    if name == "data" and steps:
        file, place = f"{event}.json", steps
    else:
        file, place = f"{event}.event.json", [name] if name not in ("", DATA_BASE64) else []
    if fault.soort is FaultKind.DUBBELE_PARTIJ:
        place = place[:2]  # of betrokkenen as such, wherever the identity stands
    schema = _schema(file)
    pointer, rule = schema.rule_of(place, fault.soort)
    return SchemaLine(f"schemas/json/{file}", schema.line_numbers[pointer], rule)


@dataclass(frozen=True, slots=True)
class _Schema:
    root: Mapping[str, Any]
    line_numbers: Mapping[Pointer, int]

    def rule_of(self, place: list[str], kind: FaultKind) -> tuple[Pointer, str]:
        trail = self._trail(place)
        if kind is FaultKind.ONTBREEKT:
            for form in self._forms(trail[-2] if place else ()):
                required = self._at(form).get("required", [])
                if place[-1] in required:
                    return (*form, "required", required.index(place[-1])), "required"
        for keyword in _RULES.get(kind, ()):
            for form in self._forms(trail[-1]):
                value = self._at(form).get(keyword, NOT_BLANK)
                if value != NOT_BLANK:
                    return (*form, keyword), f"{keyword}: {_readable(value)}"
        return self._described(trail)

    def _described(self, trail: list[Pointer]) -> tuple[Pointer, str]:
        """Return the nearest description: of a field, of the object that it holds, or of the object around it."""
        return next(
            ((*form, "description"), " ".join(node["description"].split()))
            for pointer in reversed(trail)
            for form in self._forms(pointer)
            if "description" in (node := self._at(form)) and (form == pointer or "properties" in node)
        )

    def _trail(self, place: list[str]) -> list[Pointer]:
        """Return the place that each step of a path leads to, the root first."""
        trail: list[Pointer] = [()]
        for step in place:
            trail.append(next(self._down(trail[-1], step)))
        return trail

    def _down(self, pointer: Pointer, step: str) -> Iterator[Pointer]:
        for form in self._forms(pointer, every=True):
            node = self._at(form)
            if step in node.get("properties", {}):
                yield (*form, "properties", step)
            elif step.isdigit() and "items" in node:
                yield (*form, "items")

    def _forms(self, pointer: Pointer, *, every: bool = False) -> Iterator[Pointer]:
        """Yield a place and what it refers to. Of several alternatives it yields none, except with `every`."""
        yield pointer
        node = self._at(pointer)
        if "$ref" in node:
            yield from self._forms(("$defs", node["$ref"].removeprefix("#/$defs/")), every=every)
        options = [index for index, option in enumerate(node.get("anyOf", [])) if option not in MEANING_ABSENT]
        if every or len(options) == 1:
            for index in options:
                yield from self._forms((*pointer, "anyOf", index), every=every)

    def _at(self, pointer: Pointer) -> Mapping[str, Any]:
        found: Any = self.root
        for step in pointer:
            found = found[step]
        assert isinstance(found, dict), pointer
        return found


@cache
def _schema(file: str) -> _Schema:
    text = files("schemas").joinpath("json", file).read_text("utf-8")
    return _Schema(json.loads(text), dict(_line_numbers(text)))


def _line_numbers(text: str) -> Iterator[tuple[Pointer, int]]:
    """Find the line of each place. Schemas are written with one key or item a line and two spaces a level."""
    place: list[str | int] = []
    for number, line in enumerate(text.splitlines(), start=1):
        written = line.lstrip(" ")
        if written[0] in "]}":
            continue
        depth = (len(line) - len(written)) // 2
        before = place[depth - 1] if 0 < depth <= len(place) else None
        key = _KEY.match(written)
        place[max(depth - 1, 0) :] = [key[1] if key else before + 1 if isinstance(before, int) else 0] if depth else []
        yield tuple(place), number


def _readable(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
