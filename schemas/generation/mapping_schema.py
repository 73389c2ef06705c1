"""The JSON Schema of a channel's mapping, for editors: it knows the fields of `contact.ended` at every place.

`klantcontact map` checks more: what an expression asks, what a table gives, and which fields are required.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from schemas import contact_ended_v1, vng
from schemas.generation.json_schemas import DIALECT, JsonSchema, json_schemas
from schemas.generation.published import CONTACT_ENDED
from schemas.mapping_file import (
    CONDITION,
    CONSTANT,
    CONVERTERS,
    DEFAULT,
    FOR_EACH,
    MAX_EXPRESSION,
    PATH,
    TABLE,
    Converter,
    MappingFile,
)
from schemas.mapping_shorthands import shorthands_of
from schemas.meanings import SchemaWithMeanings, meanings
from schemas.types import Bericht

FILE = "mapping.1.json"

_PATH_REF = {"$ref": "#/$defs/pad"}
_VALUE_REF = {"$ref": "#/$defs/padtabel"}
_NULL = {"type": "null"}


def mapping_schema() -> JsonSchema:
    """Return the schema of the whole file."""
    contract = json_schemas()[CONTACT_ENDED.data_file]
    made = MappingFile.model_json_schema(schema_generator=SchemaWithMeanings)
    own = {name: _without_titles(each) for name, each in made.pop("$defs", {}).items()}
    properties = {name: _without_titles(rule) for name, rule in made["properties"].items()}
    properties["tijd"] = {**_leaf({"type": "string"}), "description": properties["tijd"]["description"]}
    properties["contact"] = {"$ref": "#/$defs/ContactEnded"}
    objects = {"ContactEnded": contract, **contract["$defs"]}
    return {
        "$schema": DIALECT,
        "$id": "urn:klantinteracties:schema:mapping:1",
        "title": "Mapping of a channel's messages, format 1",
        "description": "How the messages of one channel become contact.ended. schemas/mapping.md explains the file.",
        "type": "object",
        "properties": properties,
        "required": made["required"],
        "additionalProperties": False,
        "$defs": {
            **own,
            "pad": {
                "description": "A path: an expression of JMESPath.",
                "type": "string",
                "minLength": 1,
                "maxLength": MAX_EXPRESSION,
            },
            "omzetter": {"anyOf": [{"const": each.value, "description": told} for each, told in _converters()]},
            "padtabel": _path_table(),
            **{name: _definition(name, each, contract) for name, each in objects.items()},
        },
    }


def _converters() -> Iterator[tuple[Converter, str]]:
    told = meanings(Converter)
    return ((each, told[each.value]) for each in Converter)


def _path_table() -> JsonSchema:
    one = {"$ref": "#/$defs/omzetter"}
    return {
        "description": "What a path finds, through its converters and its table, or else a default.",
        "type": "object",
        "properties": {
            PATH: _PATH_REF,
            CONVERTERS: {"anyOf": [one, {"type": "array", "items": one, "maxItems": 5}]},
            TABLE: {"type": "string", "description": "The name of a table: [tabel.NAME]."},
            DEFAULT: {"type": ["string", "boolean", "number"], "description": "When nothing is found."},
        },
        "required": [PATH],
        "additionalProperties": False,
    }


def _definition(name: str, schema: JsonSchema, contract: JsonSchema) -> JsonSchema:
    """Return an object of the contract as a mapping writes it; a list of values stays as it is."""
    if "properties" not in schema:
        return schema
    fields = {field: _place(rule, contract) for field, rule in schema["properties"].items()}
    shorts = {short: _leaf({"type": "string"}) for short in shorthands_of(_model(name))}
    reserved = {
        CONDITION: {**_PATH_REF, "description": "The object is there only when this is true."},
        FOR_EACH: {**_PATH_REF, "description": "One object for each item that this finds, in a list only."},
    }
    made: JsonSchema = {"type": "object", "properties": {**fields, **shorts, **reserved}, "additionalProperties": False}
    if "description" in schema:
        made = {"description": schema["description"], **made}
    if not shorts and schema.get("required"):
        made["required"] = schema["required"]
    return made


def _model(name: str) -> type[Bericht]:
    found = getattr(contact_ended_v1, name, None) or getattr(vng, name)
    assert isinstance(found, type), "each object of the contract is a class"
    assert issubclass(found, Bericht), "of messages"
    return found


def _place(rule: JsonSchema, contract: JsonSchema) -> JsonSchema:
    """Return what may fill one place."""
    described = {"description": rule["description"]} if "description" in rule else {}
    options = [each for each in rule.get("anyOf", [rule]) if each != _NULL]
    made = [each for option in options for each in _option(option, contract)]
    unique = [each for index, each in enumerate(made) if each not in made[:index]]
    return {**described, **(unique[0] if len(unique) == 1 else {"anyOf": unique})}


def _option(option: JsonSchema, contract: JsonSchema) -> Iterator[JsonSchema]:
    if _is_object(option, contract):
        yield {"$ref": option["$ref"]}
    elif "items" not in option:
        yield from _leaf({name: each for name, each in option.items() if name not in {"description", "default"}})[
            "anyOf"
        ]
    else:
        items = option["items"]
        if not _is_object(items, contract):
            yield from _leaf({"type": "array", "items": items})["anyOf"]
        yield {"type": "array", "items": _place(items, contract)}


def _is_object(rule: JsonSchema, contract: JsonSchema) -> bool:
    name = str(rule.get("$ref", "")).removeprefix("#/$defs/")
    return "properties" in contract["$defs"].get(name, {})


def _leaf(constant: Mapping[str, Any]) -> JsonSchema:
    fixed = {
        "description": "Always the same.",
        "type": "object",
        "properties": {CONSTANT: dict(constant)},
        "required": [CONSTANT],
        "additionalProperties": False,
    }
    return {"anyOf": [_PATH_REF, _VALUE_REF, fixed]}


def _without_titles(rule: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(rule, list):
        return [_without_titles(each) for each in rule]
    if not isinstance(rule, dict):
        return rule
    return {
        name: {key: _without_titles(each) for key, each in value.items()}
        if name == "properties"
        else _without_titles(value)
        for name, value in rule.items()
        if name != "title" or not isinstance(value, str)
    }
