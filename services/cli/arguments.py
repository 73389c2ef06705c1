"""What commands share of what is typed: the settings, a file of events, and the usual options.

What a shell can do to stdin, stdout and stderr: close them (`<&-`, `>&-`), or lead them to a disk that is full.
"""

import errno
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final

import typer

from services.cli.screen import tell

if TYPE_CHECKING:
    from services.domain.policy import Beleid
    from services.runtime.settings import Settings

FAULTS_FOUND: Final = 1
WRONG_USE: Final = 2

BRACKETS: Final = {b"{": ".", b"[": "'.[]'", b"[{": "'.[]'"}
"""How JSON over several lines begins, and what jq calls the events in it."""

EventsFile = Annotated[Path, typer.Argument(metavar="FILE|-", help="CloudEvents, one JSON object a line; - is stdin.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, for a program to read.")]
AsJsonLines = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout, for a program to read.")]
PolicyFile = Annotated[Path | None, typer.Option("--policy", help="TOML file; else KLANTCONTACT_BELEID_FILE.")]


def are_text(arguments: Sequence[str]) -> bool:
    """Tell whether all that was typed is UTF-8. What is not could neither be looked for nor shown."""
    try:
        "".join(arguments).encode()
    except UnicodeEncodeError:
        return False
    return True


def settings() -> "Settings":
    """Read the settings from the environment."""
    from services.runtime.settings import load_settings

    return load_settings()


def beleid(policy: Path | None) -> "Beleid":
    """Read the policy that `--policy` names, else that of the settings."""
    from services.classifier.policy_file import load_policy_file
    from services.domain.policy import Beleid

    if policy is not None:
        return load_policy_file(policy, Beleid, given_as="--policy")
    return load_policy_file(settings().beleid_file, Beleid)


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """Open a file for its lines, or stdin for `-`. Refuses JSON that goes on over several lines."""
    if file == Path("-"):
        if sys.stdin.isatty():
            tell("Type or paste events, one a line; Ctrl-D ends.")
        assert isinstance(sys.stdin.buffer, BufferedReader), "what Python reads stdin with"
        _refuse_spread(sys.stdin.buffer)
        yield sys.stdin.buffer
        return
    try:
        lines = file.open("rb")
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from error
    with lines:
        _refuse_spread(lines)
        yield lines


def _refuse_spread(lines: BufferedReader) -> None:
    """Look at the first line without reading it: a bracket alone begins JSON that is laid out for the eye."""
    line, end, _ = lines.peek().lstrip().partition(b"\n")
    if end and line.strip() in BRACKETS:
        raise typer.BadParameter(
            "The JSON in it goes on over several lines, and one event a line is read. "
            f"`jq -c {BRACKETS[line.strip()]} FILE` writes it so."
        )


def count_lines(lines: BinaryIO) -> int | None:
    """Count the lines that say something from here on, and go back; None for what can be read only once, as a pipe."""
    if not lines.seekable():
        return None
    here = lines.tell()
    number = sum(1 for line in lines if line.strip())
    lines.seek(here)
    return number


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
