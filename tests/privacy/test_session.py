"""The session of `docs/privacy/session.md`, typed as it stands there: each command says what the page shows.

A short run publishes what concerns the household of the klant, and some others. A whole run publishes all 5,000.
"""

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

from services.channels.channels_file import NO_CHANNELS
from services.local.logins import logged_in
from services.local.sample import sample
from services.local.servers.stack import Stack
from services.local.system import System
from services.runtime.channel_topics import CHANNELS_VARIABLE
from tests.acceptance.pipeline import documents, publish, wait_until_all_is_stored
from tests.acceptance.shared_system import shared_system
from tests.support.commands import klantcontact
from tests.support.typed_page import Step, is_as_shown, steps
from tests.support.whole import whole

pytestmark = pytest.mark.server

PAGE: Final = Path("docs/privacy/session.md")
SAMPLE: Final = "klantcontact sample 5000 | klantcontact publish -"
LOGIN: Final = re.compile(r"export KLANTCONTACT_MONGO_URI_FILE=\S+/klantcontact-(\w+)$")
FILE: Final = re.compile(r"\w+\.(?:json|html)")


def published() -> Sequence[bytes]:
    """Return the sample; in a short run only what is published with a key of the klant, and the first contacts."""
    lines, bsn = list(sample(5_000)), re.search(r"9999\d{5}", PAGE.read_text(encoding="utf-8"))
    assert bsn is not None
    keys = {json.loads(line)["partitionkey"] for line in lines if bsn[0].encode() in line}
    of_klant = [line for line in lines[200:] if json.loads(line)["partitionkey"] in keys]
    return whole([*lines[:200], *of_klant], lines)


@pytest.fixture(scope="module")
def system(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with shared_system(stack, tmp_path_factory.mktemp("system"), topic_partitions=4) as running:
        yield running


class Terminal:
    """Types the steps, with the login and the files that they name."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._role = "operator"

    def type(self, step: Step) -> None:
        """Type one step. It ends with status 0, and says what the page shows."""
        login = LOGIN.match(step.typed)
        if login is not None:
            self._role = login[1]
        elif step.typed == SAMPLE:
            publish(self._system, published())
            wait_until_all_is_stored(self._system)
        elif "cat > klant.json" in step.typed:
            (self._system.home / "klant.json").write_text(step.shown)
        elif step.typed.startswith("klantcontact ") and not step.typed.startswith("klantcontact up "):
            wait_until_all_is_stored(self._system)
            self._run(step)
        else:
            assert step.typed.startswith(("export PATH=", "klantcontact up --folder day"))

    def _run(self, step: Step) -> None:
        words, _, output = step.typed.partition(" > ")
        arguments = [self._there(word) if FILE.fullmatch(word) else word for word in shlex.split(words)[1:]]
        login = logged_in(self._system.settings, self._system.logins[self._role])
        # `up` has channels; what concerns them is not shown here.
        variables = login.environment() | {CHANNELS_VARIABLE: str(NO_CHANNELS)}
        done = klantcontact(*arguments, variables=variables)
        said = done.stderr.decode()
        if output:
            Path(self._there(output)).write_bytes(done.stdout)
        else:
            said = done.stdout.decode() + said
        assert done.returncode == 0, f"{step.typed}\n{said}"
        assert is_as_shown(self._plain(said), step.shown), f"{step.typed}\n{said}"

    def _there(self, file: str) -> str:
        return str(self._system.home / file)

    def _plain(self, said: str) -> str:
        """Return what was said with the names that the page has, where those of a test differ."""
        settings = self._system.settings
        named = said.replace(settings.contact_topics[0].removesuffix("contact.ended"), "")
        return named.replace(settings.projector_group, "klantcontact-projector")


def test_the_session_goes_as_the_page_shows(system: System) -> None:
    terminal = Terminal(system)
    for step in steps(PAGE.read_text(encoding="utf-8")):
        terminal.type(step)

    klant = json.loads((system.home / "klant.json").read_text())["partijIdentificatoren"][0]["objectId"]
    assert klant in (system.home / "inzage.json").read_text()
    assert (system.home / "wissing.html").exists()
    assert klant not in json.dumps(documents(system), default=str)
