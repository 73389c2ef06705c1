"""The places of `contact.ended` that a mapping fills: what may stand at each, read from the models themselves."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Final, get_args, get_origin

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from schemas.contact_ended_v1 import ContactEnded
from schemas.reading.shapes import shapes_of
from schemas.types import Bericht, Timestamp
from schemas.values import value_class

_FREE_TEXT: Final = frozenset(
    {
        "achternaam",
        "gevraagdeHandeling",
        "inhoud",
        "naam",
        "omschrijving",
        "onderwerp",
        "organisatienaam",
        "toelichting",
        "voornaam",
    }
)
"""Texts for people, which may lose their end. An id or an address without its end would be someone else's."""


@value_class(frozen=True, slots=True)
class ContractPlace:
    """One place. `model`: that of its objects, if it may hold any; `takes_value`: it may hold a text or the like.

    `cut_at` is where a free text is cut; None where nothing may be cut.
    """

    name: str
    required: bool
    model: type[Bericht] | None
    is_list: bool
    takes_value: bool
    adapter: TypeAdapter[Any]
    cut_at: int | None

    def mistake_in(self, constant: object) -> str | None:
        """Return what is wrong with a constant at this place, without showing it; None when it fits."""
        try:
            self.adapter.validate_json(json.dumps(constant, allow_nan=False))
        except ValidationError as error:
            return str(error.errors(include_url=False, include_input=False)[0]["msg"])
        except (TypeError, ValueError):
            return "a date-time or number of TOML is none of JSON: write it as a text"
        return None

    def item(self) -> "ContractPlace":
        """Return the place of one item of this list."""
        return ContractPlace(
            name=self.name,
            required=self.required,
            model=self.model,
            is_list=False,
            takes_value=self.model is None,
            adapter=self.adapter,
            cut_at=None,
        )


@cache
def targets_of(model: type[Bericht]) -> Mapping[str, ContractPlace]:
    """Return the places of an object by their names on the wire."""
    shapes = shapes_of(model)
    return {name: _target(name, model.model_fields[shape.name], model) for name, shape in shapes.items()}


def _target(name: str, info: FieldInfo, model: type[Bericht]) -> ContractPlace:
    shape = shapes_of(model)[name]
    annotation: Any = info.annotation
    if shape.is_list:
        annotation = _item_of(annotation)
    else:
        for each in info.metadata:
            annotation = Annotated[annotation, each]
        if info.discriminator is not None:
            annotation = Annotated[annotation, info.discriminator]
    is_model = isinstance(annotation, type) and issubclass(annotation, Bericht)
    adapter = TypeAdapter[Any](annotation, config=None if is_model else ConfigDict(strict=True))
    return ContractPlace(
        name=name,
        required=shape.required,
        model=shape.model,
        is_list=shape.is_list,
        takes_value=shape.model is None or shape.is_text,
        adapter=adapter,
        cut_at=_longest(adapter) if name in _FREE_TEXT else None,
    )


def _item_of(annotation: Any) -> Any:  # noqa: ANN401 - an annotation can be anything
    if get_origin(annotation) is tuple:
        return get_args(annotation)[0]
    return next((found for each in get_args(annotation) if (found := _item_of(each)) is not None), None)


def _longest(adapter: TypeAdapter[Any]) -> int | None:
    schema = adapter.json_schema()
    rules = [schema, *schema.get("anyOf", [])]
    return next((rule["maxLength"] for rule in rules if "maxLength" in rule), None)


def target_of_time() -> ContractPlace:
    """Return the place of the event's `time`."""
    adapter = TypeAdapter[Any](Timestamp, config=ConfigDict(strict=True))
    return ContractPlace(
        name="tijd", required=True, model=None, is_list=False, takes_value=True, adapter=adapter, cut_at=None
    )


ROOT: Final = ContactEnded
