"""The table of roles in MongoDB names every collection that the code names, and what is made from it is up to date."""

import ast
import importlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.projector.mongo.layout import Generation
from services.projector.mongo.writes import CONFIDENTIAL, Collection
from services.runtime.mongo import roles_files
from services.runtime.mongo.client import Document
from services.runtime.mongo.roles import ROLES, Holder, privileges, role_of_command
from services.runtime.settings import Settings

A_DATABASE = re.compile(r"(.*\.)?_?(database|db|register|projection|its_service)|client\[.+\]|.*databases\.\w+")
"""The expressions that stand for a database in our code. Its collections are taken with `[…]`."""

IN_TABLE = {name for role in ROLES.values() for right in role.rights for name in right.collections}


def named_in_code() -> Iterator[tuple[str, str]]:
    """Yield each collection that a file takes of a database by a constant or a literal, with the file."""
    for file in sorted(Path("services").rglob("*.py")):
        if "local" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Subscript) and A_DATABASE.fullmatch(ast.unparse(node.value)):
                if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
                    yield str(file), node.slice.value
                elif isinstance(node.slice, ast.Name) and node.slice.id.isupper():
                    module = importlib.import_module(".".join(file.with_suffix("").parts))
                    yield str(file), str(getattr(module, node.slice.id))


def test_every_collection_that_the_code_names_stands_in_the_table() -> None:
    named = list(named_in_code())
    assert {"partijregister", "dead_letters", "operators_lock", "herbouw"} <= {name for _, name in named}
    assert [(file, name) for file, name in named if name not in IN_TABLE] == []
    assert {generation.name_of(each) for generation in Generation for each in Collection} <= IN_TABLE


def test_what_is_confidential_parts_the_readers() -> None:
    def seen(role: str) -> set[str]:
        return {name for right in ROLES[role].rights for name in right.collections}

    assert seen("reader-confidential") - seen("reader") == set(CONFIDENTIAL.values())
    assert seen("taken-confidential") - seen("taken") == set(CONFIDENTIAL.values())
    assert seen("reader-confidential") == set(Collection) - {Collection.VERVALLEN}


def test_the_page_and_the_script_are_those_of_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert roles_files.main(["--check"]) == 0, capsys.readouterr().err


def test_files_that_differ_are_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(roles_files, "PAGE", tmp_path / "roles.md")
    monkeypatch.setattr(roles_files, "SCRIPT", tmp_path / "mongodb" / "roles.js")
    assert roles_files.main(["--check"]) == 1
    assert capsys.readouterr().err.count("is not what the table of roles makes: run `make docs`\n") == 2
    assert roles_files.main([]) == 0
    assert roles_files.main(["--check"]) == 0


NODE = shutil.which("node")

STAND_IN = """
const print = () => undefined;
const given = [];
const db = { getSiblingDB: () => ({ runCommand: (command) => { given.push(command); return { roles: [] }; } }) };
"""
"""Stands for mongosh, and keeps the commands that the script gives."""


@pytest.mark.skipif(
    NODE is None and "CI" not in os.environ,  # in CI its absence is a failure: .ci/run installs it
    reason="node comes with Debian's package nodejs",
)
def test_the_script_makes_the_roles_of_the_table() -> None:
    assert NODE is not None, "install Debian's package nodejs"
    program = f"{STAND_IN}{roles_files.SCRIPT.read_text('utf-8')}console.log(JSON.stringify(given))"
    databases = {"KLANTCONTACT_MONGO_DATABASE": "beeld", "KLANTCONTACT_MONGO_REGISTER_DATABASE": "register"}
    ran = subprocess.run([NODE, "-"], input=program, env=databases, capture_output=True, text=True, check=True)

    settings = Settings(mongo_database="beeld", mongo_register_database="register")
    made = {each["createRole"]: each["privileges"] for each in json.loads(ran.stdout) if "createRole" in each}
    assert {name: _sorted(each) for name, each in made.items()} == {
        f"beeld-{role}": _sorted(privileges(settings, role)) for role in ROLES
    }


def _sorted(granted: list[Document]) -> list[tuple[str, list[str]]]:
    return sorted((json.dumps(each["resource"], sort_keys=True), sorted(each["actions"])) for each in granted)


def test_with_one_database_a_collection_of_both_stands_once() -> None:
    granted = privileges(Settings(mongo_database="klantcontact"), "operator")
    resources = [json.dumps(each["resource"]) for each in granted]
    assert len(set(resources)) == len(resources)
    assert {Holder.REGISTER, Holder.PROJECTION} == {
        right.holder for right in ROLES["operator"].rights if "stopped_partitions" in right.collections
    }


@pytest.mark.parametrize(
    ("typed", "role"),
    [
        ("run classifier", "classifier"),
        ("run projector", "projector"),
        ("run mapper", "mapper"),
        ("dlq list", "operator"),
        ("rebuild --dry-run", "operator"),
        ("publish events.jsonl", None),
        ("topics create", None),
    ],
)
def test_a_command_runs_under_one_role(typed: str, role: str | None) -> None:
    assert role_of_command(typed.split()) == role
