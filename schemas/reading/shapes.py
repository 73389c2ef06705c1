"""The shapes of a model's fields, as far as a tree must be walked before it can be validated."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from pydantic.fields import FieldInfo

from schemas.types import Bericht
from schemas.values import value_class


@value_class(frozen=True, slots=True)
class Shape:
    """One field. `model` is that of its objects, if it may hold any; `is_text`: it may hold any text."""

    name: str
    required: bool
    model: type[Bericht] | None
    is_text: bool
    is_list: bool
    min_items: int
    max_items: int | None


@cache
def shapes_of(model: type[Bericht]) -> Mapping[str, Shape]:
    """Return the shapes of a model's fields by their names on the wire."""
    return {info.alias or name: _shape(name, info) for name, info in model.model_fields.items()}


def _shape(name: str, info: FieldInfo) -> Shape:
    found = _list_in(info.annotation, info.metadata)
    min_items, max_items = found or (0, None)
    return Shape(
        name=name,
        required=info.is_required(),
        model=_model_in(info.annotation),
        is_text=found is None and _is_text(info.annotation),
        is_list=found is not None,
        min_items=min_items,
        max_items=max_items,
    )


def _model_in(annotation: Any) -> type[Bericht] | None:  # noqa: ANN401 - an annotation can be anything
    if isinstance(annotation, type) and issubclass(annotation, Bericht):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)


def _is_text(annotation: Any) -> bool:  # noqa: ANN401 - the same
    return annotation is str or any(map(_is_text, get_args(annotation)))


def _list_in(annotation: Any, metadata: Any) -> tuple[int, int | None] | None:  # noqa: ANN401 - the same
    """Return the least and the most items of the list in an annotation, or None when it holds no list."""
    if get_origin(annotation) is tuple:
        return _limit(metadata, "min_length") or 0, _limit(metadata, "max_length")
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        return _list_in(inner, metadata)
    return next((found for each in get_args(annotation) if (found := _list_in(each, ()))), None)


def _limit(metadata: Any, name: str) -> int | None:  # noqa: ANN401 - the same
    flat = [each for one in metadata for each in (one.metadata if isinstance(one, FieldInfo) else [one])]
    return next((getattr(each, name) for each in flat if hasattr(each, name)), None)
