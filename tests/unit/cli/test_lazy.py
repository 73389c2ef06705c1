"""Commands load their modules when they run: help and completion load none."""

import subprocess
import sys
from collections.abc import Sequence

import pytest
import typer
from typer.core import TyperCommand, TyperGroup
from typer.testing import CliRunner

from services.cli import COMMANDS, app
from services.cli.lazy import LazyCommand, LeftOut, load

SECONDS = 60

LIGHT = {
    "services",
    "services.cli",
    "services.cli.lazy",
    "services.cli.streams",
    "services.runtime",
    "services.runtime.core_files",
    "services.runtime.errors",
}


def _group() -> TyperGroup:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def _loaded_by(*arguments: str) -> set[str]:
    """Return the modules that are loaded when `klantcontact …` has ended."""
    program = (
        "import sys, services.cli as cli\n"
        f"sys.argv[1:] = {list(arguments)}\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=SECONDS)
    return set(done.stdout.splitlines()[-1].split())


def test_help_loads_no_command_and_no_library_of_one() -> None:
    loaded = _loaded_by("--help")

    assert {name for name in loaded if name.startswith(("services", "schemas"))} == LIGHT
    assert not loaded & {"aiokafka", "pymongo", "faststream", "pydantic", "asyncio"}


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


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command.name))
def test_the_summary_of_a_command_equals_its_own_help(command: LazyCommand) -> None:
    itself = command.load()

    first = (itself.help or "").split("\n\n", maxsplit=1)[0]
    assert command.help == " ".join(first.split())
    assert isinstance(itself, TyperGroup) == (command.name in {"run", "topics", "dlq"})
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
