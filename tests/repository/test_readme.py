"""What the README shows is what happens."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from services.cli import app
from services.cli.lazy import LazyCommand
from services.runtime.settings import PREFIX, Settings

README = Path("README.md").read_text(encoding="utf-8")


def test_every_setting_is_in_its_table() -> None:
    named = set(re.findall(r"`([A-Z_]+)`", README))
    assert {name.upper() for name in Settings.model_fields} <= named
    assert PREFIX in README


def test_the_event_to_try_is_answered_as_shown() -> None:
    shown = re.search(r"printf '%s\\n' '(?P<event>[^']+)' \| \S+ classify -\n(?P<answer>\{.+\})\n", README)
    assert shown is not None
    command = [sys.executable, "-m", "services.cli", "classify", "-"]
    ran = subprocess.run(command, input=shown["event"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.strip()) == (0, shown["answer"])


def test_the_event_to_publish_is_a_valid_one() -> None:
    shown = re.search(r"```json\n(?P<event>\{.+?\n\})\n```", README, re.DOTALL)
    assert shown is not None
    line = json.dumps(json.loads(shown["event"]))
    command = [sys.executable, "-m", "services.cli", "classify", "-"]
    ran = subprocess.run(command, input=line, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_every_file_that_it_links_to_exists() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if not Path(link).exists()] == []


DOCUMENTS = ("README.md", "deploy/prometheus/alerts.yml")
NAMED = re.compile(r"(?:\$ (?:\.venv/bin/)?|`)klantcontact ([a-z]+(?: [a-z]+)?)")


def _commands() -> set[str]:
    """Give every command there is, those of a group with the group's name before them, and with any word after."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    found: set[str] = set()
    for name, known in group.commands.items():
        command = known.load() if isinstance(known, LazyCommand) else known
        found |= {name} if not isinstance(command, TyperGroup) else {f"{name} {each}" for each in command.commands}
    return found


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_that_a_reader_is_told_to_type_exists(document: str) -> None:
    named = set(NAMED.findall(Path(document).read_text(encoding="utf-8")))
    known = _commands()
    assert named
    assert {each for each in named if each not in known and each.split()[0] not in known} == set()
