"""The meanings of an enum's members and of a model's fields, read from the texts under them in the source.

Only pages, schemas and hints show them, so they are read when one of those is made. Pydantic itself
(`use_attribute_docstrings`) reads the source of every model at every start, which took an eighth of a command's time.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from itertools import pairwise

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import ModelSchema


@cache
def meanings(kinds: type[StrEnum]) -> Mapping[str, str]:
    """Return for each member's value the text that follows the member in the source, on one line."""
    return {kinds[name].value: text for name, text in _texts(kinds)}


@cache
def field_meanings(model: type[BaseModel]) -> Mapping[str, str]:
    """Return for each field the text that follows it in the source, on one line. Fields without a text are left out.

    A field that a class inherits has the text of its parent. One that the class declares anew has only its own.
    """
    told: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if issubclass(each, BaseModel) and each is not BaseModel:
            told = {name: text for name, text in told.items() if name not in each.__annotations__} | dict(_texts(each))
    return told


class SchemaWithMeanings(GenerateJsonSchema):
    """Makes the JSON Schema of a model with the meaning of each field as its description."""

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        """Return the schema of one model."""
        made = super().model_schema(schema)
        model: type[BaseModel] = schema["cls"]
        for name, text in field_meanings(model).items():
            made["properties"][model.model_fields[name].alias or name]["description"] = text
        return made


def _texts(kind: type) -> Iterator[tuple[str, str]]:
    """Yield each name that a class gives a value or a type, with the text that follows it."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(definition, ast.ClassDef)
    for given, text in pairwise(definition.body):
        name = given.targets[0] if isinstance(given, ast.Assign) else getattr(given, "target", None)
        if (
            isinstance(name, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            yield name.id, " ".join(text.value.value.split())
