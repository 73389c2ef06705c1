"""Make a release of main: `python -m schemas.release VERSION`; `make release VERSION=1.0.0` runs the checks first.

It moves the unreleased entries of the changelog under the version, sets the version in pyproject.toml, makes the
generated files again, freezes the JSON Schemas in `schemas/released`, commits all that and tags it. It pushes nothing.

With `--dry-run` it only says whether it would. Exit status: 0 done, 1 refused.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
BRANCH: Final = "main"
UNRELEASED: Final = "## [Unreleased]\n"

_VERSION: Final = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_VERSION_LINE: Final = re.compile(r'^version = ".*"$', re.MULTILINE)
_SECTION: Final = re.compile(r"^## \[", re.MULTILINE)


class NotReleasable(Exception):
    """The repository, or the version that was asked for, does not allow a release; the message says what to do."""


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m schemas.release", description=__doc__)
    parser.add_argument("version", help="three numbers, as in 1.0.0, higher than the version in pyproject.toml")
    parser.add_argument("--dry-run", action="store_true", help="change nothing; say what stands in the way")
    given = parser.parse_args(arguments)
    try:
        refuse_unless_releasable(ROOT, given.version)
        if not given.dry_run:
            release(ROOT, given.version, datetime.now().astimezone().date())
    except NotReleasable as error:
        sys.stderr.write(f"No release: {error}\n")
        return 1
    if not given.dry_run:
        sys.stdout.write(f"Released {given.version}. Publish it with `git push origin {BRANCH} v{given.version}`.\n")
    return 0


def refuse_unless_releasable(root: Path, version: str) -> None:
    """Raise NotReleasable when the version is not a new and higher one, or main has nothing whole to release."""
    if not _VERSION.fullmatch(version):
        raise NotReleasable(f"{version!r} is no version. Give three numbers, as in `make release VERSION=1.0.0`.")
    present = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    if _numbers(version) <= _numbers(present):
        raise NotReleasable(f"{version} is not higher than {present}, the version in pyproject.toml.")
    changelog = (root / "CHANGELOG.md").read_text("utf-8")
    if f"## [{version}]" in changelog or _git(root, "tag", "--list", f"v{version}"):
        raise NotReleasable(f"{version} exists: it has a section in CHANGELOG.md, or a tag. Take the next version.")
    if not _unreleased(changelog):
        raise NotReleasable('CHANGELOG.md has no entry under "Unreleased". Write down there what changed.')
    branch = _git(root, "branch", "--show-current")
    if branch != BRANCH:
        raise NotReleasable(f"a release is made on {BRANCH}, and this is {branch or 'no branch'}.")
    if _git(root, "status", "--porcelain"):
        raise NotReleasable("there are changes that are not committed. Commit them, or put them away (`git stash`).")


def release(root: Path, version: str, day: date) -> None:
    """Make the release: one commit with all that the version changes, and its tag.

    Raises NotReleasable when git or the generator fails; what was changed by then is not committed.
    """
    changelog = root / "CHANGELOG.md"
    dated = f"{UNRELEASED}\n## [{version}] - {day.isoformat()}\n"
    changelog.write_text(changelog.read_text("utf-8").replace(UNRELEASED, dated, 1), "utf-8")
    project = root / "pyproject.toml"
    project.write_text(_VERSION_LINE.sub(f'version = "{version}"', project.read_text("utf-8"), count=1), "utf-8")
    # In a process of its own: here the modules may hold the former version.
    _run(root, sys.executable, "-m", "schemas.generate")
    _freeze(root / "schemas", version)
    _git(root, "add", "CHANGELOG.md", "pyproject.toml", "schemas")
    _git(root, "commit", "--quiet", f"--message=Release {version}")
    _git(root, "tag", "--annotate", f"--message=Release {version}", f"v{version}")


def _freeze(schemas: Path, version: str) -> None:
    """Replace the JSON Schemas of the last release by the present ones."""
    for former in (schemas / "released").glob("*/"):
        shutil.rmtree(former)
    shutil.copytree(schemas / "json", schemas / "released" / version)


def _unreleased(changelog: str) -> str:
    """Return the entries under "Unreleased", without headings."""
    _, _, after = changelog.partition(UNRELEASED)
    section = _SECTION.split(after, maxsplit=1)[0]
    return "\n".join(line for line in section.splitlines() if line.strip() and not line.startswith("#"))


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _git(root: Path, *arguments: str) -> str:
    return _run(root, "git", *arguments)


def _run(root: Path, *command: str) -> str:
    """Return what a command says on stdout. Raises NotReleasable with all that it said when it fails."""
    try:
        ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    except FileNotFoundError as error:
        raise NotReleasable(f"`{command[0]}` is not installed here.") from error
    if ran.returncode:
        raise NotReleasable(f"`{' '.join(command)}` failed.\n{ran.stdout}{ran.stderr}".rstrip())
    return ran.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
