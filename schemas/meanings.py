"""The meanings of the members of an enum, read from the texts under them in the source."""

import ast
import inspect
import textwrap
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from itertools import pairwise


@cache
def meanings(kinds: type[StrEnum]) -> Mapping[str, str]:
    """Return for each member's value the text that follows the member in the source, on one line."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kinds))).body
    assert isinstance(definition, ast.ClassDef)
    return {
        kinds[member.targets[0].id].value: " ".join(text.value.value.split())
        for member, text in pairwise(definition.body)
        if isinstance(member, ast.Assign)
        and isinstance(member.targets[0], ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
