"""`python deploy/compiled_wheel.py FOLDER` makes a wheel there, with the pure modules compiled by mypyc.

The constructor of a dataclass stays interpreted, at ten times the price. So each value class of a copy of the sources
gets one in its source, on the blank line after its fields: the lines of a traceback are those of the sources. Whatever
else `dataclasses` makes stays as it is.
"""

import ast
import shutil
import sys
import warnings
from contextlib import chdir
from pathlib import Path
from typing import Final

from mypyc.build import mypycify
from setuptools import Extension, SetuptoolsDeprecationWarning, setup

COMPILED: Final = (
    "schemas/identities.py",
    "schemas/positions.py",
    "services/classifier/mongo/documents.py",
    "services/classifier/mongo/parts.py",
    "services/classifier/mongo/queries.py",
    "services/domain/*.py",
    "services/runtime/exactly_once/ports.py",
)
INTERPRETED: Final = {
    "services/domain/__init__.py",
    "services/domain/outcome.py",  # mypyc takes a ClassVar for a field
    "services/domain/openklant_beleid.py",  # pydantic makes its classes while the program runs
    "services/domain/policy.py",  # the same
}
COPY: Final = Path("build", "copy")
OF_VALUES: Final = "@value_class(frozen=True, slots=True)"
IMPORTED: Final = "from schemas.values import value_class"


def compiled_modules() -> list[str]:
    """Return the paths of the modules that are compiled."""
    return sorted({str(path) for pattern in COMPILED for path in Path().glob(pattern)} - INTERPRETED)


def with_constructors(source: str) -> str:
    """Return a module with a constructor in each value class that has no default made by a function."""
    lines = source.replace(IMPORTED, "from dataclasses import dataclass as value_class").split("\n")
    for kind in ast.walk(ast.parse(source)):
        if isinstance(kind, ast.ClassDef) and lines[kind.lineno - 2] == OF_VALUES:
            fields = [each for each in kind.body if isinstance(each, ast.AnnAssign)]
            made = any("default_factory" in ast.unparse(each) for each in fields)
            lines[kind.lineno - 2] = f"@value_class(unsafe_hash=True, slots=True, init={made})"
            if not made:
                after = kind.body[kind.body.index(fields[-1]) + 1 :]
                last = after[0] if after and isinstance(after[0], ast.Expr) else fields[-1]
                lines[last.end_lineno or 0] += _constructor(fields)
    return "\n".join(lines)


def _constructor(fields: list[ast.AnnAssign]) -> str:
    arguments = ", ".join(map(ast.unparse, fields))
    kept = "; ".join(f"self.{name} = {name}" for name in [ast.unparse(each.target) for each in fields])
    return f"    def __init__(self, {arguments}) -> None: {kept}"


def _extensions() -> list[Extension]:
    shutil.rmtree(COPY, ignore_errors=True)
    for package in ("schemas", "services"):
        shutil.copytree(package, COPY / package)
    shutil.copy("pyproject.toml", COPY)  # mypy's settings
    generated = str(COPY.parent.absolute() / "c")
    modules = compiled_modules()
    for path in modules:
        (COPY / path).write_text(with_constructors(Path(path).read_text()))
    with chdir(COPY):
        return mypycify(modules, target_dir=generated, debug_level="0", group_name="klantcontact")


# Only a wheel: Python would find what is compiled beside a source before that source, however old it is.
if __name__ == "__main__":
    # `bdist_wheel` installs into a folder of its own, which setuptools takes for `setup.py install`.
    warnings.simplefilter("ignore", SetuptoolsDeprecationWarning)
    setup(ext_modules=_extensions(), script_args=["--quiet", "bdist_wheel", "--dist-dir", sys.argv[1]])
