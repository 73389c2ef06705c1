"""The fields of an event for a reader: name, whether it is required, type, bounds and meaning."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from schemas.generation.glossary import Glossary
from schemas.generation.json_schemas import JsonSchema
from schemas.types import MEANING_ABSENT, NOT_BLANK

_NULL: Final = {"type": "null"}
_REFERENCE: Final = "#/$defs/"
_LONGEST_FORM: Final = 40
"""The most characters of a pattern that is shown. A longer one is for programs; the field's meaning explains it."""

_FORMATS: Final = {"date-time": "date-time with offset", "uri": "URI", "uuid": "UUID"}
_TYPES: Final = {"string": "text", "array": "list", "integer": "integer", "boolean": "boolean", "object": "object"}


@dataclass(frozen=True, slots=True)
class Word:
    """A word in a type. `refers_to` names the object of the same event that it refers to."""

    text: str
    refers_to: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object."""

    name: str
    required: bool
    type: tuple[Word, ...]
    bounds: tuple[str, ...]
    """Each in words, with code between backquotes."""
    meaning: str
    values: tuple[tuple[str, str], ...]
    """The listed values that it may have, each with its meaning."""


@dataclass(frozen=True, slots=True)
class Table:
    """One object of an event: its name, its description, and its fields in the order of the schema."""

    name: str
    description: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class FieldReader:
    """Reads the schema of one event. Where null means absent, types leave it out: the page says so once."""

    schema: JsonSchema
    glossary: Glossary
    null_is_absent: bool

    def objects(self) -> Iterator[Table]:
        """Yield every object, each after the first that refers to it."""
        for name in self._objects(self.schema):
            yield self.table(name, self.schema["$defs"][name])

    def _objects(self, schema: JsonSchema) -> dict[str, None]:
        found: dict[str, None] = {}
        for rule in schema["properties"].values():
            for word in self._type(rule):
                if word.refers_to and word.refers_to not in found:
                    found |= {word.refers_to: None, **self._objects(self.schema["$defs"][word.refers_to])}
        return found

    def table(self, name: str, schema: JsonSchema) -> Table:
        """Return the table of one object."""
        required = schema.get("required", ())
        fields = (self._field(each, rule, required=each in required) for each, rule in schema["properties"].items())
        return Table(name, schema.get("description", ""), tuple(fields))

    def _field(self, name: str, rule: JsonSchema, *, required: bool) -> Field:
        known = self.glossary.fields.get(name, "")
        description = rule.get("description", "")
        return Field(
            name=name,
            required=required,
            type=tuple(self._type(rule)),
            bounds=tuple(_bounds(_plain(rule))),
            meaning=description if known in description else f"{known} {description}".strip(),
            values=tuple(self._values(rule)),
        )

    def _type(self, rule: JsonSchema) -> Iterator[Word]:
        plain = _plain(rule)
        alternatives = plain.get("anyOf", [])
        if "$ref" in plain:
            name = plain["$ref"].removeprefix(_REFERENCE)
            yield Word("one of the values listed") if "enum" in self.schema["$defs"][name] else Word(name, name)
        elif plain.get("type") == "array":
            yield Word("list of")
            yield from self._type(plain["items"])
        elif "type" in plain or not alternatives:
            kind = plain.get("type", "string" if "const" in plain else "")
            yield Word(_FORMATS.get(plain.get("format", ""), _TYPES.get(kind, "anything")))
        for index, option in enumerate(alternatives if "type" not in plain else ()):
            if index:
                yield Word("or")
            yield from self._type(option)
        if _NULL in rule.get("anyOf", ()) and not self.null_is_absent:
            yield Word("or null")

    def _values(self, rule: JsonSchema) -> Iterator[tuple[str, str]]:
        plain = _plain(rule)
        plain = plain.get("items", plain)
        name = plain.get("$ref", "").removeprefix(_REFERENCE)
        for value in self.schema["$defs"].get(name, {}).get("enum", ()):
            yield value, self.glossary.value(name, value)


def _plain(rule: JsonSchema) -> JsonSchema:
    """Return a rule without what only means absent."""
    options = [option for option in rule.get("anyOf", ()) if option not in MEANING_ABSENT]
    rest = {name: value for name, value in rule.items() if name != "anyOf"}
    if isinstance(rule.get("type"), list):
        [rest["type"]] = [each for each in rule["type"] if each != "null"]
    if len(options) == 1:
        return {**rest, **options[0]}
    return {**rest, "anyOf": options} if options else rest


def _bounds(rule: JsonSchema) -> Iterator[str]:
    if "const" in rule:
        yield f"always `{rule['const']}`"
        return
    yield from _range(rule.get("minLength"), rule.get("maxLength"), "characters")
    yield from _range(rule.get("minItems"), rule.get("maxItems"), "items")
    yield from _range(rule.get("minimum"), rule.get("maximum"), "")
    pattern = rule.get("pattern", NOT_BLANK)
    if pattern != NOT_BLANK and "format" not in rule and len(pattern) <= _LONGEST_FORM:
        yield f"form `{pattern}`"
    if "type" not in rule:
        yield from (bound for option in rule.get("anyOf", ()) for bound in _bounds(option))
    if "items" in rule:
        yield from (f"each {bound}" for bound in _bounds(rule["items"]))
    if rule.get("default", []) != []:
        yield f"default `{_as_json(rule['default'])}`"


def _range(least: int | None, most: int | None, unit: str) -> Iterator[str]:
    if least and most:
        yield f"{least} to {most} {unit}".strip()
    elif least or most:
        text = f"at most {most} {unit}".strip() if most else "not blank" if unit == "characters" else f"from {least} on"
        yield text


def _as_json(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
