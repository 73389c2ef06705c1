"""The shapes of a model's fields, as far as a tree must be walked before it can be validated."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from pydantic.fields import FieldInfo

from schemas.types import NOT_BLANK, Bericht
from schemas.values import value_class


@value_class(frozen=True, slots=True)
class Shape:
    """One field. `model` is that of its objects, if it may hold any; `is_text`: it may hold any text.

    `may_be_empty`: an empty text counts as absent. A form or a website that leaves a postcode out sends it so.
    """

    name: str
    required: bool
    model: type[Bericht] | None
    is_text: bool
    may_be_empty: bool
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
        may_be_empty=not info.is_required() and found is None and _has_form(info.annotation, info.metadata),
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


def _has_form(annotation: Any, metadata: Any) -> bool:  # noqa: ANN401 - the same
    """Whether a text must have a form: its JSON Schema has a pattern, and not only to say that it is not blank."""
    if any(pattern not in (None, NOT_BLANK) for each in metadata for pattern in _patterns(each)):
        return True
    inner, *more = get_args(annotation) or (None,)
    if get_origin(annotation) is Annotated:
        return _has_form(inner, more)
    return any(_has_form(each, ()) for each in get_args(annotation))


def _patterns(metadata: Any) -> Iterator[str | None]:  # noqa: ANN401 - the same
    """Yield the patterns that one annotation of a field brings to its JSON Schema."""
    yield getattr(metadata, "pattern", None)
    for written in ("json_schema", "json_schema_extra"):
        schema = getattr(metadata, written, None)
        yield schema.get("pattern") if isinstance(schema, dict) else None
    for each in metadata.metadata if isinstance(metadata, FieldInfo) else ():
        yield from _patterns(each)


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
