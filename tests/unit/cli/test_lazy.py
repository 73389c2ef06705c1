"""Commands load their modules when they run: help and completion load none."""

import gc
import subprocess
import sys
from collections.abc import Sequence

import pytest
import typer
from typer.core import TyperCommand, TyperGroup
from typer.testing import CliRunner

from services.cli import COMMANDS, app
from services.cli.lazy import LazyCommand, LeftOut, load
from tests.support.contacts import contact_ended, encoded

SECONDS = 60

OF_SERVICES = {
    "aiokafka",
    "faststream",
    "opentelemetry",
    "prometheus_client",
    "pymongo",
    "structlog",
    "uvloop",
}
"""What services are made of, and the commands that reach a server."""

LIGHT = {
    "services",
    "services.cli",
    "services.cli.lazy",
    "services.cli.streams",
    "services.runtime",
    "services.runtime.core_files",
    "services.runtime.errors",
    "services.runtime.garbage",
}


def _group() -> TyperGroup:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def _loaded_by(*arguments: str, stdin: bytes = b"") -> set[str]:
    """Return the modules that are loaded when `klantcontact …` has ended."""
    program = (
        "import sys, services.cli as cli\n"
        f"sys.argv[1:] = {list(arguments)}\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=stdin, capture_output=True, check=True, timeout=SECONDS
    )
    return set(done.stdout.decode().splitlines()[-1].split())


def test_help_loads_no_command_and_no_library_of_one() -> None:
    loaded = _loaded_by("--help")

    assert {name for name in loaded if name.startswith(("services", "schemas"))} == LIGHT
    assert not loaded & {*OF_SERVICES, "pydantic", "asyncio", "orjson"}


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["classify", "--help"], {"aiokafka", "pymongo", "services.cli.validate"}),
        (["sample", "1"], {"aiokafka", "services.local.servers"}),
        (["topics", "create", "--help"], {"pymongo"}),
        (["stats", "--help"], {"aiokafka"}),
        *[([name, "--help"], {"faststream"}) for name in ("dlq", "doctor", "explain", "publish", "rebuild", "replay")],
        (["run", "classifier"], {"services.projector.main"}),
    ],
)
def test_a_command_loads_what_it_uses_and_not_what_others_use(arguments: Sequence[str], absent: set[str]) -> None:
    assert not _loaded_by(*arguments) & absent


@pytest.mark.parametrize("name", ["classify", "validate"])
def test_a_publishers_command_loads_no_client_of_a_server_and_draws_nothing_without_a_terminal(name: str) -> None:
    event = encoded(contact_ended("c-1"))

    assert not _loaded_by(name, "-", stdin=event) & {*OF_SERVICES, "rich"}


def test_models_of_events_that_a_command_does_not_read_are_not_built() -> None:
    program = (
        "import sys\n"
        "from services.cli import main\n"
        "from schemas.contact_ended_v1 import ContactEndedEvent\n"
        "from schemas.klantcontact_registered_v1 import KlantcontactRegistered\n"
        "sys.argv[1:] = ['classify', '-']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(ContactEndedEvent.__pydantic_complete__, KlantcontactRegistered.__pydantic_complete__)"
    )
    event = encoded(contact_ended("c-1"))
    done = subprocess.run(
        [sys.executable, "-c", program], input=event, capture_output=True, check=True, timeout=SECONDS
    )

    assert done.stdout.splitlines()[-1] == b"True False"


def test_the_garbage_collector_searches_again_after_a_module_that_can_not_be_loaded() -> None:
    with pytest.raises(ModuleNotFoundError):
        load("services.cli.no_such_command", "app")
    assert gc.isenabled()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command.name))
def test_the_summary_of_a_command_equals_its_own_help(command: LazyCommand) -> None:
    itself = command.load()

    first = (itself.help or "").split("\n\n", maxsplit=1)[0]
    assert command.help == " ".join(first.split())
    assert isinstance(itself, TyperGroup) == (command.name in {"run", "topics", "dlq", "audit", "bridge"})
    # The program as a whole has this option; a command of its own does not.
    assert "install_completion" not in {each.name for each in itself.params}


def test_the_shell_completes_commands_and_their_options() -> None:
    group = _group()
    ctx = group.make_context("klantcontact", ["doctor"], resilient_parsing=True)
    names = [each.value for each in group.shell_complete(ctx, "d")]

    [doctor] = [each for each in COMMANDS if each.name == "doctor"]
    inside = doctor.make_context("doctor", [], parent=ctx, resilient_parsing=True)
    options = [each.value for each in inside.command.shell_complete(inside, "--j")]

    assert names == ["doctor", "dlq", "demo"]
    assert options == ["--json"]


def test_a_mistyped_name_is_answered_with_a_similar_one() -> None:
    ran = CliRunner().invoke(app, ["clasify"])

    assert ran.exit_code == 2
    assert "Did you mean 'classify'?" in ran.output


@pytest.mark.parametrize("missing", ["services.local.servers", "services.local.servers.stack", "confluent_kafka"])
def test_a_command_whose_servers_are_left_out_says_where_it_runs(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_: str) -> None:
        raise ModuleNotFoundError(name=missing)

    monkeypatch.setattr("services.cli.lazy.import_module", absent)

    with pytest.raises(LeftOut, match=r"from a checkout of the project: `make setup`"):
        load("services.cli.demo", "app")


def test_another_missing_module_raises_its_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_: str) -> None:
        raise ModuleNotFoundError(name="aiokafka")

    monkeypatch.setattr("services.cli.lazy.import_module", absent)

    with pytest.raises(ModuleNotFoundError):
        load("services.cli.doctor", "app")


def test_a_command_is_made_of_its_module_each_time() -> None:
    assert all(isinstance(each.load(), TyperCommand | TyperGroup) for each in COMMANDS)
