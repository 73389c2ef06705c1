"""`klantcontact up`: the whole system on one machine, and nothing of it afterwards.

The newcomer's page is typed as it stands: each command says what the page shows.
"""

import re
import stat
import sys
from pathlib import Path
from typing import Final

from pymongo import MongoClient

from services.local.servers.network import free_port
from services.local.servers.stack import Stack
from services.local.system import System
from services.runtime.mongo.client import Document
from tests.support.bash_session import BashSession
from tests.support.commands import environment
from tests.support.typed_page import Step, is_as_shown, steps
from tests.support.up_process import FEW_PARTITIONS, alive, up_process
from tests.support.waiting import wait_for

REPOSITORY: Final = Path.cwd()
PAGE: Final = Path("docs/channels/start.md")
FILE: Final = re.compile(r"Write `(\S+)`.*?^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)
UP: Final = "klantcontact up --folder stad/systeem"
DONE_BEFORE: Final = ("sudo apt-get", "git clone", "make setup")
"""What the machine of a test has already."""


def checkout(folder: Path) -> Path:
    """Return a folder that is a checkout to who types there."""
    (folder / "services").symlink_to(REPOSITORY / "services")
    programs = folder / ".venv/bin"
    programs.mkdir(parents=True)
    for name, command in (("python", ""), ("klantcontact", "-m services.cli ")):
        (programs / name).write_text(f'#!/bin/sh\nPYTHONPATH={REPOSITORY} exec {sys.executable} {command}"$@"\n')
        (programs / name).chmod(stat.S_IRWXU)
    return folder


def page_for(port: int) -> str:
    """Return the page with another port of the intake: its own may be taken on the machine of a test."""
    return PAGE.read_text(encoding="utf-8").replace("127.0.0.1:8090", f"127.0.0.1:{port}")


def follow(bash: BashSession, step: Step) -> None:
    """Type a step. It ends with status 0, and says what the page shows."""
    status, said = bash.type(step.typed)
    assert status == 0, f"{step.typed}\n{said}"
    assert is_as_shown(said, step.shown), f"{step.typed}\n{said}"


def test_a_newcomer_gets_contacts_into_mongodb_by_the_page_alone_and_ctrl_c_leaves_nothing(
    stack: Stack, tmp_path: Path
) -> None:
    assert stack.kafka_bootstrap, "its start has fetched what there is to fetch"
    port, folder = free_port(), checkout(tmp_path)
    page = page_for(port)
    typed = [each for each in steps(page) if not each.typed.startswith(DONE_BEFORE)]
    at_up = next(number for number, each in enumerate(typed) if each.typed.endswith(UP))
    with BashSession(folder, environment() | FEW_PARTITIONS) as bash:
        for step in typed[:at_up]:
            follow(bash, step)
        for name, content in FILE.findall(page):
            (folder / name).write_text(content)
        variables = {
            "KLANTCONTACT_KANALEN_FILE": str(folder / "stad/kanalen.toml"),
            "KLANTCONTACT_INTAKE_PORT": str(port),
        }
        with up_process(folder, home=folder / "stad/systeem", variables=variables) as up:
            family, operator = up.family(), Path(up.exported()["KLANTCONTACT_MONGO_URI_FILE"])
            for name, value in up.exported().items():
                follow(bash, Step(f"export {name}={value}", ""))
            for step in typed[at_up + 1 :]:
                wait_until_there(up.system(), step)
                follow(bash, step)

            assert stat.S_IMODE(operator.stat().st_mode) == 0o600
            assert operator.read_text().split(":")[2].split("@")[0] not in up.screen()
            assert up.press_ctrl_c() == 0
    assert len(family) >= 6
    assert alive(family) == []


def wait_until_there(system: System, step: Step) -> None:
    """Wait for what a step shows: a person types more slowly than the services work."""
    if step.typed.startswith("klantcontact explain"):
        with MongoClient[Document](system.stack.mongo_uri) as client:
            stored = client[system.settings.mongo_database]["klantcontacten"]
            wait_for("both contacts are stored", lambda: stored.count_documents({}) == 2)
    if step.typed.startswith("klantcontact dlq"):
        wait_for("the wrong message is a letter", lambda: system.count_dead_letters(of_channels=True))
