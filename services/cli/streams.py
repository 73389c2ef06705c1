"""What a shell can do to stdin, stdout and stderr: close them (`<&-`, `>&-`), or lead them to a disk that is full.

Also the exit statuses that a shell sees, and a line for a person.
"""

import errno
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import typer

FAULTS_FOUND: Final = 1
WRONG_USE: Final = 2

NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT}


def tell(line: str) -> None:
    """Write a line for a person to stderr, beside what a program may read."""
    typer.echo(line, err=True)


def are_text(arguments: Sequence[str]) -> bool:
    """Whether everything typed is UTF-8. Other bytes could be neither looked for nor shown."""
    try:
        "".join(arguments).encode()
    except UnicodeEncodeError:
        return False
    return True


def open_what_is_closed() -> None:
    """Open a closed stream on /dev/null: the libraries expect all three, by number too."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - for as long as we run


@contextmanager
def written_out() -> Iterator[None]:
    """Flush stdout before the block ends. Where it does not fit, say so and exit with 1."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError as error:
        if error.errno not in {*NO_ROOM, errno.EPIPE}:
            raise
        if error.errno in NO_ROOM:
            typer.echo(f"{error.filename or 'The output'} is not complete: {error.strerror}.", err=True)
        # The rest is given up: at exit Python would flush it again, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAULTS_FOUND)
