"""Open Klant's own description, and whether what it takes and answers is as it describes.

The real one departs from its description in three ways. It shows "" for an optional text that has a pattern, a shortest
length or a few possible values; it shows in its own way what is not there; and a PATCH needs no field.
"""

import json
import re
from collections.abc import Mapping
from enum import Enum, auto
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx
import jsonschema
import yaml

from tests.fakes.open_klant.api import ROOT

Node = dict[str, Any]

EMPTY_IS_SHOWN: Final = ("pattern", "minLength", "enum")

NOTHING_IS_SHOWN: Final[Mapping[str, object]] = {
    "actorIdentificatie": None,
    "betrokkene": None,
    "onderwerpobject": None,
    "partijIdentificatie": None,
    "toegewezenAanActor": {"uuid": None},
}
"""How an answer shows that there is none of these."""


class Kind(Enum):
    """What a schema is read for: an answer has fields that no request has, and a PATCH needs none."""

    ANSWER = auto()
    REQUEST = auto()
    PATCH = auto()


class Description:
    """The description in a file."""

    def __init__(self, file: Path) -> None:
        self.tree: Node = yaml.safe_load(file.read_text(encoding="utf-8"))
        self._components = {kind: _as_json_schema(self.tree["components"], kind) for kind in Kind}

    def validate(self, response: httpx.Response) -> None:
        """Raise where an answer that is no refusal, or the request that led to it, is not as described."""
        if response.is_success:
            operation = self._operation(response)
            kind = Kind.PATCH if response.request.method == "PATCH" else Kind.REQUEST
            self._validate(operation.get("requestBody", {}), response.request.content, kind)
            self._validate(operation["responses"][str(response.status_code)], response.content, Kind.ANSWER)

    def parameters(self, path: str) -> set[str]:
        """Return the names of the query parameters of a list."""
        return {each["name"] for each in self.tree["paths"][path]["get"]["parameters"] if each["in"] == "query"}

    def _operation(self, response: httpx.Response) -> Node:
        path = response.request.url.path.removeprefix(ROOT)
        template = re.sub(r"^(/[^/]+)/[^/]+$", r"\1/{uuid}", path)
        operation: Node = self.tree["paths"][template][response.request.method.lower()]
        return operation

    def _validate(self, described: Node, content: bytes, kind: Kind) -> None:
        for each in described.get("content", {}).values():
            errors = self._validator(json.dumps(each["schema"]), kind).iter_errors(json.loads(content))
            if worst := jsonschema.exceptions.best_match(errors):
                raise AssertionError(f"{kind.name} is not as described: {worst.json_path}: {worst.message}")

    @cache  # noqa: B019 - a description lives as long as the tests
    def _validator(self, schema: str, kind: Kind) -> jsonschema.Draft202012Validator:
        whole = {**_as_json_schema(json.loads(schema), kind), "components": self._components[kind]}
        return jsonschema.Draft202012Validator(whole)


def _as_json_schema(node: Any, kind: Kind) -> Any:  # noqa: ANN401 - any node of a document
    """Return a node of an OpenAPI 3.0 document as JSON Schema has it."""
    if isinstance(node, list):
        return [_as_json_schema(each, kind) for each in node]
    if not isinstance(node, Mapping):
        return node
    if "discriminator" in node:
        return _one_of(node["discriminator"])
    schema = {key: _as_json_schema(value, kind) for key, value in node.items() if key != "nullable"}
    if "properties" in node and isinstance(node.get("required"), list):
        schema["required"] = [name for name in node["required"] if _needs(kind, node["properties"].get(name, {}))]
    if kind is Kind.ANSWER and "properties" in node:
        for name in node["properties"].keys() & NOTHING_IS_SHOWN:
            schema["properties"][name] = {"anyOf": [schema["properties"][name], {"const": NOTHING_IS_SHOWN[name]}]}
    also = list[Node]()
    if node.get("nullable"):
        also.append({"type": "null"})
    if node.get("type") == "string" and any(key in node for key in EMPTY_IS_SHOWN):
        also.append({"const": ""})
    return {"anyOf": [schema, *also]} if also else schema


def _needs(kind: Kind, described: Node) -> bool:
    return kind is Kind.ANSWER or (kind is Kind.REQUEST and not described.get("readOnly"))


def _one_of(discriminator: Node) -> Node:
    """Return the schema of what is one of several, as one of its values tells."""
    name = discriminator["propertyName"]
    return {
        "allOf": [
            {"if": {"properties": {name: {"const": value}}, "required": [name]}, "then": {"$ref": schema}}
            for value, schema in discriminator["mapping"].items()
        ]
    }
