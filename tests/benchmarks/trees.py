"""The source trees to measure: this one, or that of a commit, each with its own `.venv`."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
COMPILED: Final = ROOT / "build" / "compiled"
"""Where `make compiled` puts its tree."""

WORK: Final = ROOT / ".bench"
"""Trees of other commits, and what the benchmarks write. Git does not see it, and `make clean` removes it."""

SETTINGS: Final = (
    "import json; from services.runtime.settings import Settings; print(json.dumps([*Settings.model_fields]))"
)


@dataclass(frozen=True)
class Tree:
    """A folder with the sources, and the interpreter of its environment."""

    name: str
    folder: Path
    python: str

    def command(self, *arguments: str) -> list[str]:
        """Return `klantcontact …` of this tree."""
        return [self.python, "-m", "services.cli", *arguments]

    def environment(self, settings: Mapping[str, object]) -> dict[str, str]:
        """Return settings as variables, without those that this tree does not know: it would refuse them."""
        return {f"KLANTCONTACT_{name.upper()}": str(value) for name, value in settings.items() if name in self._known}

    @cached_property
    def _known(self) -> frozenset[str]:
        command = [self.python, "-c", SETTINGS]
        done = subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True)
        return frozenset(json.loads(done.stdout))


def this_tree() -> Tree:
    """Return the tree that this file stands in, as it is now, with changes that are not committed."""
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return Tree(f"{_git('rev-parse', '--short', 'HEAD')}{' + changes' if changed else ''}", ROOT, sys.executable)


def tree_of(commit: str) -> Tree:
    """Return the tree of a commit, set up the first time on the same Python as this one.

    Raises CalledProcessError where git knows no such commit, or its set-up fails.
    """
    name = _git("rev-parse", "--short", f"{commit}^{{commit}}")
    folder = WORK / name
    _git("worktree", "prune")
    if not folder.exists():
        _git("worktree", "add", "--quiet", "--detach", str(folder), name)
    # Not the variables of the `make` that runs us: they would set up this tree again.
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "--silent", "setup", f"PYTHON={base_python()}"]
    subprocess.run(command, cwd=folder, env=plain, check=True, stdout=sys.stderr)
    return Tree(name, folder, str(folder / ".venv" / "bin" / "python"))


def compiled_tree() -> Tree:
    """Return this tree with its pure modules compiled, as the image has them.

    Raises CalledProcessError where they can't be compiled.
    """
    command = ["make", "--silent", str(COMPILED.relative_to(ROOT) / "ready")]
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
    return Tree(f"{this_tree().name}, compiled", COMPILED, sys.executable)


def base_python() -> str:
    """Return the interpreter that this `.venv` was made with."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return str(Path(sys.base_prefix) / "bin" / f"python{version}")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607 - git of the developer
    return done.stdout.strip()
