"""`klantcontact rebuild` as the process that an operator starts, stopped in it where a test wants."""

import json
import subprocess
from contextlib import AbstractContextManager
from typing import Any

from services.runtime.settings import Settings
from tests.support.commands import run_command
from tests.support.operators_commands import command_stopped_before


def run_rebuild(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a rebuild to its end."""
    return run_command(settings, "rebuild", *arguments)


def report_of(run: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return the report that a run with --json printed."""
    report: dict[str, Any] = json.loads(run.stdout)
    return report


def stopped_before(
    settings: Settings, function: str, *, module: str, calls: int = 0
) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    """Start a rebuild that stands still before a step; see `command_stopped_before`."""
    path = f"services.operations.rebuild.{module}"
    return command_stopped_before(settings, ["rebuild"], module=path, function=function, calls=calls)
