"""Reads the valid parts of an object that is wrong in places, so that the rules can still judge them."""

import json
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import ValidationError, create_model

from schemas.reading.shapes import Shape, shapes_of
from schemas.types import Bericht

_Model = TypeVar("_Model", bound=Bericht)

UNREADABLE_LIST = (None,)
"""Stands for an unreadable list: one that holds something unreadable."""


def readable(model: type[_Model], tree: object) -> _Model | None:
    """Return the object with None where it is wrong, even where its type excludes that; None when it is no object."""
    if not isinstance(tree, dict):
        return None
    try:
        return model.model_validate_json(json.dumps(tree))
    except ValidationError:
        shapes = shapes_of(model)
        missing = {name: _nothing(shape) for name, shape in shapes.items() if shape.required and name not in tree}
        found = {name: _field(model, name, shape, tree[name]) for name, shape in shapes.items() if name in tree}
        return cast("_Model", model.model_construct(None, **missing, **found))


def _field(model: type[Bericht], name: str, shape: Shape, value: object) -> Any:  # noqa: ANN401 - any field
    try:
        alone = _alone(model, shape.name).model_validate_json(json.dumps({name: value}))
    except ValidationError:
        if shape.is_text and isinstance(value, str):
            return value  # too long or blank, but still readable
        if shape.is_list and isinstance(value, list):
            return tuple(_item(shape, item) for item in value)
        return _nothing(shape) if shape.model is None or shape.is_list else readable(shape.model, value)
    return getattr(alone, shape.name)


def _item(shape: Shape, value: object) -> object:
    if shape.model is not None:
        return readable(shape.model, value)
    return value if isinstance(value, str) else None


def _nothing(shape: Shape) -> object:
    return UNREADABLE_LIST if shape.is_list else None


@cache
def _alone(model: type[Bericht], name: str) -> type[Bericht]:
    """Return a model of this field alone."""
    info = model.model_fields[name]
    fields: dict[str, Any] = {name: (info.annotation, info)}
    return create_model(f"{model.__name__}_{name}", __base__=Bericht, **fields)
