"""Validates JSON by the rules of a pydantic model, and returns plain values instead of models.

An object is a `dict` with the names of the wire, and an absent field stays absent: a document as MongoDB is to store
it. Models, and the documents made of them, cost three times as much to make and to free. The rules stand in the models
alone. The reader is made of the schemas in which pydantic keeps those rules for pydantic-core.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic_core import CoreConfig, SchemaValidator

Schema = dict[str, Any]

STRICT: Final = CoreConfig(strict=True, hide_input_in_errors=True)
"""As `Bericht` is. Fields that a model does not know are left out."""


def plain_reader(adapter: TypeAdapter[Any]) -> SchemaValidator:
    """Return a validator of the values that an adapter validates.

    It refuses null where a model would take it for an absent field: an event of ours has none. It returns texts for
    the members of an enum, and lists for tuples.
    """
    schema: Any = _plain(adapter.core_schema)  # type: ignore[arg-type] # one of many TypedDicts
    return SchemaValidator(schema, STRICT)


def _plain(schema: Schema) -> Schema:
    return _PLAIN.get(schema["type"], _with_inner)(schema)


def _with_inner(schema: Schema) -> Schema:
    return {**schema, "schema": _plain(schema["schema"])} if "schema" in schema else schema


def _of_model(schema: Schema) -> Schema:
    return {**_plain(schema["schema"]), **_name(schema)}


def _name(schema: Schema) -> Schema:
    """Return the name by which others refer to a schema, if it has one."""
    return {"ref": schema["ref"]} if "ref" in schema else {}


def _of_fields(schema: Schema) -> Schema:
    return {"type": "typed-dict", "fields": dict(map(_of_field, schema["fields"].items())), "config": STRICT}


def _of_field(named: tuple[str, Schema]) -> tuple[str, Schema]:
    """Return a field under its name on the wire. One that is absent by default is not required, and takes no null."""
    name, field = named
    schema = field["schema"]
    required = schema["type"] != "default"
    if not required and schema["default"] is None:
        schema = schema["schema"]
        schema = schema["schema"] if schema["type"] == "nullable" else schema
    plain = {"type": "typed-dict-field", "schema": _plain(schema), "required": required}
    return field.get("validation_alias", name), plain


def _of_default(schema: Schema) -> Schema:
    given = schema["default"]
    plain = given.value if isinstance(given, Enum) else given
    default = {"default_factory": list} if given == () else {"default": plain}
    return {"type": "default", "schema": _plain(schema["schema"]), **default}


def _of_enum(schema: Schema) -> Schema:
    return {"type": "literal", "expected": [each.value for each in schema["members"]], **_name(schema)}


def _of_tuple(schema: Schema) -> Schema:
    [items] = schema["items_schema"]
    return {**schema, "type": "list", "items_schema": _plain(items)}


def _of_union(schema: Schema) -> Schema:
    return {**schema, "choices": {tag: _plain(each) for tag, each in schema["choices"].items()}}


def _of_definitions(schema: Schema) -> Schema:
    return {**_with_inner(schema), "definitions": [_plain(each) for each in schema["definitions"]]}


_PLAIN: Final[Mapping[str, Callable[[Schema], Schema]]] = {
    "model": _of_model,
    "model-fields": _of_fields,
    "default": _of_default,
    "enum": _of_enum,
    "tuple": _of_tuple,
    "tagged-union": _of_union,
    "definitions": _of_definitions,
}
