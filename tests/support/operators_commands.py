"""`klantcontact …` stopped in the middle, where a test wants."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psutil
from pymongo.database import Database

from services.operations.lock import COLLECTION, ONLY
from services.runtime.settings import Settings
from tests.support.commands import environment
from tests.support.waiting import wait_for

SECONDS = 120

STOP_AT = """
import importlib, os, signal, sys
from tests.support.impatient import be_impatient

calls = 0

def stop(*arguments, **options):
    global calls
    if calls == {calls}:
        be_impatient()
        print("stopped", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)
    calls += 1
    return original(*arguments, **options)

owner = importlib.import_module({module!r})
*path, name = {function!r}.split(".")
for each in path:
    owner = getattr(owner, each)
original = getattr(owner, name)
setattr(owner, name, stop)
from services.cli import main
sys.argv = ["klantcontact", *{arguments!r}]
main()
"""
"""A process that stops before a step, at which the test kills it or lets it go on. Until then it bears with a server
that is slow, and from then on it soon gives up one that is away.
"""


@contextmanager
def command_stopped_before(
    settings: Settings, arguments: Sequence[str], *, module: str, function: str, calls: int = 0
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a command, and yield it when it stands still before a step that it has taken so many times already.

    It is killed at the end of the block.
    """
    script = STOP_AT.format(module=module, function=function, calls=calls, arguments=list(arguments))
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env=environment(settings, arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"stopped\n", process.communicate(timeout=SECONDS)
            # The command reports its stop a moment before it stops.
            still = psutil.Process(process.pid)
            wait_for("it stands still", lambda: still.status() == psutil.STATUS_STOPPED)
            yield process
        finally:
            process.kill()


def go_on(process: "subprocess.Popen[bytes]") -> tuple[int, str]:
    """Resume a stopped process, and return its exit status and its messages on stderr."""
    process.send_signal(signal.SIGCONT)
    _, said = process.communicate(timeout=SECONDS)
    return process.returncode, said.decode()


def let_lease_lapse(there: Database[dict[str, Any]]) -> None:
    """Move the last renewal of the operators' lock into the past."""
    _date_renewal(there, seconds=-60)


def renew_lease(there: Database[dict[str, Any]]) -> None:
    """Date the last renewal at this moment, as its holder does that did not stand still."""
    _date_renewal(there, seconds=0)


def let_lease_last(there: Database[dict[str, Any]]) -> None:
    """Move the last renewal so far ahead that the lease lapses in no test, however slow the machine is."""
    _date_renewal(there, seconds=3_600)


def _date_renewal(there: Database[dict[str, Any]], *, seconds: int) -> None:
    there[COLLECTION].update_one(ONLY, [{"$set": {"seen": {"$add": ["$$NOW", seconds * 1_000]}}}])
