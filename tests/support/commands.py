"""`klantcontact …` as a process of its own, forked from one that has loaded all modules already.

Loading takes a command most of its time, and the tests run hundreds of commands.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from services.cli import main
from services.runtime.settings import PREFIX, Settings
from tests.support.impatient import be_impatient
from tests.support.logins import as_role

SECONDS: Final = 120

_FORKS: Final = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.support.preloaded"])

STREAMS: Final = ("stdin", "stdout", "stderr")


def klantcontact(
    *arguments: str,
    settings: Settings | None = None,
    variables: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    impatient: bool = False,
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end, with these settings and no others; `impatient`: see `tests/support/impatient.py`."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in STREAMS]
        for file, content in zip(files, (stdin, b"", b""), strict=True):
            file.write_bytes(content)
        process = _FORKS.Process(
            target=_become,
            args=(arguments, environment(settings, arguments) | dict(variables or {}), files),
            kwargs={"impatient": impatient},
        )
        process.start()
        process.join(SECONDS)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(arguments, SECONDS, files[1].read_bytes(), files[2].read_bytes())
        return subprocess.CompletedProcess(arguments, process.exitcode, files[1].read_bytes(), files[2].read_bytes())


def run_command(
    settings: Settings | None, *arguments: str, variables: Mapping[str, str] | None = None, impatient: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run a command without input to its end, and return what it wrote as text."""
    done = klantcontact(*arguments, settings=settings, variables=variables, impatient=impatient)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def environment(settings: Settings | None = None, arguments: Sequence[str] = ()) -> dict[str, str]:
    """Return the variables of a process with these settings and no others, and the login of the role of a command."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return plain | (as_role(settings, arguments).environment() if settings else {})


def _become(arguments: Sequence[str], variables: Mapping[str, str], files: Sequence[Path], *, impatient: bool) -> None:
    """Be the command, in the forked process."""
    if impatient:
        be_impatient()
    for stream, file in enumerate(files):
        opened = os.open(file, os.O_RDONLY if stream == 0 else os.O_WRONLY)
        os.dup2(opened, stream)
        os.close(opened)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - multiprocessing gives an empty one
    os.environ.clear()
    os.environ.update(variables)
    sys.argv[:] = ["klantcontact", *arguments]
    main()
