"""One thing has one name, and one name means one thing: over all of `services/` and `schemas/`."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PACKAGES: Final = ("schemas", "services")

ALLOWED: Final[dict[str, str]] = {}
"""Names that occur twice, each with the reason."""

LIKE_A_CLASS: Final = re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")
"""A name with an underscore before it is left out: it means something in its own file only."""


def _named(module: ast.Module) -> Iterator[ast.ClassDef | ast.Name]:
    """Yield the classes of a module, and what it assigns to a name that is spelled like one: its type aliases."""
    yield from (node for node in ast.walk(module) if isinstance(node, ast.ClassDef))
    for node in module.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        yield from (target for target in targets if isinstance(target, ast.Name))


def _twice(files: dict[str, str]) -> dict[str, list[str]]:
    """Return each name that occurs more than once, with its files and lines."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for file, text in files.items():
        for node in _named(ast.parse(text)):
            name = node.name if isinstance(node, ast.ClassDef) else node.id
            if LIKE_A_CLASS.fullmatch(name):
                places[name].append(f"{file}:{node.lineno}")
    return {name: found for name, found in sorted(places.items()) if len(found) > 1}


def _ours() -> dict[str, str]:
    return {str(file): file.read_text("utf-8") for package in PACKAGES for file in sorted(Path(package).rglob("*.py"))}


def test_no_two_classes_or_type_aliases_have_one_name() -> None:
    twice = {name: places for name, places in _twice(_ours()).items() if name not in ALLOWED}
    assert not twice, "\n".join(f"{name}: {', '.join(places)}" for name, places in twice.items())


def test_every_listed_exception_occurs_twice_and_has_a_reason() -> None:
    twice = _twice(_ours())
    assert [name for name, reason in ALLOWED.items() if name not in twice or not reason] == []


def test_a_name_that_occurs_twice_is_found_in_every_form() -> None:
    files = {
        "a.py": "class Record: ...\nHeaders = list[str]\nMAX = 1\nclass _Place: ...\nT = int\n",
        "b.py": "Record: type = int\ndef f():\n    class Headers: ...\nMAX = 2\nclass _Place: ...\nT = int\n",
    }
    assert _twice(files) == {"Headers": ["a.py:2", "b.py:3"], "Record": ["a.py:1", "b.py:1"]}
