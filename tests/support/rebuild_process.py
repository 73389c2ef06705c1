"""`klantcontact rebuild` as the process that an operator starts, killed in it where a test wants."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
from pymongo.database import Database

from services.projector.mongo.swap import COLLECTION, ONLY
from services.runtime.settings import Settings
from tests.support.waiting import wait_for

SECONDS = 120

STOP_AT = """
import os, signal, sys
import {module} as module
import services.operations.rebuild.collections

services.operations.rebuild.collections.PATIENCE_SECONDS = 1.0

calls = 0

def stop(*arguments, **options):
    global calls
    if calls == {calls}:
        print("stopped", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)
    calls += 1
    return original(*arguments, **options)

original = module.{function}
module.{function} = stop
from services.cli import main
sys.argv = ["klantcontact", "rebuild", *sys.argv[1:]]
main()
"""
"""A process that stops before a step, at which the test kills it or lets it go on."""


def environment(settings: Settings) -> dict[str, str]:
    """Give the variables of a process with these settings."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("KLANTCONTACT_")}
    return plain | settings.environment()


def run_rebuild(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        [sys.executable, "-m", "services.cli", "rebuild", *arguments],
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


def report_of(run: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Give what a run with --json printed."""
    report: dict[str, Any] = json.loads(run.stdout)
    return report


@contextmanager
def stopped_before(
    settings: Settings, function: str, *, module: str, calls: int = 0
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a rebuild, and give it when it stands still before a step that it has taken so many times already.

    It is killed at the end of the block.
    """
    script = STOP_AT.format(module=f"services.operations.rebuild.{module}", function=function, calls=calls)
    with subprocess.Popen(
        [sys.executable, "-c", script], env=environment(settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"stopped\n", process.communicate(timeout=SECONDS)
            # It says so a moment before it does.
            still = psutil.Process(process.pid)
            wait_for("it stands still", lambda: still.status() == psutil.STATUS_STOPPED)
            yield process
        finally:
            process.kill()


def go_on(process: "subprocess.Popen[bytes]") -> tuple[int, str]:
    """Let a process that stands still go on to its end, and give its exit status and what it says to a person."""
    process.send_signal(signal.SIGCONT)
    _, said = process.communicate(timeout=SECONDS)
    return process.returncode, said.decode()


def let_silence_pass(there: Database[dict[str, Any]]) -> None:
    """Make the last sign of life of a rebuild an old one."""
    there[COLLECTION].update_one(ONLY, [{"$set": {"seen": {"$subtract": ["$seen", 60_000]}}}])
