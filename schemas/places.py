"""The places of a `contact.ended`: what its model allows at each, and an example that is valid there.

The examples are those that are published, `schemas/examples`. Few fields are in none of them.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from schemas.contact_ended_v1 import ContactEndedEvent
from schemas.faults import FaultKind, generalised
from schemas.meanings import SchemaWithMeanings
from schemas.types import NOT_BLANK
from schemas.values import value_class

FieldRule = Mapping[str, Any]
"""A rule of JSON Schema."""

EXAMPLES: Final = tuple(
    f"contact.ended.{case}.json"
    for case in ("gekende-klant", "contactpersoon", "vestiging", "terugbelverzoek", "vervolg")
)
"""In the order in which they are asked for a place."""

_KVK_NUMMER: Final = {
    "codeRegister": "hr",
    "codeObjecttype": "niet_natuurlijk_persoon",
    "codeSoortObjectId": "kvk_nummer",
    "objectId": "99999001",
}
_EMAIL: Final = {
    "codeRegister": "msei",
    "codeObjecttype": "oe",
    "codeSoortObjectId": "email",
    "objectId": "parkeren@gemeente.example",
}
_ADRES: Final = {
    "huisnummertoevoeging": "A",
    "land": "NL",
    "nummeraanduidingId": "0000200000000001",
    "adresregel1": "Voorbeeldstraat 12 A",
    "adresregel2": "1234 AB Voorbeeldstad",
    "adresregel3": "Nederland",
}
_IN_NO_EXAMPLE: Final = {
    "data": {
        "betrokkenen": [
            {
                "bezoekadres": _ADRES,
                "correspondentieadres": _ADRES,
                "werkteVoor": {"naam": "Stichting Voorbeeld", "partijIdentificatoren": [_KVK_NUMMER]},
            }
        ],
        "onderwerpen": [{"opvolging": {"toegewezenAan": {"actoridentificator": _EMAIL}}}],
        "vervolgOp": {"klantcontactId": "5b1a3c9e-6f0e-4d0e-9a53-0f1d8f0f7c11"},
    }
}

_OF_VERSIONS: Final = frozenset({"datacontenttype", "dataschema"})
"""Attributes whose form names a version or a type that is known, or not."""


@value_class(frozen=True, slots=True)
class FieldPlace:
    """One place, by its path with `*` for list positions. `forms` are several where a text or an object may stand."""

    pad: str
    forms: tuple[FieldRule, ...]
    required: bool
    description: str
    example: object

    @property
    def name(self) -> str:
        """The name of the field; `*` for an item of a list."""
        return self.pad.rpartition(".")[2]


@cache
def places() -> Mapping[str, FieldPlace]:
    """Return every place below the event's root by its path, in the order of the model."""
    reader = _Reader(ContactEndedEvent.model_json_schema(schema_generator=SchemaWithMeanings))
    return {place.pad: place for place in reader.places()}


def kinds_at(place: FieldPlace) -> frozenset[FaultKind]:
    """Return the kinds of fault that the field can have by itself, without a look at others."""
    kinds = {FaultKind.VERKEERD_TEKEN}
    if place.required:
        kinds.add(FaultKind.ONTBREEKT)
    for form in place.forms:
        if "type" in form:
            kinds |= {FaultKind.VERKEERD_TYPE, *_kinds(form, place.name)}
    return frozenset(kinds)


def _kinds(form: FieldRule, name: str) -> Iterator[FaultKind]:
    for rule, kind in _RULES.items():
        if form.get(rule, NOT_BLANK) != NOT_BLANK:
            yield FaultKind.ONBEKENDE_WAARDE if kind is FaultKind.VERKEERDE_VORM and name in _OF_VERSIONS else kind
    if name in _OF_VERSIONS:
        yield FaultKind.ONBEKENDE_WAARDE
    if form.get("format") == "date-time":
        yield FaultKind.BUITEN_BEREIK


_RULES: Final = {
    "minLength": FaultKind.LEEG,
    "maxLength": FaultKind.TE_LANG,
    "pattern": FaultKind.VERKEERDE_VORM,
    "enum": FaultKind.ONBEKENDE_WAARDE,
    "const": FaultKind.ONBEKENDE_WAARDE,
    "minimum": FaultKind.BUITEN_BEREIK,
    "minItems": FaultKind.TE_WEINIG,
    "maxItems": FaultKind.TE_VEEL,
}


class _Reader:
    """Walks the JSON Schema of the model."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        self._examples: dict[str, Any] = {}
        for tree in [*map(_published, EXAMPLES), _IN_NO_EXAMPLE]:
            self._examples = {**dict(_values(tree)), **self._examples}

    def places(self) -> Iterator[FieldPlace]:
        """Yield every place below the root."""
        yield from self._below(self._schema, "")

    def _below(self, form: FieldRule, pad: str) -> Iterator[FieldPlace]:
        required = form.get("required", ())
        for name, rule in form.get("properties", {}).items():
            yield from self._at(rule, f"{pad}.{name}" if pad else name, required=name in required)
        if "items" in form:
            yield from self._at(form["items"], f"{pad}.*", required=False)

    def _at(self, rule: FieldRule, pad: str, *, required: bool) -> Iterator[FieldPlace]:
        forms = tuple(self._forms(rule))
        yield FieldPlace(pad, forms, required, rule.get("description", ""), self._short(self._examples.get(pad), forms))
        for form in forms:
            yield from self._below(form, pad)

    def _forms(self, rule: FieldRule) -> Iterator[FieldRule]:
        """Yield what a rule refers to, and each of its alternatives but null."""
        options = rule.get("anyOf") or rule.get("oneOf")
        if "$ref" in rule:
            yield from self._forms(self._schema["$defs"][rule["$ref"].removeprefix("#/$defs/")])
        elif options and "type" not in rule:
            for option in options:
                yield from self._forms(option)
        elif rule.get("type") != "null":
            yield rule

    def _short(self, example: Any, forms: tuple[FieldRule, ...]) -> Any:  # noqa: ANN401 - JSON
        """Return an example with what is required, or all of it where nothing is, and one item a list."""
        if isinstance(example, list):
            items = next(form["items"] for form in forms if "items" in form)
            return [self._short(each, tuple(self._forms(items))) for each in example[:1]]
        if not isinstance(example, dict):
            return example
        form = next(form for form in forms if "properties" in form)
        return {
            name: self._short(value, tuple(self._forms(form["properties"][name])))
            for name, value in example.items()
            if name in form.get("required", example)
        }


def _published(name: str) -> object:
    return json.loads(files("schemas").joinpath("examples", name).read_bytes())


def _values(tree: object, *steps: str) -> Iterator[tuple[str, object]]:
    """Yield each value in a tree with the path of its place, the first one of a place last."""
    items: Any = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for step, value in reversed(list(items)):
        yield from _values(value, *steps, str(step))
    yield generalised(".".join(steps)), tree
