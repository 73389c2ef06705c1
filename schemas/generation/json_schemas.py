"""JSON Schemas, draft 2020-12, of the models: one for each whole event, and one for its data alone.

The laws of this file:
- In an input event any field that is not required may be null, which means absent. One with a form may be empty too.
- In an output event an absent field is never null, and a list or a boolean is always present.
- Fields that are not listed are allowed: publishers may be ahead of us, and we of subscribers.
Each file is complete, so that no validator has to fetch anything.
"""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.generation.published import EVENTS, PublishedEvent
from schemas.meanings import SchemaWithMeanings
from schemas.types import MEANING_ABSENT, NOT_BLANK, Bericht

JsonSchema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_NULL = {"type": "null"}
_ANY_OF = ("anyOf", "oneOf")
_ANNOTATIONS = ("description", "default")
_NAMED = ("properties", "$defs")
_FIRST = ("$schema", "$id", "$ref", "title", "description", "type", "format", "const", "enum", "properties", "required")


def json_schemas() -> Mapping[str, JsonSchema]:
    """Return the contents of every file by its name."""
    return dict(_files())


def _files() -> Iterator[tuple[str, JsonSchema]]:
    for event in EVENTS:
        whole = f"{event.name}, version {event.version}"
        yield event.data_file, _schema(event, event.data, urn=event.urn, title=f"{whole}: data")
        yield event.event_file, _schema(event, event.event, urn=f"{event.urn}:event", title=whole)


def _schema(event: PublishedEvent, model: type[Bericht], *, urn: str, title: str) -> JsonSchema:
    made = model.model_json_schema(schema_generator=_WithoutTitles)
    definitions = made.pop("$defs", {})
    for each in (made, *definitions.values()):
        _apply_laws(each, is_input=event.is_input)
    named = {"$schema": DIALECT, "$id": urn, **made, "title": title}
    ordered: JsonSchema = _ordered(named if not definitions else {**named, "$defs": dict(sorted(definitions.items()))})
    return ordered


class _WithoutTitles(SchemaWithMeanings):
    """Leaves out titles, which would repeat the names of fields."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - the signature is the library's
        return False


def _apply_laws(schema: JsonSchema, *, is_input: bool) -> None:
    """Apply the laws of this file to one object."""
    schema.pop("title", None)
    if "description" in schema:
        schema["description"] = inspect.cleandoc(schema["description"]).replace("\n", " ").replace("  ", "\n\n")
    required = schema.get("required", [])
    for name, rule in schema.get("properties", {}).items():
        if rule.get("default", ...) is None or isinstance(rule.get("default"), dict):
            del rule["default"]  # the default is absence, which needs no words
        if is_input:
            schema["properties"][name] = rule if name in required else _or_null(rule)
        else:
            schema["properties"][name] = rule if name in required else _not_null(rule)
            if rule.pop("default", None) in ([], False):
                required.append(name)


def _or_null(rule: JsonSchema) -> JsonSchema:
    """Return the shortest rule that also allows what means absent."""
    annotations: JsonSchema = {name: rule[name] for name in _ANNOTATIONS if name in rule}
    bare = {name: value for name, value in rule.items() if name not in _ANNOTATIONS}
    if not bare:
        return rule
    first, *others = [option for option in _flat(bare) if option != _NULL]
    if first.get("pattern", NOT_BLANK) != NOT_BLANK:
        return {"anyOf": [first, *others, *reversed(MEANING_ABSENT)], **annotations}
    if not others and isinstance(first.get("type"), str) and not {"const", "enum", "anyOf"} & set(first):
        return {**first, "type": [first["type"], "null"], **annotations}
    return {"anyOf": [first, *others, _NULL], **annotations}


def _not_null(rule: JsonSchema) -> JsonSchema:
    """Return the rule without null, which a model accepts when it reads."""
    if _NULL not in rule.get("anyOf", []):
        return rule
    rest = {name: value for name, value in rule.items() if name != "anyOf"}
    options = [option for option in rule["anyOf"] if option != _NULL]
    return {**options[0], **rest} if len(options) == 1 else {"anyOf": options, **rest}


def _flat(rule: JsonSchema) -> list[JsonSchema]:
    """Return the alternatives of a rule, with those nested in an alternative."""
    for name in _ANY_OF:
        if set(rule) == {name}:
            return [flat for option in rule[name] for flat in _flat(option)]
    return [rule]


def _ordered(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a schema with its keys in reading order; properties keep the order of the model."""
    if isinstance(value, list):
        return [_ordered(each) for each in value]
    if not isinstance(value, dict):
        return value
    names = sorted(value, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    return {
        name: {key: _ordered(each) for key, each in value[name].items()} if name in _NAMED else _ordered(value[name])
        for name in names
    }
