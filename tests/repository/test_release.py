"""A release is one commit and a tag, of a clean main with an unreleased entry; otherwise nothing changes."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GIT = shutil.which("git") or "git"

CHANGELOG = """\
# Changelog

## [Unreleased]

### Added

- Contacts are counted.

## [0.1.0] - 2026-01-01

- The first.
"""


def git(repository: Path, *arguments: str) -> str:
    ran = subprocess.run([GIT, *arguments], cwd=repository, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def released(repository: Path, *arguments: str) -> tuple[int, str]:
    """Run the command; return its exit status and output."""
    command = [sys.executable, "-m", "schemas.release", *arguments]
    ran = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose main has the code of this one, version 0.1.0 and a changelog with one unreleased entry."""
    made = tmp_path_factory.mktemp("prepared")
    for folder in ("schemas", "services"):
        shutil.copytree(ROOT / folder, made / folder, ignore=shutil.ignore_patterns("__pycache__"))
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    (made / "pyproject.toml").write_text(re.sub(r'(?m)^version = ".*"$', 'version = "0.1.0"', project), "utf-8")
    (made / "CHANGELOG.md").write_text(CHANGELOG, "utf-8")
    (made / ".gitignore").write_text("__pycache__/\n", "utf-8")
    subprocess.run([sys.executable, "-m", "schemas.generate"], cwd=made, capture_output=True, check=True)
    git(made, "init", "--quiet", "--initial-branch=main")
    git(made, "config", "user.name", "A Maintainer")
    git(made, "config", "user.email", "maintainer@example.org")
    git(made, "config", "commit.gpgsign", "false")
    git(made, "config", "tag.gpgsign", "false")
    commit(made)
    return made


@pytest.fixture
def repository(prepared: Path, tmp_path: Path) -> Path:
    """A copy of the prepared repository for one test."""
    return shutil.copytree(prepared, tmp_path / "repository", symlinks=True)


def commit(repository: Path) -> None:
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message=Before")


def test_a_release_has_its_version_in_every_file_of_one_tagged_commit(repository: Path) -> None:
    status, said = released(repository, "1.0.0")

    assert (status, said) == (0, "Released 1.0.0. Publish it with `git push origin main v1.0.0`.\n")
    assert git(repository, "status", "--porcelain") == ""
    assert git(repository, "log", "--format=%s") == "Release 1.0.0\nBefore"
    assert git(repository, "rev-parse", "v1.0.0^{commit}") == git(repository, "rev-parse", "main")
    assert git(repository, "cat-file", "-t", "v1.0.0") == "tag"
    changelog = (repository / "CHANGELOG.md").read_text("utf-8")
    dated = re.sub(r" - 2\d{3}-\d\d-\d\d\n", " - DAY\n", changelog, count=1)
    assert dated == CHANGELOG.replace("## [Unreleased]\n", "## [Unreleased]\n\n## [1.0.0] - DAY\n")
    assert 'version = "1.0.0"' in (repository / "pyproject.toml").read_text("utf-8")
    assert "version: 1.0.0" in (repository / "schemas" / "asyncapi.yaml").read_text("utf-8")


def test_a_release_freezes_the_schemas_and_replaces_the_former_ones(repository: Path) -> None:
    changed = repository / "schemas" / "json" / "contact.ended.1.json"
    frozen = repository / "schemas" / "released"
    former = next(each for each in frozen.iterdir() if each.is_dir())
    (former / changed.name).write_text("{}", "utf-8")
    commit(repository)

    assert released(repository, "1.0.0")[0] == 0

    assert sorted(each.name for each in frozen.iterdir()) == ["1.0.0", "README.md"]
    assert json.loads((frozen / "1.0.0" / changed.name).read_text("utf-8")) == json.loads(changed.read_text("utf-8"))


def test_a_dry_run_changes_nothing(repository: Path) -> None:
    assert released(repository, "1.0.0", "--dry-run") == (0, "")
    assert git(repository, "status", "--porcelain") == ""
    assert git(repository, "tag") == ""


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("", "'' is no version. Give three numbers, as in `make release VERSION=1.0.0`."),
        ("v1.0.0", "'v1.0.0' is no version. Give three numbers, as in `make release VERSION=1.0.0`."),
        ("1.0", "'1.0' is no version. Give three numbers, as in `make release VERSION=1.0.0`."),
        ("0.1.0", "0.1.0 is not higher than 0.1.0, the version in pyproject.toml."),
        ("0.0.9", "0.0.9 is not higher than 0.1.0, the version in pyproject.toml."),
        ("0.2.0", "0.2.0 exists: it has a section in CHANGELOG.md, or a tag. Take the next version."),
    ],
)
def test_a_version_that_is_not_a_new_and_higher_one_is_refused(repository: Path, version: str, why: str) -> None:
    git(repository, "tag", "v0.2.0")
    before = git(repository, "rev-parse", "main")

    assert released(repository, version) == (1, f"No release: {why}\n")

    assert git(repository, "rev-parse", "main") == before
    assert git(repository, "status", "--porcelain") == ""


def test_versions_are_compared_as_numbers(repository: Path) -> None:
    assert released(repository, "0.10.0", "--dry-run") == (0, "")


@pytest.mark.parametrize("entries", ["", "### Added\n\n"])
def test_a_release_without_an_unreleased_entry_is_refused(repository: Path, entries: str) -> None:
    empty = f"# Changelog\n\n## [Unreleased]\n\n{entries}## [0.1.0] - 2026-01-01\n\n- The first.\n"
    (repository / "CHANGELOG.md").write_text(empty, "utf-8")
    commit(repository)

    status, said = released(repository, "1.0.0")

    assert (status, said) == (
        1,
        'No release: CHANGELOG.md has no entry under "Unreleased". Write down there what changed.\n',
    )


def test_a_release_with_uncommitted_changes_is_refused(repository: Path) -> None:
    (repository / "note").write_text("", "utf-8")

    status, said = released(repository, "1.0.0")

    assert (status, said.split(".")[0]) == (1, "No release: there are changes that are not committed")


def test_a_release_of_another_branch_than_main_is_refused(repository: Path) -> None:
    git(repository, "switch", "--quiet", "--create", "other")

    assert released(repository, "1.0.0") == (1, "No release: a release is made on main, and this is other.\n")


def test_a_commit_that_git_refuses_is_reported_and_leaves_no_tag(repository: Path) -> None:
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho the hook says no >&2\nexit 1\n", "utf-8")
    hook.chmod(0o755)

    status, said = released(repository, "1.0.0")

    assert status == 1
    assert said.startswith("No release: `git commit")
    assert "the hook says no" in said
    assert git(repository, "tag") == ""
