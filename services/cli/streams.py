"""What a shell can do to stdin, stdout and stderr: close them (`<&-`, `>&-`), or lead them to a disk that is full."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from services.cli.arguments import FAULTS_FOUND
from services.cli.screen import tell

NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT}


def open_what_is_closed() -> None:
    """Let what is closed be empty, or lead nowhere: the libraries expect all three, by number too."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - for as long as we run


@contextmanager
def written_out() -> Iterator[None]:
    """Write all that was said before the block ends. Where it does not fit, say so and end with 1."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError as error:
        if error.errno not in {*NO_ROOM, errno.EPIPE}:
            raise
        if error.errno in NO_ROOM:
            tell(f"{error.filename or 'The output'} is not complete: {error.strerror}.")
        # What is left is given up; at its end Python would try once more, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAULTS_FOUND)
