"""Commands that are loaded when they are run: of the others `--help` needs only the name and one paragraph.

Their modules import what they use at their top, as every other module does.
"""

from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from services.runtime.errors import KlantcontactError
from services.runtime.garbage import unsearched

NOT_IN_THE_IMAGE: Final = ("services.local.servers", "confluent_kafka")
"""What the image leaves out: the servers that run on a developer's machine, and the library that they need."""


class LeftOut(KlantcontactError):
    """The image has no servers for this machine."""


WHERE_IT_RUNS: Final = (
    "The servers that this command starts are not part of this installation: the image leaves them out. It runs from a "
    "checkout of the project: `make setup` there, then `.venv/bin/klantcontact demo` or `.venv/bin/klantcontact up`."
)


class LazyCommand(TyperCommand):
    """Stands for a command, or a group of commands, until it is run or its own `--help` is asked.

    `module` has a `typer.Typer` named `app`. `help` is the first paragraph of that command's own help.
    """

    def __init__(self, name: str, module: str, *, panel: str, help: str) -> None:  # noqa: A002 - click's name for it
        super().__init__(name, help=help, rich_help_panel=panel)
        self._module = module

    def load(self) -> TyperCommand | TyperGroup:
        """Return the command itself. Raises LeftOut where the image leaves out what it needs."""
        command = typer.main.get_command(load(self._module, "app"))
        assert isinstance(command, TyperCommand | TyperGroup), "what Typer makes"
        return command

    def make_context(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - handed on as click gives them
        """Return the context of the command itself: click goes on with that."""
        with unsearched():  # Typer loads pydantic with the first parameter
            return self.load().make_context(*arguments, **options)


def load(module: str, name: str) -> Any:  # noqa: ANN401 - known to the caller
    """Return what a module calls `name`. Raises LeftOut where the image leaves out what the module needs."""
    try:
        with unsearched():
            return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith(NOT_IN_THE_IMAGE):
            raise
        raise LeftOut(WHERE_IT_RUNS) from error
