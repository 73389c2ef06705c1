"""Hooks and workflow run what `make check` and `.ci/run` run, and name what is there."""

import re
from pathlib import Path
from typing import Any

import yaml

HOOKS: list[dict[str, Any]] = [
    hook
    for repo in yaml.safe_load(Path(".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    for hook in repo["hooks"]
]
WORKFLOW: dict[str, Any] = yaml.safe_load(Path(".github/workflows/ci.yml").read_text("utf-8"))


def _commands_of(job: str) -> str:
    return "\n".join(step.get("run", "") for step in WORKFLOW["jobs"][job]["steps"])


def test_a_hook_is_a_part_of_make_check() -> None:
    recipe = re.search(r"^check:.*\n((?:\t.+\n)+)", Path("Makefile").read_text("utf-8"), re.MULTILINE)
    assert recipe is not None
    parts = {line.strip().replace("$(BIN)", ".venv/bin") for line in recipe[1].splitlines()}
    assert [hook["entry"] for hook in HOOKS if hook["entry"] not in parts] == []
    assert all(hook["language"] == "system" for hook in HOOKS)


def test_the_workflow_runs_the_projects_own_script() -> None:
    assert ".ci/run" in _commands_of("test").splitlines()


def test_the_workflow_starts_the_containers_and_asks_the_doctor() -> None:
    commands = _commands_of("docker")
    assert "docker compose up" in commands
    assert "docker compose run --rm classifier doctor" in commands


def test_the_workflow_names_tests_that_exist() -> None:
    named = re.findall(r"\btests/[\w/.]+(?:::(\w+))?", _commands_of("docker"))
    paths = re.findall(r"\b(tests/[\w/.]+)", _commands_of("docker"))
    assert paths
    assert [path for path in paths if not Path(path).exists()] == []
    source = "".join(Path(path).read_text("utf-8") for path in paths if path.endswith(".py"))
    assert [name for name in named if name and f"def {name}(" not in source] == []
