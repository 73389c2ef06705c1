"""The copy of the sources that is compiled: the same values, made by constructors on lines that were blank."""

from dataclasses import fields, is_dataclass
from importlib import import_module
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from deploy.compiled_wheel import compiled_modules, with_constructors

SOURCE = '''
from schemas.values import value_class


@value_class(frozen=True, slots=True)
class Place:
    """A place."""

    topic: str
    offset: int = -1
    """Minus one: nobody knows."""

    def __str__(self) -> str:
        return self.topic
'''

WITH_CONSTRUCTOR = '''
from dataclasses import dataclass as value_class


@value_class(unsafe_hash=True, slots=True, init=False)
class Place:
    """A place."""

    topic: str
    offset: int = -1
    """Minus one: nobody knows."""
    def __init__(self, topic: str, offset: int = -1) -> None: self.topic = topic; self.offset = offset
    def __str__(self) -> str:
        return self.topic
'''


def test_a_constructor_stands_on_the_blank_line_after_the_fields() -> None:
    assert with_constructors(SOURCE) == WITH_CONSTRUCTOR


@pytest.mark.parametrize("path", compiled_modules())
def test_every_value_is_made_the_same(path: str) -> None:
    source = Path(path).read_text("utf-8")
    written = with_constructors(source)
    original = import_module(path.removesuffix(".py").replace("/", "."))
    copy: dict[str, Any] = {"__name__": original.__name__}
    exec(compile(written, path, "exec"), copy)  # noqa: S102 - our own source

    assert written.count("\n") == source.count("\n")
    for kind in values_of(original):
        copied = copy[kind.__name__]
        assert arguments(copied) == arguments(kind)
        assert copied.__match_args__ == kind.__match_args__
        values = range(len(fields(kind)))
        one, other = copied(*values), copied(*values)
        assert [getattr(one, each.name) for each in fields(kind)] == [*values]
        assert (one, repr(one)) == (other, repr(kind(*values)))
        if kind.__hash__ is not None:
            assert hash(one) == hash(other)


def values_of(module: ModuleType) -> list[type[Any]]:
    named = [each for each in vars(module).values() if isinstance(each, type) and is_dataclass(each)]
    return [each for each in named if each.__module__ == module.__name__]


def arguments(kind: type[Any]) -> list[tuple[str, str]]:
    return [(each.name, repr(each.default)) for each in signature(kind).parameters.values()]
